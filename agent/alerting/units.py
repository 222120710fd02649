"""What counts as a fall of similarities where noise and reference are known: a tenth of the way between them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from agent.alerting.ladder import Track
from agent.alerting.measures import Quality

UNIT: Final = 0.10  # of the way from noise to the reference languages that a similarity may fall


def units(means: Mapping[Track, float], quality: Quality) -> dict[Track, float]:
    """The unit of each track that has one; `means` says what each usually is."""
    similar: dict[object, list[Track]] = defaultdict(list)
    for track in means:
        if track.measure == "similarity_mean":
            similar[track.subject.service, track.subject.environment, track.scale].append(track)
    return {track: unit for group in similar.values() for track in group if (unit := _unit(group, means, quality)) > 0}


def _unit(group: Sequence[Track], means: Mapping[Track, float], quality: Quality) -> float:
    floor = quality.floor_of(group[0].scale[0])
    if floor is None:
        return 0.0
    named = [means[track] for track in group if track.subject.language in quality.reference]
    known = [mean for mean in named if not np.isnan(mean)]
    return UNIT * (float(np.median(known)) - floor) if known else 0.0
