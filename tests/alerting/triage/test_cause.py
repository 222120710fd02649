"""Which cause: one example for each reason, and the order among them."""

from typing import get_args

import pytest
from msgspec.structs import replace

from agent.alerting.incident import Cause, Evidence, Incident
from agent.alerting.triage.advice import ADVICE, SCORES_ALONE, advice, advised, version_words
from agent.alerting.triage.cause import DECIDERS, Facts, Moved, Ratio, Reason, Side, cause_of
from tests.notify.examples import incident

EXAMPLES: dict[Reason, tuple[Cause, Facts]] = {
    Reason.ALL_LANGUAGES_FELL: ("fleet", Facts(all_languages=True)),
    Reason.ERRORS_ROSE: ("ingest", Facts(errors=Moved(Ratio(60, 500), Ratio(10, 1000)))),
    Reason.FIELD_VANISHED: ("ingest", Facts(unscored=Moved(Ratio(300, 500), Ratio(0, 1000)))),
    Reason.EVERYTHING_HALVED: ("ingest", Facts(everything=0.4)),
    Reason.FLOODED: ("tagging", Facts(traffic=3.0)),
    Reason.MOVED_IN: ("tagging", Facts(moved_in=0.35, moved_from="undetermined")),
    Reason.BEGAN_WITH_DEPLOYMENT: ("deployment", Facts(deployed="index version v42")),
    Reason.ON_NEW_VERSION_ONLY: ("deployment", Facts(new_version="v42", new_version_share=0.9)),
    Reason.SAME_LANGUAGE_HOLDS: (
        "cross_lingual",
        Facts(same_language=Side(0.0, 0.01, 400, 4000), other_languages=Side(0.2, 0.03, 300, 3000)),
    ),
    Reason.TRANSLATION_FELL: ("translation", Facts(translation=Moved(Ratio(240, 400), Ratio(3400, 4000)), translated=0.8)),
    Reason.FALLBACK_ROSE: ("fallback", Facts(fallback=Moved(Ratio(160, 400), Ratio(80, 4000)))),
    Reason.LOW_FROM_THE_START: ("low_resource", Facts(level=True)),
    Reason.NOTHING_RECOGNISED: ("unknown", Facts()),
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_names_its_cause(reason: Reason) -> None:
    """Each fact on its own is recognised, and every reason has an example."""
    cause, facts = EXAMPLES[reason]
    found = cause_of(facts)
    assert (found.reason, found.cause) == (reason, cause)
    assert "\n" not in found.sentence


def test_the_first_that_answers_names_the_cause() -> None:
    """All facts at once: the deciders are asked in their order, each hides those after it."""
    given = Facts()
    expected: list[Cause] = []
    for reason in reversed(Reason):
        cause, facts = EXAMPLES[reason]
        changed = {name: getattr(facts, name) for name in Facts.__struct_fields__ if getattr(facts, name) != getattr(Facts(), name)}
        given = replace(given, **changed)
        expected.append(cause)
        assert cause_of(given).cause == cause
    assert [decide.__name__ for decide in DECIDERS] == [cause for cause in dict.fromkeys(reversed(expected)) if cause != "unknown"]


NEARLY = {
    "4 points more errors": Facts(errors=Moved(Ratio(25, 500), Ratio(10, 1000))),
    "errors of few searches": Facts(errors=Moved(Ratio(20, 49), Ratio(10, 1000))),
    "a rise within chance": Facts(fallback=Moved(Ratio(8, 60), Ratio(4, 60))),
    "twice the traffic": Facts(traffic=2.9),
    "some moved in": Facts(moved_in=0.29),
    "a new version that bears half": Facts(new_version="v42", new_version_share=0.5),
    "the same language fell too": Facts(same_language=Side(0.1, 0.01, 400, 4000), other_languages=Side(0.2, 0.03, 300, 3000)),
    "both may have fallen alike": Facts(same_language=Side(0.0, 0.05, 400, 4000), other_languages=Side(0.15, 0.03, 300, 3000)),
    "few queries for other documents": Facts(same_language=Side(0.0, 0.01, 400, 4000), other_languages=Side(0.2, 0.03, 30, 3000)),
    "few queries are translated": Facts(translation=Moved(Ratio(240, 400), Ratio(3400, 4000)), translated=0.05),
    "translations got better": Facts(translation=Moved(Ratio(380, 400), Ratio(3000, 4000)), translated=0.8),
    "less fallback": Facts(fallback=Moved(Ratio(0, 400), Ratio(2000, 4000))),
}


@pytest.mark.parametrize("facts", NEARLY.values(), ids=NEARLY)
def test_what_is_nearly_a_cause_is_none(facts: Facts) -> None:
    """Just below each limit nothing is named: a wrong cause costs more than none."""
    assert cause_of(facts).reason is Reason.NOTHING_RECOGNISED


def test_every_cause_has_one_sentence_of_advice() -> None:
    """Nobody is told that something broke without what to do, and no placeholder is left."""
    assert ADVICE.keys() == set(get_args(Cause))
    for cause in get_args(Cause):
        assert "{" not in advice(cause) + advice(cause, "index version v42")
        assert advice(cause).endswith(".")


def test_advice_names_the_version_to_roll_back() -> None:
    """For all languages first of all; none is invented."""
    assert advice("deployment", "index version v42") == "Compare index version v42 with the one before it, or roll it back."
    assert advice("deployment").startswith("Compare the last deployment ")
    assert advice("fleet", "index version v42").startswith("Roll back index version v42 first. Look at ")
    assert advice("fleet").startswith("Look at ")


ROLLS_BACK = incident(advice=advice("deployment", "index version v42"))
REFUTED = replace(ROLLS_BACK, confirmed="no", evidence=(*ROLLS_BACK.evidence, Evidence("golden:support", "recall@10", 0.002)))


@pytest.mark.parametrize("given", [REFUTED, replace(REFUTED, advice="")])
def test_a_fall_of_scores_alone_is_no_reason_to_roll_back(given: Incident) -> None:
    """Where a golden set has not confirmed it the scores are what to look at, and nothing else of the incident changes."""
    told = advised(given)
    assert told.advice == SCORES_ALONE["change"]
    assert replace(told, advice=given.advice) == given
    assert advised(replace(given, class_="level")).advice == SCORES_ALONE["level"]


@pytest.mark.parametrize("given", [ROLLS_BACK, replace(REFUTED, confirmed="yes"), replace(ROLLS_BACK, confirmed="no")])
def test_else_what_was_found_out_is_advised(given: Incident) -> None:
    """Nobody has weighed it, or it was confirmed after all, or labels of the traffic have ended it."""
    assert advised(given) is given


def test_a_version_in_words_is_the_index_version_else_the_model() -> None:
    """One line, whatever the log says; nothing where neither is known."""
    words = [version_words(incident(index_version=index, embedding_model="m2")) for index in ("v42", None, "v\n42")]
    assert words == ["index version v42", "embedding model m2", "index version v42"]
    assert version_words(incident(index_version=None, embedding_model=None)) == ""


@pytest.mark.parametrize(
    ("engine", "share", "words"),
    [
        ("", 0.0, "fell from 0.85 to 0.60."),
        ("nmt-3", 0.82, "fell from 0.85 to 0.60; engine nmt-3 bears 82 % of that."),
        ("nmt-3", 1.0, "fell from 0.85 to 0.60; engine nmt-3 bears all of that."),
        ("n\nmt", 1.4, "fell from 0.85 to 0.60; engine nmt bears all of that."),
    ],
    ids=["none", "most", "all", "more than all"],
)
def test_the_engine_that_bears_the_fall_of_translations_is_named(engine: str, share: float, words: str) -> None:
    """Where one does; others that improved meanwhile change nothing, and its name breaks no line."""
    _, facts = EXAMPLES[Reason.TRANSLATION_FELL]
    found = cause_of(replace(facts, engine=engine, engine_share=share))
    assert found.sentence == f"The mean quality of translated queries {words}"
