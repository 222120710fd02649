"""Translations of a row by engine: what is known of each, and nothing of what nobody counted."""

from agent.aggregate.measures import Measures
from agent.report.translations import translations


def measured(**engines: tuple[float, ...]) -> Measures:
    """The sums of translations with these qualities; `unnamed` is an engine that the log does not name."""
    sums = Measures()
    for engine, qualities in engines.items():
        for quality in qualities:
            sums.add_translation(quality, "" if engine == "unnamed" else engine)
    return sums


def test_each_engine_has_a_row() -> None:
    """The one with most translations first, among equals by name; the mean is exact, not that of steps."""
    sums = measured(old=(0.5,), nmt=(0.876543, 0.65, 0.7), llm=(1.0,))
    assert translations(sums, 0.7) == [
        {"engine": "nmt", "n": 3, "mean": 2.226543 / 3, "low_share": 1 / 3},
        {"engine": "llm", "n": 1, "mean": 1.0, "low_share": 0.0},
        {"engine": "old", "n": 1, "mean": 0.5, "low_share": 1.0},
    ]


def test_an_engine_that_is_not_named_is_empty() -> None:
    """Translations without a name are a row of their own."""
    assert translations(measured(unnamed=(0.8,), nmt=(0.9, 0.9)), 0.7) == [
        {"engine": "nmt", "n": 2, "mean": 0.9, "low_share": 0.0},
        {"engine": "", "n": 1, "mean": 0.8, "low_share": 0.0},
    ]


def test_no_translation_is_null() -> None:
    """Neither an empty list nor a share of nothing."""
    assert translations(Measures(events=9), 0.7) is None


def test_the_worst_quality_is_a_value() -> None:
    """A mean of 0 is told, though no sum of it is kept."""
    assert translations(measured(nmt=(0.0, 0.0)), 0.7) == [{"engine": "nmt", "n": 2, "mean": 0.0, "low_share": 1.0}]


def test_what_was_counted_before_engines_has_a_mean_only() -> None:
    """Rows of an older schema know how many and their sum: no engine and no share is made up for them."""
    sums = measured(nmt=(0.9,))
    sums.merge(Measures(translated=4, translation_sum=2_000_000))
    assert translations(sums, 0.7) == [
        {"engine": "nmt", "n": 1, "mean": 0.9, "low_share": 0.0},
        {"engine": None, "n": 4, "mean": 0.5, "low_share": None},
    ]
    assert translations(Measures(translated=4, translation_sum=2_000_000), 0.7) == [
        {"engine": None, "n": 4, "mean": 0.5, "low_share": None}
    ]
