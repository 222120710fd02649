"""From the falls of languages to what is told: those that fall together are one incident of the language `*`.

It sits between the lifecycle of each language and whoever is told, one state for each service and environment. A language
that fires is held back for five minutes. Then all of them are told, or the fleet is, and as long as it is open further
languages join it silently. The state is plain data: it is stored as it is, and read back.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from statistics import median_low
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.incident import ALL, Evidence, Incident, fingerprint
from agent.alerting.minutes import HOUR, end_of, minute_at
from agent.alerting.statistics import Z95, Z95_ONE_SIDED
from agent.alerting.triage.fleet import (
    DOWN,
    LEAST_QUERIES_OF_OTHERS,
    THRESHOLD,
    Look,
    Looks,
    Pooled,
    Verdict,
    Z,
    pooled,
    verdict,
)
from agent.language.codes import display_name

GROUP_WAIT: Final = 5  # minutes after the first language fires
RESOLVE_MINUTES: Final = 15
LEAST_TO_JUDGE: Final = 50  # queries: of a language on its own, or of all as one
MOST_NAMED: Final = 5


class Group(Struct, frozen=True):
    """What is not told of one service and environment, and why.

    `held` fire and wait for the test, the first of them since the minute `since`. While `fleet` is open `members` are its
    languages that fire, and `recovering` counts the minutes in which all languages as one looked well.
    """

    held: tuple[Incident, ...] = ()
    since: int = 0
    fleet: Incident | None = None
    members: tuple[Incident, ...] = ()
    recovering: int = 0

    @property
    def hidden(self) -> tuple[Incident, ...]:
        """The incidents that fire and that nobody was told of."""
        return (*self.held, *self.members)

    @property
    def place(self) -> "Place":
        """Whose it is; an empty one is nobody's."""
        return place_of(self.fleet or self.hidden[0])


class Place(NamedTuple):
    """Where languages are grouped."""

    service: str
    environment: str


class Step(NamedTuple):
    """The next state, and what is to be told. `over` are languages that end with the fleet, silently."""

    group: Group
    told: tuple[Incident, ...] = ()
    over: tuple[Incident, ...] = ()


class Steps(NamedTuple):
    """The same for all services and environments; of groups only those that hold something."""

    groups: tuple[Group, ...]
    told: tuple[Incident, ...] = ()
    over: tuple[Incident, ...] = ()


def place_of(incident: Incident) -> Place:
    """Where an incident is grouped."""
    return Place(incident.service, incident.environment)


def is_fleet(incident: Incident) -> bool:
    """Whether it is the fall of all languages together."""
    return incident.language == ALL and incident.class_ == "change"


def step_all(groups: Iterable[Group], minute: int, moved: Sequence[Incident], look: Callable[[Place], Looks]) -> Steps:
    """Take in the transitions of a minute; `look` is called where a group asks. What is no fall of a language is told as it is."""
    known = {group.place: group for group in groups}
    falls: dict[Place, list[Incident]] = {place: [] for place in known}
    for one in moved:
        if one.class_ == "change":
            falls.setdefault(place_of(one), []).append(one)
    steps = []
    for place in sorted(falls):
        group = known.get(place, Group())
        steps.append(step(group, minute, falls[place], look(place) if asks(group, minute) else {}))
    told = chain((one for one in moved if one.class_ != "change"), *(one.told for one in steps))
    over = chain.from_iterable(one.over for one in steps)
    return Steps(tuple(one.group for one in steps if one.group != Group()), tuple(told), tuple(over))


def ended_by_hand(group: Group, fleet: Incident, minute: int) -> tuple[Incident, ...]:
    """The languages of an alert of all languages that a person ended: they end as it did."""
    how = {"accepted_at": fleet.accepted_at, "verdict": fleet.verdict, "handled_by": fleet.handled_by}
    return tuple(replace(_ended(one, minute), **how) for one in group.members)


def asks(group: Group, minute: int) -> bool:
    """Whether the next step needs to see all languages: only when a wait is over, and while a fleet is open."""
    return group.fleet is not None or (bool(group.held) and minute >= group.since + GROUP_WAIT)


def step(group: Group, minute: int, moved: Sequence[Incident], looks: Looks) -> Step:
    """Take in the transitions of this minute, falls of languages only; `looks` where the group asks for them."""
    fired = tuple(one for one in moved if one.state == "firing")
    hidden = {one.fingerprint for one in group.hidden}
    ended = {one.fingerprint for one in moved if one.state == "resolved"}
    told = tuple(one for one in moved if one.state == "resolved" and one.fingerprint not in hidden)
    left = replace(group, held=_without(group.held, ended), members=_without(group.members, ended))
    after = _open(left, minute, fired, looks) if left.fleet else _waiting(left, minute, fired, looks)
    return after._replace(told=(*told, *after.told))


def _waiting(group: Group, minute: int, fired: tuple[Incident, ...], looks: Looks) -> Step:
    held, since = (*group.held, *fired), group.since if group.held else minute
    if minute < since + GROUP_WAIT:
        return Step(Group(held, since) if held else Group())
    found = verdict(looks)
    if not found.reason.is_fleet:
        return Step(Group(), told=held)
    fleet = _fleet(held, found, looks, minute)
    return Step(Group(fleet=fleet, members=held), told=(fleet,))


def _open(group: Group, minute: int, fired: tuple[Incident, ...], looks: Looks) -> Step:
    assert group.fleet is not None
    fleet = replace(group.fleet, evidence=(*group.fleet.evidence, *_evidence(fired, group.fleet.evidence)))
    members = (*group.members, *fired)
    lately = looks.get(HOUR, ())
    recovering = group.recovering + 1 if _well(pooled(lately, LEAST_QUERIES_OF_OTHERS), fleet, minute) else 0
    if members and recovering < RESOLVE_MINUTES:
        return Step(Group(fleet=fleet, members=members, recovering=recovering))
    down = {look.language for look in lately if _still_down(look)}
    alone = tuple(one for one in members if one.language in down)
    over = tuple(_ended(one, minute) for one in members if one.language not in down)
    return Step(Group(), told=(_resolved(fleet, alone, minute), *alone), over=over)


def _well(now: Pooled | None, fleet: Incident, minute: int) -> bool:
    """Whether all languages as one are close to the usual, in an hour that lies wholly after the fleet fired."""
    if now is None or fleet.fired_at is None or minute < minute_at(fleet.fired_at) + HOUR - 1:
        return False
    return now.n >= max(LEAST_TO_JUDGE, (fleet.n or 0) // 2) and now.drop < DOWN and now.drop + Z95_ONE_SIDED * now.se < THRESHOLD


def _still_down(look: Look) -> bool:
    return look.n >= LEAST_TO_JUDGE and look.drop >= THRESHOLD and look.drop**2 >= Z**2 * look.se2


def _fleet(held: Sequence[Incident], found: Verdict, looks: Looks, minute: int) -> Incident:
    """The incident of all languages; figures are those of all of them as one, rule and measure those of the clearest fall."""
    clearest = max(held, key=lambda one: one.z or 0.0)
    began = [one.began_at for one in held if one.began_at]
    all_ = pooled(looks.get(found.window, ()), LEAST_QUERIES_OF_OTHERS)
    return replace(
        clearest,
        fingerprint=fingerprint(clearest.service, clearest.environment, ALL, "change"),
        language=ALL,
        cause="fleet",
        severity="critical",
        confirmed="yes" if any(one.confirmed == "yes" for one in held) else "unconfirmed",
        began_at=median_low(began) if began else None,
        began_between=None,
        fired_at=end_of(minute),
        current=None,
        baseline=None,
        drop=all_ and all_.drop,
        ci95=all_ and (all_.drop - Z95 * all_.se, all_.drop + Z95 * all_.se),
        z=all_ and all_.z,
        scale_minutes=found.window,
        n=all_ and all_.n,
        n_baseline=None,
        embedding_model=_common(one.embedding_model for one in held),
        index_version=_common(one.index_version for one in held),
        collection=_common(one.collection for one in held),
        evidence=tuple(_evidence(held, ())),
        summary=_fell_text(held, found, all_),
    )


def _evidence(fired: Iterable[Incident], known: Iterable[Evidence]) -> list[Evidence]:
    """What each language says, once."""
    seen = {one.language for one in known}
    fresh = (one for one in fired if one.language not in seen)
    return list(chain.from_iterable((replace(each, language=one.language) for each in one.evidence) for one in fresh))


def _resolved(fleet: Incident, alone: Sequence[Incident], minute: int) -> Incident:
    rest = f" {_names(alone)} still lie below usual, and have an alert of their own." if alone else ""
    summary = f"All languages are back.{rest}" if not alone else f"Most languages are back.{rest}"
    return replace(fleet, state="resolved", resolved_at=end_of(minute), summary=summary)


def _ended(one: Incident, minute: int) -> Incident:
    return replace(one, state="resolved", resolved_at=end_of(minute), summary="Ended with the alert of all languages.")


def _fell_text(held: Sequence[Incident], found: Verdict, all_: Pooled | None) -> str:
    by = f" As one they fell {all_.drop * 100:.1f} points in the last {found.window} min ({all_.n:,} queries)." if all_ else ""
    return (
        f"All languages fell together: {found.fell} of {found.counted} lie at least {DOWN * 100:.1f} points below usual,"
        f" {found.firing} fire ({_names(held)}).{by}"
    )


def _names(incidents: Sequence[Incident]) -> str:
    names = [display_name(one.language) for one in incidents]
    more = len(names) - MOST_NAMED
    return ", ".join(names if more <= 0 else [*names[:MOST_NAMED], f"and {more} more"])


def _without(incidents: tuple[Incident, ...], ended: set[str]) -> tuple[Incident, ...]:
    return tuple(one for one in incidents if one.fingerprint not in ended)


def _common(values: Iterable[str | None]) -> str | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None
