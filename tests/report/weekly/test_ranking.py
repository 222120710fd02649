"""What to work on next, beside numbers worked by hand."""

import pytest

from agent.alerting.gap import Labelled
from agent.alerting.statistics import MICRO, Sums
from agent.report.weekly.ranking import losses, shrunken
from agent.report.weekly.readings import Key

RECALL = Key("recall_at_k", ("", ""))


def group(**languages: tuple[int, float]) -> dict[str, tuple[Key, Sums]]:
    """Labelled queries of each language and their mean."""
    return {tag: (RECALL, Sums(n, round(n * rate * MICRO), round(n * rate * MICRO))) for tag, (n, rate) in languages.items()}


def test_a_small_language_is_drawn_to_the_others() -> None:
    """By hand: three means of .8, .6, .4; v of .8: (801/1002)(201/1002), and so on; the small one of 100 queries.

    s^2: 1.5 * .160399 / 1000 = .00024060, 1.5 * .240039 / 1000 = .00036006, 1.5 * .240388 / 100 = .00360583 (41/102).
    Weights 4156.3, 2777.3, 277.33, sum 7210.9; middle .707585; Q = 35.493 + 32.140 + 26.235 = 93.868;
    A = (93.868 - 2) / (7210.9 - 25065208 / 7210.9) = 91.868 / 3734.9 = .024597. B of the small one = .00360583 / .028203 = .12785.
    Weights with A: 40.262, 40.069, 35.457; middle (32.210 + 24.041 + 14.183) / 115.788 = .60830; .4 + .12785 * .20830 = .42663.
    """
    found = shrunken({"a": Labelled(1000, 800 * MICRO), "b": Labelled(1000, 600 * MICRO), "c": Labelled(100, 40 * MICRO)})
    assert found["c"] == pytest.approx(0.42663, abs=1e-4)
    assert found["a"] == pytest.approx(0.8, abs=0.003)


def test_two_languages_are_left_as_they_are() -> None:
    """The spread between two tells nothing of others."""
    assert shrunken({"a": Labelled(10, 8 * MICRO), "b": Labelled(10, 2 * MICRO)}) == {"a": 0.8, "b": 0.2}


def test_the_loss_times_the_queries_ranks() -> None:
    """A large language ten points below comes before a small one sixty below: it loses more queries."""
    found = {one.language: one for one in losses(group(en=(9000, 0.9), de=(9000, 0.8), fr=(9000, 0.9), lo=(100, 0.3)), ())}
    assert found.keys() == {"de", "lo"}
    assert found["de"].lost(9000) > found["lo"].lost(100)
    assert found["lo"].raw > found["de"].raw
    assert found["lo"].reference == pytest.approx(0.9)
    assert found["lo"].of == ("en", "fr", "de")


def test_named_reference_languages_count() -> None:
    """Whoever names one is measured by it."""
    (lo, *_) = [one for one in losses(group(en=(900, 0.9), de=(900, 0.8), lo=(900, 0.3)), ("de",)) if one.language == "lo"]
    assert lo.reference == pytest.approx(0.8)
    assert lo.of == ("de",)


def test_under_fifty_queries_nobody_is_ranked() -> None:
    """And scores without a threshold are no number of failed queries."""
    assert losses(group(en=(900, 0.9), lo=(49, 0.0)), ()) == []
    assert (
        losses(
            {
                tag: (RECALL._replace(measure="similarity_mean"), sums)
                for tag, (_, sums) in group(en=(900, 0.9), lo=(90, 0.1)).items()
            },
            (),
        )
        == []
    )
