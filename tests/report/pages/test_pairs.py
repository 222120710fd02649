"""The map of pairs: one measure for all cells, shades, order, what is left out, and the gaps across languages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import hypot
from typing import Any

import pytest

from agent.aggregate.histogram import MICRO
from agent.alerting.measures import Quality, Thresholds
from agent.errors import Misconfigured
from agent.report import tables
from agent.report.pages.pairs import Asked, PairsPage, asked, page
from agent.report.pages.shades import RATES, STEPS, bound, scale_of
from agent.report.pages.span import Span
from agent.report.pages.trends import scales
from agent.store.base import Total
from tests.store.builders import window

END = datetime(2026, 11, 16, tzinfo=UTC)
SPAN = Span(END - timedelta(days=7), END, END)
QUALITY = Quality(hit_threshold=Thresholds(default=0.35))


def labelled(language: str, document: str, n: int, good: int, **more: Any) -> Total:
    """A pair with so many labelled queries, of which so many found it."""
    sums = {"events": n, "queries": n * MICRO, "labelled": n, "recall_sum": good * MICRO, "recall_sq": good * MICRO}
    made = window(language=language, pair=document, **sums, **more)
    return Total(made.key, made.measures)


def scored(language: str, document: str, n: int, good: int, **more: Any) -> Total:
    """A pair with so many scored queries, of which so many reach the threshold."""
    histogram = {bin_: count for bin_, count in ((50, good), (20, n - good)) if count}
    total = (good * 50 + (n - good) * 20) * MICRO // 100
    sums = {"events": n, "queries": n * MICRO, "scored": n, "score_sum": total, "score_sq": total, "score_hist": histogram}
    made = window(language=language, pair=document, **sums, **more)
    return Total(made.key, made.measures)


def drawn(totals: Sequence[Total], wanted: Asked = Asked()) -> PairsPage:  # noqa: B008  immutable
    """The page of these sums."""
    return page(SPAN, tables.rows(totals, ("language", "document_language"), QUALITY), wanted, len(scales(totals)))


def values(drawing: PairsPage) -> Mapping[tuple[str, str], float]:
    """What stands in the cells."""
    cells = [cell for line in drawing.lines for cell in line.cells if cell and cell.figure]
    return {(cell.language, cell.document_language): cell.figure.value for cell in cells if cell.figure}


def test_the_map_is_in_recall_where_most_pairs_have_labels() -> None:
    """Cells compare, since all are in one measure; a pair without labels has no value then."""
    drawing = drawn([labelled("en", "en", 200, 180), labelled("ko", "en", 100, 60), scored("ja", "en", 100, 90)])
    assert drawing.measure == "recall_at_k"
    assert values(drawing) == {("en", "en"): 0.9, ("ko", "en"): 0.6}
    assert [line.language for line in drawing.lines] == ["ko", "en", "ja"]


def test_the_map_is_in_hit_rate_where_few_pairs_have_labels() -> None:
    """One labelled pair of three does not decide."""
    drawing = drawn([labelled("en", "en", 40, 30), scored("ko", "en", 100, 60), scored("ja", "en", 100, 90)])
    assert drawing.measure == "hit_rate"
    assert values(drawing)["ko", "en"] == 0.6


def test_pairs_with_few_queries_do_not_choose_the_measure() -> None:
    """A long tail of tags that are mistakes has no labels, and says nothing."""
    tail = [scored(tag, "en", 3, 1) for tag in ("oc", "yi", "fy", "nds")]
    assert drawn([labelled("en", "en", 200, 180), labelled("ko", "en", 100, 60), *tail]).measure == "recall_at_k"


def test_a_reader_chooses_the_measure() -> None:
    """Whatever most pairs have."""
    drawing = drawn([scored("en", "en", 100, 90), scored("ko", "en", 100, 60)], Asked(measure="similarity_mean"))
    assert (drawing.measure, drawing.choices) == ("similarity_mean", {"recall_at_k": 0, "hit_rate": 2, "similarity_mean": 2})
    assert values(drawing)["ko", "en"] == pytest.approx(0.38)


def test_bare_scores_of_two_models_are_no_choice() -> None:
    """Their means have no common scale: what was asked for is not drawn, and the page says how many scales there are."""
    totals = [scored("en", "en", 100, 90), scored("ko", "en", 100, 60, embedding_model="other")]
    drawing = drawn(totals, Asked(measure="similarity_mean"))
    assert (drawing.measure, drawing.scales, "similarity_mean" in drawing.choices) == ("hit_rate", 2, False)


def test_cells_have_shades_but_for_few_queries_and_unknown_languages() -> None:
    """A number of three queries must not catch the eye; what found nothing is no pair of languages."""
    totals = [
        labelled("en", "en", 200, 190),
        labelled("ko", "en", 100, 10),
        labelled("ja", "en", 29, 29),
        scored("ko", "und", 50, 1, labelled=50),
    ]
    cells = {cell[:2]: cell for line in drawn(totals).lines for cell in line.cells if cell}
    assert {tags: (cell.shade, cell.enough, cell.same) for tags, cell in cells.items()} == {
        ("en", "en"): (6, True, True),
        ("ko", "en"): (0, True, False),
        ("ja", "en"): (None, False, False),
        ("ko", "und"): (None, False, False),
    }


def test_a_gap_is_measured_against_the_same_language_in_its_own_documents() -> None:
    """Korean finds 90 % among Korean documents and 60 % among English ones: 30 points; Wilson's limits are .5020, .6906 and .8256, .9448."""
    (gap,) = drawn([labelled("ko", "ko", 100, 90), labelled("ko", "en", 100, 60), labelled("en", "en", 900, 890)]).gaps
    assert gap.cell[:2] == ("ko", "en")
    assert gap.against[:2] == ("ko", "ko")
    assert gap.move.by == pytest.approx(-0.3)
    assert gap.move.ci95 == pytest.approx((-0.3 - hypot(0.0980, 0.0448), -0.3 + hypot(0.0906, 0.0744)), abs=1e-4)


def test_without_own_documents_a_gap_is_measured_against_the_documents_own_language() -> None:
    """Most corpora are in one language: the same documents, asked in it."""
    (gap,) = drawn([labelled("th", "en", 100, 60), labelled("en", "en", 900, 800)]).gaps
    assert (gap.cell[:2], gap.against[:2]) == (("th", "en"), ("en", "en"))


def test_what_chance_explains_is_no_gap() -> None:
    """An interval that holds 0, too few queries, or a pair that does better."""
    own = labelled("ko", "ko", 100, 80)
    assert drawn([own, labelled("ko", "en", 100, 76)]).gaps == []
    assert drawn([own, labelled("ko", "en", 20, 2)]).gaps == []
    assert drawn([own, labelled("ko", "en", 100, 99)]).gaps == []


def test_the_largest_gap_comes_first_and_ten_are_listed() -> None:
    """By how far below."""
    totals = [labelled("en", "en", 900, 890)]
    totals += [
        labelled(tag, "en", 100, 80 - 5 * n)
        for n, tag in enumerate(["ar", "bn", "de", "el", "fa", "fi", "he", "hi", "ja", "ko", "th", "tr"])
    ]
    gaps = drawn(totals).gaps
    assert [gap.cell.language for gap in gaps] == ["tr", "th", "ko", "ja", "hi", "he", "fi", "fa", "el", "de"]


def test_rows_are_in_the_order_of_attention_and_columns_of_volume() -> None:
    """The language with the largest gap first, those without one by queries; what is no language last."""
    totals = [labelled("de", "de", 300, 290), labelled("en", "en", 500, 450), labelled("ko", "en", 900, 500)]
    totals += [labelled("th", "en", 100, 40)]
    drawing = drawn([*totals, scored("und", "en", 900, 10), scored("de", "und", 800, 0)])
    assert [line.language for line in drawing.lines] == ["th", "ko", "de", "en", "und"]
    assert drawing.documents.shown == ["en", "de", "und"]


def many() -> list[Total]:
    """Thirty-two query languages over documents in one, each with fewer queries than the one before."""
    return [labelled(f"q{n:02}", "en", 100 - n, 90 - n) for n in range(32)]


def test_a_large_map_leaves_out_the_languages_with_fewest_queries() -> None:
    """Thirty are shown, the rest is counted and can be asked for."""
    drawing = drawn(many())
    assert (len(drawing.lines), drawing.queries.left_out, drawing.documents.left_out) == (30, 2, 0)
    assert "q31" not in {line.language for line in drawing.lines}
    whole = drawn(many(), Asked(everything=True))
    assert (len(whole.lines), whole.queries.left_out) == (32, 0)


def test_filters_by_language_leave_the_comparison_whole() -> None:
    """A reader who asks for Korean over English still sees what that is compared with, and may choose any other language."""
    totals = [labelled("ko", "ko", 100, 90), labelled("ko", "en", 100, 60), labelled("th", "en", 100, 10)]
    drawing = drawn(totals, Asked("ko", "en"))
    assert [(line.language, len(line.cells)) for line in drawing.lines] == [("ko", 1)]
    assert [gap.cell[:2] for gap in drawing.gaps] == [("ko", "en")]
    assert (set(drawing.queries.all), set(drawing.documents.all)) == ({"ko", "th"}, {"ko", "en"})


def test_a_log_that_names_no_document_language_tells_of_no_pair() -> None:
    """The page says what is missing instead of a map of one column."""
    assert not drawn([scored("ko", "und", 100, 90)]).tells
    assert drawn([scored("ko", "en", 100, 90)]).tells


def test_words_of_the_address_are_read_and_the_others_handed_on() -> None:
    """Range and filters are those of every table."""
    words = {"language": "ko", "document_language": "en", "measure": "hit_rate", "show": "all", "from": "-1h", "service": "help"}
    assert asked(words) == (Asked("ko", "en", "hit_rate", everything=True), {"from": "-1h", "service": "help"})


@pytest.mark.parametrize("words", [{"measure": "mrr"}, {"show": "some"}], ids=str)
def test_words_that_mean_nothing_are_told(words: dict[str, str]) -> None:
    """With what was expected."""
    with pytest.raises(Misconfigured, match="expected one of"):
        asked(words)


def test_shades_of_rates_are_fixed_and_those_of_scores_relative() -> None:
    """A rate means the same everywhere; scores of a model lie between its own limits."""
    rates, scores = scale_of("recall_at_k", [0.9]), scale_of("similarity_mean", [0.2, 0.9])
    assert rates
    assert scores
    assert [rates.step(value) for value in (0.0, 0.2, 0.5, 0.7, 0.8, 0.9, 1.0)] == list(range(STEPS))
    assert (scores.step(0.2), scores.step(0.31), scores.step(0.9)) == (0, 1, 6)
    assert scale_of("similarity_mean", [0.4]) is None
    assert scale_of(None, []) is None
    assert [bound(RATES[0], "hit_rate"), bound(0.4123, "similarity_mean")] == ["20 %", "0.412"]
