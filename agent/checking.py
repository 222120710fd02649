"""What the commands of active checks are put together from: who makes vectors, who searches, and the store that is open for a moment."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from agent import reached
from agent.config.probing_settings import Embedder as EmbedderSettings
from agent.config.probing_settings import EndpointSettings
from agent.config.settings import TWINS, Settings
from agent.errors import Misconfigured, Mistake
from agent.language.codes import canonical
from agent.parts import plain
from agent.probing.asking import Asker, Service, bearer
from agent.probing.embedding.cache import FileCache
from agent.probing.embedding.kinds import EMBEDDERS
from agent.probing.embedding.sentence_transformers import state_of
from agent.probing.embedding.sparing import Sparing
from agent.probing.golden.search import HttpRetriever, marked
from agent.report.shared import RemoteJournal
from agent.store.base import Entry


def embedder(settings: EmbedderSettings, cache: Path | None = None) -> Sparing:
    """Who makes vectors, and keeps them in the file `cache`; raises Misconfigured."""
    keys = {key: plain(value) for key, value in settings if key not in {"type", *TWINS}}
    around = {key: keys.pop(key) for key in ("query_prefix", "document_prefix", "batch")}
    return Sparing(
        EMBEDDERS[settings.type](**keys),
        FileCache(cache) if cache else None,
        batch=around["batch"],
        prefixes={"query": around["query_prefix"], "document": around["document_prefix"]},
        identity=_identity(settings),
        by_role="{role}" in json.dumps(keys.get("body")),
    )


def _identity(settings: EmbedderSettings) -> str:
    """What decides the vectors of a text: where it is asked and how, or the files that are loaded."""
    said = settings.model_dump(mode="json", include={"type", "url", "model", "body", "vectors"})
    files = state_of(settings.model) if settings.type == "sentence_transformers" else ""
    return json.dumps([said, files], sort_keys=True)


def retriever(endpoint: EndpointSettings, run: str) -> HttpRetriever:
    """The search of a service; every request says which run it belongs to. Raises Misconfigured."""
    headers = {name: value.get_secret_value() for name, value in endpoint.headers.items()}
    headers |= bearer(endpoint.token.get_secret_value() if endpoint.token else None)
    service = Service(
        to=f"the search at {urlsplit(endpoint.url).netloc}",
        url=endpoint.url,
        method=endpoint.method,
        body=endpoint.body,
        headers=marked(headers, run),
        ca_file=endpoint.ca_file,
        timeout=endpoint.timeout.total_seconds(),
    )
    return HttpRetriever(Asker(service), endpoint.results)


def keep(settings: Settings, store: Path | None, rows: Sequence[Entry]) -> None:
    """The store is open only for a moment: a check takes minutes, and others want to read, or an agent to start."""
    with reached.journal(settings, store, make=True) as journal:
        journal.write(rows)


def settle(settings: Settings, store: Path | None, seconds: float) -> float:
    """How long to wait before the first query: not at all where the store is embedded and nobody holds it."""
    if settings.store.clickhouse and not store:
        return seconds
    with reached.journal(settings, store, make=True) as journal:
        return seconds if isinstance(journal, RemoteJournal) else 0.0


def tags(given: Sequence[str], option: str) -> tuple[str, ...]:
    """The languages that are named, each once; raises Misconfigured for what is none."""
    known = {tag: canonical(tag) for tag in given}
    if wrong := [tag for tag, found in known.items() if found is None]:
        raise Misconfigured([Mistake(option, "", f"expected known language tags, found {', '.join(map(repr, wrong))}")])
    return tuple(dict.fromkeys(tag for tag in known.values() if tag))
