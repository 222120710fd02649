"""What a weekly report says, as frozen records: the HTML, the text and the JSON are renderings of them.

Rates and changes lie in 0..1 (a change is now - before, so that a negative one is worse), times are aware and in UTC. Field names
are those of `report --format json`.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Word = Literal["worse", "better", "no clear change"]
RestsOn = Literal["labels", "calibrated proxy", "weak proxy", "uncalibrated proxy", "score"]
Interval = tuple[float, float]


class Level(Struct, frozen=True):
    """What a language scored: the measure and what it rests on, on how many queries, with its 95 % interval.

    `threshold`: from which best score on a query is a hit, where that is the measure.
    """

    measure: str
    rests_on: RestsOn
    n: int
    mean: float
    ci95: Interval | None = None
    threshold: float | None = None


class Change(Struct, frozen=True):
    """A difference to the time before: its 95 % interval with design effect and usual wobble, and the word for it.

    `p_adjusted`: two-sided, by Holm over everything that the report compares. `phi`, `tau`: what widened the interval.
    """

    before: float
    n_before: int
    change: float
    ci95: Interval
    p_adjusted: float
    word: Word
    phi: float
    tau: float


class Language(Struct, frozen=True):
    """One line of the table; `why_not` says why there is no change, `days` has the measure by day (UTC), oldest first.

    `queries` is the estimated volume, `users` distinct sessions (None where the log has none). `more_failed`: how many queries
    failed that would not have before, where it got worse. `state`, `detectable` and `watched_by` as in `languages --json`.
    """

    language: str
    queries: int
    queries_before: int
    users: int | None
    level: Level | None
    change: Change | None
    why_not: str
    more_failed: int | None
    state: str
    detectable: float | None
    watched_by: str | None
    days: tuple[float | None, ...] = ()


class Part(Struct, frozen=True):
    """What a language adds to the change of the average: by its own rate, by its share of the queries, and both."""

    language: str
    own: float
    mix: float
    total: float


class Average(Struct, frozen=True):
    """The change of the average of one measure, weighted by queries, split exactly; `parts` sum to after - before.

    `own` and `mix` are the sums of the parts. `languages`: how many it is over, `share` of all queries. `change` is that of the
    languages themselves, with the mix as it was on average, and what it is called.
    """

    measure: str
    threshold: float | None
    languages: int
    share: float
    before: float
    after: float
    own: float
    mix: float
    change: Change
    parts: tuple[Part, ...]


class Deployment(Struct, frozen=True):
    """A version's first appearance; `said` is the note of who announced it."""

    at: datetime
    service: str
    environment: str
    collection: str
    embedding_model: str
    index_version: str
    said: str = ""


class Incident(Struct, frozen=True):
    """An incident as it stood at the end; `minutes` is how long it lasted so far or in all."""

    fingerprint: str
    language: str
    service: str
    environment: str
    class_: str
    severity: str
    began_at: datetime | None
    fired_at: datetime | None
    resolved_at: datetime | None
    minutes: int | None
    cause: str
    confirmed: str
    queries: int | None
    users: int | None
    summary: str
    note: str = ""


class Standing(Struct, frozen=True):
    """A language that is low at the end, since when, and for how many days."""

    language: str
    service: str
    environment: str
    since: datetime
    days: int
    summary: str


class Checked(Struct, frozen=True):
    """One language in a golden run: recall@10 in 0..1 on `n` queries, None where it has no figures (`reason`)."""

    language: str
    n: int
    recall: float | None
    ci95: Interval | None
    reason: str = ""


class Golden(Struct, frozen=True):
    """The newest run of a golden set within the time, the worst language first."""

    name: str
    at: datetime
    queries: int
    languages: tuple[Checked, ...]


class Probed(Struct, frozen=True):
    """A language that a probe does not find connected, and what to do."""

    language: str
    verdict: str
    remedy: str


class Probe(Struct, frozen=True):
    """The newest run of a separation probe within the time: how many languages are connected, and those that are not."""

    name: str
    at: datetime
    model: str
    connected: int
    others: tuple[Probed, ...]


class Todo(Struct, frozen=True):
    """A language to work on: how far it lies below the reference, shrunken towards what languages usually do, times its queries.

    `why` names what the remedy was chosen by.
    """

    language: str
    measure: str
    rests_on: RestsOn
    mean: float
    reference: float
    of: tuple[str, ...]
    loss: float
    loss_shrunken: float
    ci95: Interval
    queries: int
    lost: int
    users: int | None
    remedy: str
    why: Literal["incident", "probe", "level", "scores_alone", "low_resource"]


class Unseen(Struct, frozen=True):
    """Something that this report cannot see, in one sentence, and the languages it is about."""

    what: str
    text: str
    languages: tuple[str, ...] = ()


class Verdict(Struct, frozen=True):
    """All in all: None where nothing could be compared. `languages` were compared, of which these got worse and better.

    `unsure`: those that fell as far as a rule looks for, and chance may have done it.
    """

    word: Word | None
    languages: int
    worse: tuple[str, ...]
    better: tuple[str, ...]
    unsure: tuple[str, ...]


class Report(Struct, frozen=True):
    """A weekly report. `as_of`: the end of the newest minute that it knows; `first`: there is nothing before to compare with.

    `covered` and `covered_before`: the share of the time, and of the one before, that the store has.
    """

    week: str
    start: datetime
    end: datetime
    as_of: datetime
    before: datetime
    covered: float
    covered_before: float
    first: bool
    k: int
    verdict: Verdict
    queries: int
    queries_before: int
    users: int | None
    languages: tuple[Language, ...]
    averages: tuple[Average, ...]
    deployments: tuple[Deployment, ...]
    incidents: tuple[Incident, ...]
    standing: tuple[Standing, ...]
    golden: tuple[Golden, ...]
    probes: tuple[Probe, ...]
    todo: tuple[Todo, ...]
    unseen: tuple[Unseen, ...]
