"""The tables on a terminal: whole at eighty columns, one line a row, nothing invented."""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from rich.console import Console, RenderableType

from agent.records import TagReason
from agent.report import terminal
from agent.report.terminal import Row
from tests.notify.examples import incident, resolved


def row(language: str, **others: Any) -> dict[str, Any]:
    """A row as `languages --json` has it."""
    figures = {"queries": 2380, "hit_rate": None, "hit_threshold": None, "zero_result_rate": 0.0123, "similarity_mean": 0.2994}
    ranked = {"k": 10, "recall_at_k": 0.6781, "mrr_at_k": 0.4479, "ndcg_at_k": 0.5032, "latency_p95_ms": None, "state": "ok"}
    translated = {"translation": None, "translation_low": 0.7}
    return {"language": language, **figures, **ranked, **translated, **others}


def lines(shown: RenderableType, width: int = 80, *, colours: bool = False) -> list[str]:
    """What a console of that width prints."""
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=colours, color_system="truecolor" if colours else None).print(shown)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def cells(shown: RenderableType, language: str) -> list[str]:
    """The words of one language's line."""
    [found] = [line for line in lines(shown) if line.startswith(language)]
    return found.split()


VERSIONS = [
    row("es", embedding_model="all-MiniLM-L6-v2", index_version="paragraphs-v1"),
    row("zh-Hant", embedding_model="all-MiniLM-L6-v2", index_version="paragraphs-v2", state="pending"),
    row("en", embedding_model="all-MiniLM-L6-v2", index_version="paragraphs-v2", recall_at_k=1.0, state="firing"),
]
MODELS = ("intfloat/multilingual-e5-small", "intfloat/multilingual-e5-large", "all-MiniLM-L6-v2")
TRANSLATED = {
    "translation": [
        {"engine": "nmt-3", "n": 300, "mean": 0.81, "low_share": 0.1},
        {"engine": "", "n": 100, "mean": 0.6, "low_share": 0.5},
        {"engine": None, "n": 900, "mean": 0.8, "low_share": None},
    ]
}
EVERYTHING = {"hit_rate": 0.1234, "hit_threshold": 0.35, "latency_p95_ms": 12_345.6}
FIGURES = re.compile(r" [0-9,]{5,} +(67\.8|100\.0) % .*0\.448 .*0\.503 .*0\.299 .*1\.2 %( +20\.0 %)?( +12,346)? +(?P<state>\w+)$")
TABLES: dict[str, tuple[Callable[[Sequence[Row]], RenderableType], list[dict[str, Any]]]] = {
    "every measure": (terminal.languages, [row("es", **EVERYTHING), row("pt", **EVERYTHING, queries=123_456)]),
    "versions of one model": (terminal.languages, VERSIONS),
    "translations": (terminal.languages, [row("es", **TRANSLATED), row("pt", **TRANSLATED)]),
    "versions with translations": (terminal.languages, [each | TRANSLATED for each in VERSIONS]),
    "services": (terminal.languages, [row("es", service="help-centre"), row("es", service="shop")]),
    "versions with all measures": (terminal.languages, [each | EVERYTHING for each in VERSIONS]),
    "several models": (
        terminal.languages,
        [each | EVERYTHING | {"embedding_model": name} for each, name in zip(VERSIONS, MODELS, strict=True)],
    ),
    "pairs": (terminal.pairs, [row("es", document_language="en"), row("vi", document_language="und")]),
    "pairs by collection": (terminal.pairs, [row("es", document_language="en", collection="kb-en")]),
}


@pytest.mark.parametrize(("draw", "rows"), TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("width", [80, 132])
def test_no_figure_is_cut_or_broken(
    draw: Callable[[Sequence[Row]], RenderableType], rows: list[dict[str, Any]], width: int
) -> None:
    """Each row has one line with all its figures whole, from eighty columns on; where there is no room names are folded."""
    shown = lines(draw(rows), width)
    assert max(map(len, shown)) <= width
    assert not [line for line in shown if "…" in line]
    found = [FIGURES.search(line) for line in shown if "%" in line]
    assert [figures["state"] for figures in found if figures] == [row["state"] for row in rows]


@pytest.mark.parametrize("name", ["versions of one model", "services", "pairs"])
def test_names_are_whole_where_there_is_room(name: str) -> None:
    """A version broken in two cannot be read, and need not be with the usual measures."""
    draw, rows = TABLES[name]
    shown = "\n".join(lines(draw(rows)))
    for value in {row.get(key, "") for row in rows for key in ("index_version", "service")}:
        assert value in shown


def test_a_line_says_all_of_a_language() -> None:
    """Shares in percent, means with three digits, the state last."""
    shown = terminal.languages([row("es", **EVERYTHING, state="firing")])
    figures = ["2,380", "67.8", "%", "0.448", "0.503", "12.3", "%", "0.299", "1.2", "%", "12,346", "firing"]
    assert cells(shown, "Spanish") == ["Spanish", *figures]


def test_what_is_not_known_is_a_dash_and_what_nobody_has_is_no_column() -> None:
    """Null is never shown as nought."""
    shown = terminal.languages(
        [row("es", recall_at_k=None, mrr_at_k=None, ndcg_at_k=None), row("de", mrr_at_k=None, ndcg_at_k=None)]
    )
    assert cells(shown, "Spanish")[2] == "–"
    heading = " ".join(lines(shown)[:2])
    assert "recall" in heading
    assert "MRR" not in heading
    assert "p95" not in heading
    assert "best score" not in heading


def test_the_threshold_stands_in_the_heading_where_there_is_one() -> None:
    """The hit rate is a proxy, and is shown as what it is."""
    assert "≥ 0.35" in lines(terminal.languages([row("es", **EVERYTHING)]))[2]
    several = [row("es", **EVERYTHING), row("de", hit_rate=0.5, hit_threshold=0.3)]
    assert "≥ t" in lines(terminal.languages(several))[2]


def test_where_no_threshold_is_known_yet_the_table_says_why() -> None:
    """There are scores and no hits; not where there are hits, a threshold, or no scores at all."""
    assert "1,000 best scores" in " ".join(lines(terminal.languages([row("es")])))
    assert "1,000 best scores" in " ".join(lines(terminal.pairs([row("es", document_language="en")])))
    for known in ({"hit_rate": 0.5}, {"hit_threshold": 0.3}, {"similarity_mean": None}):
        assert "1,000 best scores" not in " ".join(lines(terminal.languages([row("es", **known)])))


def test_poor_translations_have_a_column_where_there_are_translations() -> None:
    """The share of low confidence of all engines together, under its limit; a dash where a language has none, or none is known."""
    shown = terminal.languages(
        [row("es", **TRANSLATED), row("de"), row("pt", translation=[{"engine": None, "n": 9, "mean": 0.8, "low_share": None}])]
    )
    assert "< 0.7" in lines(shown)[2]
    assert [cells(shown, name)[-3:-1] for name in ("Spanish", "German", "Portuguese")] == [["20.0", "%"], ["%", "–"], ["%", "–"]]
    assert "lation" not in " ".join(lines(terminal.languages([row("es")]))[:3])
    pair = terminal.pairs([row("es", document_language="en", **TRANSLATED)])
    assert cells(pair, "Spanish")[-3:-1] == ["20.0", "%"]


def test_k_stands_in_the_heading() -> None:
    """Recall is recall at k."""
    assert "@5" in lines(terminal.languages([row("es", k=5)]))[1]


def test_one_model_is_not_said_in_every_row() -> None:
    """A column that tells nothing apart costs width; the version was asked for and stays."""
    one = " ".join(lines(terminal.languages(VERSIONS))[:3])
    assert "version" in one
    assert "model" not in one
    two = [*VERSIONS, row("de", embedding_model="e5", index_version="v3")]
    assert "model" in " ".join(lines(terminal.languages(two))[:3])


def test_an_absent_dimension_is_a_dash() -> None:
    """Events without a service are a row of their own."""
    assert cells(terminal.languages([row("es", service=""), row("de", service="shop")]), "Spanish")[1] == "–"


def test_names_from_a_log_are_no_markup() -> None:
    """Square brackets of a version are shown."""
    assert "[red]v1[/red]" in "".join(
        lines(terminal.languages([row("es", embedding_model="m", index_version="[red]v1[/red]")]), 132)
    )


EVIL = "v\x1b]0;pwned\x07\x9b31m\u202e1"


def test_names_from_a_log_command_no_terminal() -> None:
    """Escape sequences and marks of direction are gone from tables, heads of alerts and what they say."""
    versions = [row("es", embedding_model="m", index_version=EVIL)]
    pairs = [row("es", document_language=EVIL, service="help")]
    alerts = built(incident(service=EVIL, environment=EVIL, summary=f"The service {EVIL} fell."))
    for shown in (terminal.languages(versions), terminal.pairs(pairs), terminal.alerts(alerts)):
        printed = "".join(lines(shown, 400))
        assert "v]0;pwned31m1" in printed
        assert not set("\x1b\x07\x9b\u202e") & set(printed)


def test_states_have_colours() -> None:
    """They repeat what the word says."""
    shown = lines(terminal.languages(VERSIONS), colours=True)
    assert [line for line in shown if "firing" in line and "\x1b[1;31m" in line]
    assert [line for line in shown if "pending" in line and "\x1b[33m" in line]


def test_no_rows_are_an_empty_table() -> None:
    """Whoever has nothing to show says so instead."""
    assert [line for line in lines(terminal.languages([])) if "%" in line] == []


def built(*incidents: Any) -> list[dict[str, Any]]:
    """Rows as `alerts --json` has them."""
    return [msgspec.to_builtins(each) for each in incidents]


def test_an_alert_has_a_head_and_what_it_says() -> None:
    """State, severity, language, where, since when, the fingerprint to paste; the summary is indented below."""
    shown = lines(terminal.alerts(built(incident())), 132)
    assert shown[0] == "firing  warning  Korean  help · prod  since 2026-11-16 08:14  9f2c41d0"
    assert shown[1].startswith("  Korean hit rate fell 7.4 points (95 % CI 4.0 to 10.7)")


def test_an_alert_that_is_over_says_when() -> None:
    """And one without service and environment has none."""
    shown = " ".join(" ".join(lines(terminal.alerts(built(resolved(service="", environment=""))))).split())
    assert shown.startswith("resolved warning Korean since 2026-11-16 08:14, resolved 2026-11-16 08:30 9f2c41d0")


def test_alerts_fit_the_screen_whole() -> None:
    """Summaries are wrapped at words, never cut; text from a log is no markup."""
    long = incident(summary=f"Korean fell [bold]{'and fell ' * 40}to the end.")
    shown = lines(terminal.alerts(built(long, resolved())))
    assert max(map(len, shown)) <= 80
    told = " ".join(" ".join(shown).split())
    assert "fell [bold]and fell and" in told
    assert "to the end. resolved" in told


COUNTS = {"messages": 1234, "accepted": 1230, "rejected": 4, "duplicates": 0, "excluded": 0, "reasons": {"not_json": 3, "empty": 1}}
SPAN = {"first": "2026-11-09T00:00:00.000+00:00", "last": "2026-11-10T23:59:53.949+00:00"}


def test_a_tally_says_what_became_of_the_messages() -> None:
    """Reasons beside the rejected; what is excluded only where something was."""
    assert lines(terminal.tally({**COUNTS, **SPAN})) == [
        "1,234 messages, 1,230 accepted, 4 rejected (not_json 3, empty 1), 0 duplicates",
        "2026-11-09T00:00:00.000+00:00 to 2026-11-10T23:59:53.949+00:00",
    ]
    assert "7 excluded" in " ".join(lines(terminal.tally({**COUNTS, **SPAN, "excluded": 7})))


def test_tags_say_why_queries_have_no_language() -> None:
    """And whether what services declare can be trusted; nothing where there is nothing to say."""
    reasons: dict[TagReason, int] = {"second_script": 40, "no_letters": 1_200}
    assert str(terminal.tags(reasons, 2_000, 1_944)) == (
        "why queries are und or mixed: no letters 1,200, second script 40\n"
        "2,000 declared languages compared with the text: 97.2 % are the same"
    )
    assert not terminal.tags({}, 0, 0)


def test_a_tally_of_nothing_says_why() -> None:
    """Nobody wonders whether the log was read; and no span is shown where no event was."""
    nothing: dict[str, Any] = {**dict.fromkeys(COUNTS, 0), "reasons": {}, "first": None, "last": None}
    assert "nothing new to count" in " ".join(lines(terminal.tally(nothing)))
    assert lines(terminal.tally({**COUNTS, "first": None, "last": None}))[1:] == []
