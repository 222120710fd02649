"""Separation probes as a person reads them on a terminal; `--json` prints the same whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.language.codes import display_name
from agent.notify.text import one_line
from agent.probing.embedding.sentence_transformers import called
from agent.probing.kept import ProbeRun

NOTHING: Final = "–"
MANY_UNKNOWN: Final = 0.1
ORDER: Final = ("broken", "weak", None, "connected")
STYLES: Final = {"broken": "bold red", "weak": "yellow"}
SOURCES: Final = {"index": "the index", "corpus": "the corpus given", "lists": "the lists alone: that of an index is higher"}
LEGEND: Final = (
    "same, other: mean cosine of texts that mean the same, and of others; AUC: how often the first are nearer; P@1: how often the "
    "nearest text of all means the same, asked there and back; within: AUC inside the language; tokens: to those of the documents; "
    "below noise: same lies below unrelated texts in the documents' languages."
)
SENSELESS: Final = (
    "The vectors seem to carry no meaning: in no language, English among them, is what means the same nearer than chance. This says nothing "
    "of any language. Look at what makes them: its address, the model behind it, the place of the vectors in its answer."
)
ADVICE: Final[Mapping[str, str]] = {
    "alignment": "understood alone, not found in {documents}. Translate its queries, or give it an index of its own.",
    "language": "not understood{unknown}. Translate its queries before they are embedded, or take another model.",
    "translation": "not found in {documents}. Add second wordings (--pairs) to know whether it is understood alone.",
    "one_list": "broken by the only list that has it. Add concepts (--pairs) or label queries before you act.",
    "lists_differ": "broken by one list, not by the other. Measure it with a golden set.",
    "overlap": "other texts are often nearer than what is meant. Expect fewer hits; measure them with a golden set.",
    "first_place": "what is meant is near, but seldom nearest. Show more results, or rank them again.",
    "uncertain": "{n} concepts leave it open. Add more (--pairs).",
    "too_few": "{n} concepts are too few for a verdict. Add more (--pairs).",
}
Row = Mapping[str, Any]


def probe(told: Row) -> RenderableType:
    """The worst language first, what to do about each that is not connected, then pairs where documents are in several languages."""
    parts: list[RenderableType] = [_head(told), _table(_worst_first(told["languages"])), Text(LEGEND, style="dim")]
    parts += [Text(SENSELESS, style="bold red")] if told["senseless"] else _advice(told)
    if len(told["document_languages"]) > 1:
        parts += [Text(), _table(_worst_first(told["pairs"]))]
    return Group(*parts)


def runs(kept: Sequence[ProbeRun]) -> RenderableType:
    """One line a probe."""
    table = _empty_table(("name", "time", "model", "floor", "connected", "weak", "broken"))
    for run in kept:
        rows = run.result["languages"]
        counts = (str(sum(row["verdict"] == verdict for row in rows)) for verdict in ("connected", "weak", "broken"))
        names = (one_line(called(run.name)), f"{run.at:%Y-%m-%d %H:%M}", one_line(called(run.embedding_model)))
        table.add_row(*map(Text, names), _number(run.result["floor"]), *counts)
    return table


def _head(told: Row) -> Text:
    documents = ", ".join(map(display_name, told["document_languages"]))
    floor = f"floor {_number(told['floor'])}, 5 % of unrelated queries reach {_number(told['cutoff'])} ({SOURCES[told['floor_source']]})"
    return Text.assemble((one_line(called(told["model"])), "bold"), f" against documents in {documents}\n{floor}")


def _worst_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (ORDER.index(row["verdict"]), 1 if row["auc"] is None else row["auc"]))


def _table(rows: Sequence[Row]) -> Table:
    table = _empty_table(("language", "same", "other", "AUC", "95 %", "P@1", "back", "within", "tokens", "below\nnoise", "verdict"))
    for row in rows:
        figures = (row["synonym_mean"], row["unrelated_mean"], row["auc"])
        shares = (_percent(row["p_at_1"]), _percent(row["back_p_at_1"]))
        rest = (_number(row["same_language_auc"]), _tokens(row), "yes" if row["below_noise"] else "", _verdict(row["verdict"]))
        table.add_row(Text(_name(row)), *map(_number, figures), _interval(row["ci95"]), *shares, *rest)
    return table


def _empty_table(headings: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0, header_style="bold")
    for heading in headings:
        words = heading in {"language", "name", "time", "model", "verdict"}
        table.add_column(heading, justify="left" if words else "right", no_wrap=not words, overflow="fold", vertical="bottom")
    return table


def _name(row: Row) -> str:
    if "language" in row:
        return display_name(row["language"])
    return f"{row['query_language']} → {row['document_language']}"


def _verdict(verdict: str | None) -> Text:
    return Text(verdict or NOTHING, style=STYLES.get(verdict or "", ""))


def _advice(told: Row) -> Iterable[RenderableType]:
    """One line a language that is not connected, the worst first."""
    for row in _worst_first(told["languages"]):
        if row["verdict"] != "connected":
            said = advice(row, told["document_languages"])
            yield Padding(Text(f"{display_name(row['language'])}: {said}"), (0, 0, 0, 2))


def advice(row: Row, documents: Sequence[str]) -> str:
    """What a probe found of a language that is not connected, and what to do."""
    names = ", ".join(map(display_name, documents))
    return ADVICE[row["reason"]].format(documents=names, n=row["n"], unknown=_unknown(row["unknown_share"] or 0))


def _unknown(share: float) -> str:
    return f" ({100 * share:.0f} % of its tokens are unknown)" if share >= MANY_UNKNOWN else ""


def _tokens(row: Row) -> str:
    return NOTHING if row["fragmentation"] is None else f"×{row['fragmentation']:.1f}"


def _interval(bounds: Sequence[float] | None) -> str:
    return NOTHING if bounds is None else "–".join(map(_number, bounds))


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.0f} %"


def _number(figure: float | None) -> str:
    """To hundredths, without the nought before the point: a table has eighty columns."""
    return NOTHING if figure is None else f"{figure:.2f}".replace("0.", ".", 1)
