"""Traffic that the simulator does not have: sleeping weekends, a holiday, two collections, a slow slide, rates near 0 and 1."""

from math import sqrt
from typing import Any

import numpy as np

from agent.alerting.minutes import DAY, HOUR
from benchmarks.detection.traffic import Traffic, simulate, simulator

ASLEEP = 0.05  # of the usual traffic
HARD = 0.15  # points that the second collection lies below the first
TYPICAL = 0.09  # variance of a hit whose wobble the simulator's points mean
NIGHT = 2 * HOUR


def sleeping_weekends(seed: int, config: dict[str, Any]) -> Traffic:
    """Every language but English has 5 % of its traffic on Saturdays and Sundays."""

    def latent(_: Any, z: Any) -> Any:
        weekend = np.arange(z["T"]) // DAY % 7 >= 5
        z["lam"][1:, weekend] *= ASLEEP
        return z

    return simulate(seed, config=config, latent=latent)


def holiday(seed: int, config: dict[str, Any]) -> Traffic:
    """On the day of t0 every language has 5 % of its traffic, and gives back what it is used to on the next."""

    def latent(_: Any, z: Any) -> Any:
        z["lam"][:, z["T0"] : z["T0"] + DAY] *= ASLEEP
        z["lam_c"][:, z["T0"] : z["T0"] + DAY] *= ASLEEP
        return z

    return simulate(seed, config=config, latent=latent)


def move(seed: int, config: dict[str, Any], language: str = "ko", shares: tuple[float, float] = (0.2, 0.6)) -> Traffic:
    """Two collections, one 15 points harder; from t0 on a language asks it three times as often. Neither got worse."""
    easy, hard = (_side(seed, config, language, shares, hard=hard) for hard in (False, True))
    return easy._replace(parts=[*easy.parts, *hard.parts])


def _side(seed: int, config: dict[str, Any], language: str, shares: tuple[float, float], *, hard: bool) -> Traffic:
    one = simulator().CODES.index(language)

    def latent(rng: Any, z: Any) -> Any:
        share = np.full(z["lam"].shape, shares[0])
        share[one, z["T0"] :] = shares[1]
        for rate in ("lam", "lam_c"):
            z[rate] = z[rate] * (share if hard else 1 - share)
        if hard:
            z["p"] = np.clip(z["p"] - HARD, 0.01, 0.995)
            rng.random(1)  # the same hours and days, other queries
        return z

    return simulate(seed, config=config, latent=latent, collection="tickets" if hard else "help")


def extremes(seed: int, config: dict[str, Any], scenario: dict[str, Any] | None = None) -> Traffic:
    """German at 8 %, French at 99 %; they wobble by as much less as their queries vary less."""

    def world(_: Any, w: Any) -> Any:
        for language, base in (("de", 0.08), ("fr", 0.99)):
            one = simulator().CODES.index(language)
            w["base"][one], w["contam"][one] = base, 0.0
            for wobble in ("q_amp", "q_wk", "day_sd", "hour_sd", "ou_sd"):
                w[wobble][one] *= sqrt(base * (1 - base) / TYPICAL)
        return w

    return simulate(seed, config=config, world=world, scenario=scenario)


def nightly(seed: int, config: dict[str, Any], scenario: dict[str, Any] | None = None) -> Traffic:
    """A new version of the index every night at two."""
    return simulate(seed, config=config, scenario=scenario, version=lambda minute: (minute + DAY - NIGHT) // DAY)
