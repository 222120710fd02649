"""Translation qualities by engine: exact at the edges of steps, whatever an engine is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.aggregate.measures import Measures
from agent.aggregate.translations import Qualities, by_engine
from tests.aggregate.builders import patient

MICRO = 1_000_000
NAMES = st.text("a/1_ \u97ad", max_size=4)
HUNDREDTHS = st.integers(0, 100)
TRANSLATIONS = st.lists(st.tuples(NAMES, HUNDREDTHS), max_size=20)


def counted(translations: list[tuple[str, int]]) -> dict[str, Qualities]:
    """What is read back of translations: engine, and quality in hundredths."""
    measures = Measures()
    for engine, hundredths in translations:
        measures.add_translation(hundredths / 100, engine)
    return by_engine(measures.translation_hist, measures.translation_sums)


@patient
@given(TRANSLATIONS, HUNDREDTHS)
def test_each_engine_has_its_own_translations(translations: list[tuple[str, int]], limit: int) -> None:
    """How many, their sum, and how many lie below a limit are those of a plain count, also where names have slashes and digits."""
    found = counted(translations)
    assert found.keys() == {engine for engine, _ in translations}
    for engine, qualities in found.items():
        own = [hundredths for name, hundredths in translations if name == engine]
        assert (qualities.n, qualities.total) == (len(own), sum(own) * MICRO // 100)
        assert qualities.below(limit / 100) == sum(hundredths < limit for hundredths in own)


@pytest.mark.parametrize(("quality", "low"), [(0.69, 1), (0.699999, 1), (0.6999999, 0), (0.7, 0), (1.0, 0), (0.0, 1)])
def test_a_quality_on_the_limit_is_not_low(quality: float, low: int) -> None:
    """It is compared in millionths, as scores are."""
    measures = Measures()
    measures.add_translation(quality, "nmt")
    assert by_engine(measures.translation_hist, measures.translation_sums)["nmt"].below(0.7) == low


def test_another_limit_reads_the_same_history() -> None:
    """Nothing was decided when it was counted."""
    found = counted([("nmt", 65), ("nmt", 75), ("nmt", 100)])["nmt"]
    assert [found.below(limit) for limit in (0.0, 0.65, 0.66, 0.8, 1.0)] == [0, 0, 1, 2, 2]
