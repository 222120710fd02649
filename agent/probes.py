"""The composition root of `probe run` and `list`: a model, lists of concepts, the search of a service, and the store between them."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from agent import checking, logs, progress, reached
from agent.alerting.summary import many
from agent.config.probing_settings import EndpointSettings, ProbeSettings
from agent.config.settings import Settings
from agent.errors import Misconfigured, Mistake, NotFound
from agent.opening import CLOCK
from agent.probing.base import Hit, Question
from agent.probing.embedding.sentence_transformers import called
from agent.probing.embedding.sparing import Calls
from agent.probing.golden.dataset import Query
from agent.probing.golden.opening import opening
from agent.probing.golden.run import SETTLE
from agent.probing.golden.sending import Pace
from agent.probing.kept import ProbeRun, entry_of, probe_runs, whole_milliseconds
from agent.probing.separation import own, result
from agent.probing.separation.concepts import Concepts, bundled, joined
from agent.probing.separation.floor import LANGUAGE, UNRELATED, corpus_of, lines_of
from agent.probing.separation.names import names
from agent.probing.separation.probe import Plan, Search, probe

DEPTH: Final = 10
"""Results of a search among which the best score is looked for: where a service ranks again, it is not always the first."""

Tell = Callable[[str], object]


class Asked(NamedTuple):
    """What was said on the command line: the name of settings under probes, or a model of sentence-transformers.

    The rest wins over what the settings say. `only_there`: a language that no list has is left out. `settle`: seconds that an
    agent beside us has to learn of queries that are nobody's.
    """

    probe: str | None = None
    model: str | None = None
    pairs: Path | None = None
    languages: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    unrelated: Path | None = None
    corpus: Path | None = None
    store: Path | None = None
    only_there: bool = False
    settle: float = SETTLE


def run(settings: Settings, asked: Asked, tell: Tell) -> ProbeRun | None:
    """Probe a model and keep what came out; `tell` hears what will be asked for. Its `result` is what `probe run --json` prints.

    None where `only_there` leaves no language.
    """
    logs.configure(logging.WARNING)
    given = _given(settings, asked)
    plan = _plan(given, asked)
    if not plan.languages:
        tell(f"No list has concepts in {', '.join(asked.languages)}.")
        return None
    with closing(checking.embedder(given.embedder, given.cache)) as embedder:
        tell(_announced(plan, embedder.calls(*plan.texts().values()), given))
        with _search(settings, asked, given, plan) as search, progress.counting("embedding") as shown:
            probed = probe(embedder, plan, search, shown)
        named = given.embedding_model or embedder.model
    at = whole_milliseconds(CLOCK.now())
    ended = ProbeRun(secrets.token_hex(8), given.name, at, named, result.document(probed, named))
    checking.keep(settings, asked.store, [entry_of(ended)])
    return ended


def runs(settings: Settings, store: Path | None) -> list[ProbeRun]:
    """The probes that are kept, oldest first."""
    with reached.journal(settings, store) as journal:
        return probe_runs(journal)


def _given(settings: Settings, asked: Asked) -> ProbeSettings:
    """The named settings, the only ones, or those of a model of sentence-transformers."""
    if asked.model and asked.probe:
        raise Misconfigured([Mistake("--model", "", "expected without --probe: one of them says what makes the vectors")])
    if asked.model:
        embedder = {"type": "sentence_transformers", "model": asked.model}
        return ProbeSettings.model_validate({"name": asked.model, "embedder": embedder})
    found = [one for one in settings.probes if asked.probe in {None, one.name}]
    if len(found) == 1:
        return found[0]
    there = ", ".join(one.name for one in settings.probes) or "none"
    expected = f"expected the name of settings under probes (there: {there})"
    if asked.probe:
        raise NotFound([Mistake("--probe", "", f"{expected}, found {asked.probe!r}")])
    raise Misconfigured([Mistake("--probe", "", f"{expected}, or --model with a folder or name for sentence-transformers")])


def _plan(given: ProbeSettings, asked: Asked) -> Plan:
    pairs = asked.pairs or given.pairs
    phrases = Concepts("phrases", joined(bundled(), own.load(pairs) if pairs else ()))
    languages = checking.tags(asked.languages, "--languages") or given.languages or phrases.languages
    documents = checking.tags(asked.documents, "--documents") or given.documents
    listed = names(sorted({*languages, *documents}))
    known = {*phrases.languages, *listed.languages}
    if asked.only_there:
        languages = tuple(tag for tag in languages if tag in known)
    if strange := sorted({*languages, *documents} - known):
        expected = f"expected languages that a list has, found {', '.join(strange)}: give concepts in them with --pairs"
        raise Misconfigured([Mistake("languages", "", expected)])
    unrelated = lines_of(asked.unrelated or UNRELATED)
    corpus = corpus_of(asked.corpus) if asked.corpus else ()
    return Plan((phrases, listed), languages, documents, unrelated, documents[0] if asked.unrelated else LANGUAGE, corpus)


def _announced(plan: Plan, calls: Calls, given: ProbeSettings) -> str:
    counts = f"{many(calls.texts, 'text')} to embed in {many(calls.requests, 'call')} of {called(given.embedder.model)}"
    texts = f"{many(len(plan.languages), 'language')}: {counts}"
    if given.endpoint is None:
        return f"{texts}."
    host, rate = urlsplit(given.endpoint.url).netloc, given.endpoint.rate
    return f"{texts}, {len(plan.unrelated)} searches at {host}, at most {rate:g} a second."


@contextmanager
def _search(settings: Settings, asked: Asked, given: ProbeSettings, plan: Plan) -> Iterator[Search | None]:
    """The search of the service, where one is named; what it is asked never counts as a user's."""
    if given.endpoint is None:
        yield None
        return
    run, rate = secrets.token_hex(8), given.endpoint.rate
    settle = checking.settle(settings, asked.store, asked.settle)
    queries = [Query("", plan.unrelated_language, text, {}, "") for text in plan.unrelated]
    lasts = timedelta(seconds=settle + len(queries) / rate)
    opened = opening(run, given.name, queries, (CLOCK.now(), lasts), lambda rows: checking.keep(settings, asked.store, rows))
    opened.begin()
    try:
        CLOCK.sleep(settle)
        yield from _searching(given.endpoint, run, plan.unrelated_language)
    finally:
        opened.end(CLOCK.now())


def _searching(endpoint: EndpointSettings, run: str, language: str) -> Iterator[Search]:
    pace = Pace(CLOCK, endpoint.rate)
    with closing(checking.retriever(endpoint, run)) as retriever:

        def search(text: str) -> list[Hit]:
            pace.wait()
            return retriever.search(Question(text, language, min(DEPTH, endpoint.depth)))

        yield search
