"""What counts as a fall of similarities: a tenth of the way from noise to the reference languages."""

import pytest

from agent.alerting.finding import Subject
from agent.alerting.ladder import Track
from agent.alerting.measures import Quality
from agent.alerting.rule import Measure
from agent.alerting.units import units

SCALE = ("m1", "cosine")


def track(language: str, measure: Measure = "similarity_mean", service: str = "help", scale: tuple[str, str] = SCALE) -> Track:
    """A language's measure."""
    return Track(Subject(service, "prod", language, "change"), measure, scale)


MEANS = {track("en"): 0.61, track("fr"): 0.51, track("ko"): 0.40}
QUALITY = Quality(floor=0.21, reference=("en", "fr"))


def test_a_tenth_of_the_way_from_noise_to_the_median_reference() -> None:
    """(.56 - .21) / 10 for every language of the scale."""
    assert units(MEANS, QUALITY) == {one: pytest.approx(0.035) for one in MEANS}


@pytest.mark.parametrize(
    "quality", [Quality(reference=("en",)), Quality(floor=0.21), Quality(floor=0.21, reference=("ja",)), Quality(floor=0.7)]
)
def test_without_floor_or_reference_there_is_no_unit(quality: Quality) -> None:
    """No floor; no named reference; one that asks nothing; a floor above it."""
    assert units(MEANS, quality) == {}


def test_each_service_and_scale_has_its_own() -> None:
    """What another service or model scores says nothing of this one; hits have no unit."""
    means = {
        track("en"): 0.61,
        track("en", service="shop"): 0.81,
        track("ko", "hit_rate"): 0.9,
        track("ko", scale=("m2", "cosine")): 0.4,
    }
    assert units(means, QUALITY) == {track("en"): pytest.approx(0.04), track("en", service="shop"): pytest.approx(0.06)}


def test_a_reference_without_a_mean_counts_for_nothing() -> None:
    """French has no similarity yet."""
    assert units({track("en"): 0.61, track("fr"): float("nan")}, QUALITY)[track("en")] == pytest.approx(0.04)
