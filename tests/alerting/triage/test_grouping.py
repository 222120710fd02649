"""What is told of languages that fall: alone after five minutes, or as one."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from agent.alerting.incident import Evidence, Incident, State, fingerprint
from agent.alerting.minutes import end_of, start_of
from agent.alerting.triage.fleet import Look, Looks
from agent.alerting.triage.grouping import Group, Place, Step, asks, step, step_all

MINUTE = 29_000_000
LANGUAGES = ("en", "de", "ko", "ja", "fr")


def fall(language: str, state: State = "firing", at: int = 0) -> Incident:
    """A language's incident that fires at a minute after MINUTE, or ends then."""
    return Incident(
        fingerprint=fingerprint("help", "prod", language, "change"),
        class_="change",
        state=state,
        severity="warning",
        cause="unknown",
        confirmed="unconfirmed",
        language=language,
        service="help",
        environment="prod",
        began_at=start_of(MINUTE - 20),
        fired_at=end_of(MINUTE + at),
        resolved_at=end_of(MINUTE + at) if state == "resolved" else None,
        rule="drop",
        metric="hit_rate",
        drop=0.1,
        z=5.0,
        index_version="v42",
        evidence=(Evidence("drop", "hit_rate", 0.1, 5.0, 400),),
    )


def looks(down: Iterable[str], firing: Iterable[str] = (), drop: float = 0.1) -> Looks:
    """Every language with 400 queries; some of them down, some firing."""
    fell, fire = set(down), set(firing)
    each = [Look(one, 400, drop if one in fell else 0.0, 0.0001, one in fire) for one in LANGUAGES]
    return {15: each, 60: each}


def walk(
    script: dict[int, Sequence[Incident]], seen: Looks, minutes: int, group: Group | None = None
) -> tuple[Group, list[tuple[int, str, str]]]:
    """Steps from MINUTE on, each over a state that went through JSON; what was told, and when."""
    now = group or Group()
    told: list[tuple[int, str, str]] = []
    for at in range(minutes):
        kept = msgspec.json.decode(msgspec.json.encode(now), type=Group)
        after = step(kept, MINUTE + at, script.get(at, ()), seen if asks(kept, MINUTE + at) else {})
        told += [(at, one.language, one.state) for one in after.told]
        now = after.group
    return now, told


def test_a_language_alone_is_told_after_five_minutes() -> None:
    """Not before the test, and once."""
    group, told = walk({0: [fall("ko")]}, looks(["ko"], ["ko"]), 10)
    assert told == [(5, "ko", "firing")]
    assert group == Group()


def test_who_fires_within_the_wait_shares_it() -> None:
    """Two of five languages are no fleet, and are told at the same minute."""
    _, told = walk({0: [fall("ko")], 3: [fall("ja", at=3)]}, looks(["ko", "ja"]), 10)
    assert told == [(5, "ko", "firing"), (5, "ja", "firing")]


def test_an_outage_is_one_message_and_its_end_one_more() -> None:
    """All five fire within minutes of each other and recover one by one."""
    fired = {0: [fall("en"), fall("de")], 2: [fall("ko", at=2)], 7: [fall("ja", at=7)], 30: [fall("fr", at=30)]}
    ended = {100 + n: [fall(one, "resolved", 100 + n)] for n, one in enumerate(LANGUAGES)}
    group, told = walk({**fired, **ended}, looks(LANGUAGES, LANGUAGES[:2]), 120)
    assert told == [(5, "*", "firing"), (104, "*", "resolved")]
    assert group == Group()


def test_the_fleet_names_its_languages_and_carries_figures() -> None:
    """Each language is evidence; later ones join without a word."""
    group, _ = walk({0: [fall("en"), fall("de")], 7: [fall("ja", at=7)]}, looks(LANGUAGES, ["en", "de"]), 8)
    fleet = group.fleet
    assert fleet is not None
    assert (fleet.language, fleet.cause, fleet.severity, fleet.class_) == ("*", "fleet", "critical", "change")
    assert (fleet.began_at, fleet.fired_at, fleet.index_version) == (start_of(MINUTE - 20), end_of(MINUTE + 5), "v42")
    assert [one.language for one in fleet.evidence] == ["en", "de", "ja"]
    assert (fleet.n, fleet.scale_minutes) == (2000, 15)
    assert "5 of 5 lie at least 1.5 points below usual, 2 fire (English, German)" in fleet.summary
    assert fleet.fingerprint == fingerprint("help", "prod", "*", "change")


def test_the_fleet_ends_when_all_languages_as_one_are_well() -> None:
    """Fifteen minutes in a row, in an hour that lies after it fired; what nobody can tell yet of a member ends silently."""
    opened, _ = walk({0: [fall("en"), fall("de")]}, looks(LANGUAGES, ["en"]), 6)
    after = Step(opened)
    resolved = None
    for at in range(6, 200):
        after = step(after.group, MINUTE + at, (), looks([]))
        if after.told:
            resolved = at
            break
    assert resolved == 5 + 60 + 14
    assert [(one.language, one.state) for one in after.told] == [("*", "resolved")]
    assert [(one.language, one.state) for one in after.over] == [("en", "resolved"), ("de", "resolved")]
    assert after.group == Group()


def test_a_language_still_down_at_the_end_gets_its_own_alert() -> None:
    """The others are back; it has fired all along, and is told now."""
    opened, _ = walk({0: [fall("en"), fall("ko")]}, looks(LANGUAGES, ["en"]), 6)
    seen = {60: [Look(one, 4000 if one != "ko" else 60, 0.2 if one == "ko" else 0.0, 0.0001, firing=True) for one in LANGUAGES]}
    after = Step(opened)
    for at in range(6, 80):
        after = step(after.group, MINUTE + at, (), seen)
    assert [(one.language, one.state) for one in after.told] == [("*", "resolved"), ("ko", "firing")]
    assert "Korean still lie below usual" in after.told[0].summary
    assert [one.language for one in after.over] == ["en"]


def test_a_minute_that_is_not_well_begins_the_count_anew() -> None:
    """Recovery is fifteen minutes in a row."""
    opened, _ = walk({0: [fall("en"), fall("de")]}, looks(LANGUAGES, ["en"]), 6)
    group = opened
    for at in range(6, 79):
        group = step(group, MINUTE + at, (), looks([])).group
    assert group.recovering == 14
    assert step(group, MINUTE + 79, (), looks(LANGUAGES)).group.recovering == 0


def test_no_traffic_is_no_recovery_of_the_fleet() -> None:
    """Silence ends nothing."""
    group, told = walk({0: [fall("en"), fall("de")]}, looks(LANGUAGES, ["en"]), 6)
    for at in range(6, 300):
        after = step(group, MINUTE + at, (), {})
        group, told = after.group, [*told, *((at, one.language, one.state) for one in after.told)]
    assert told == [(5, "*", "firing")]


def test_the_end_of_a_language_that_was_told_is_told() -> None:
    """Also while a fleet is open that it does not belong to: a page that was sent must end."""
    _, told = walk({0: [fall("ko")]}, looks(["ko"]), 6)
    opened, _ = walk({0: [fall("en"), fall("de")]}, looks(LANGUAGES, ["en"]), 6)
    after = step(opened, MINUTE + 20, [fall("ko", "resolved", 20)], looks(LANGUAGES))
    assert told == [(5, "ko", "firing")]
    assert [(one.language, one.state) for one in after.told] == [("ko", "resolved")]


def test_what_ends_before_it_was_told_is_never_told() -> None:
    """Held back and over: neither message."""
    group, told = walk({0: [fall("ko")], 3: [fall("ko", "resolved", 3)]}, looks(["ko"]), 10)
    assert told == []
    assert group.held == ()


def test_all_languages_are_looked_at_only_when_asked() -> None:
    """Not while nothing is held, nor before the wait is over; each minute of an open fleet."""
    held = Group(held=(fall("ko"),), since=MINUTE)
    assert [asks(Group(), MINUTE), asks(held, MINUTE + 4), asks(held, MINUTE + 5)] == [False, False, True]
    assert asks(Group(fleet=fall("*")), MINUTE + 1)


def test_a_begin_is_that_of_the_middle_language() -> None:
    """One language whose begin was found a day too early does not move that of all."""
    early = replace(fall("ko"), began_at=start_of(MINUTE) - timedelta(days=1))
    group, _ = walk({0: [early, fall("en"), fall("de")]}, looks(LANGUAGES, ["en"]), 6)
    assert group.fleet is not None
    assert group.fleet.began_at == start_of(MINUTE - 20)


def test_services_are_grouped_apart_and_other_classes_pass() -> None:
    """Two languages fall in each of two services: nobody counts them together; a low level is no fall."""
    falls = [replace(fall(one), service=service) for service in ("help", "shop") for one in ("en", "de")]
    low = replace(fall("lo"), class_="level")
    asked: list[Place] = []

    def look(place: Place) -> Looks:
        asked.append(place)
        return looks(LANGUAGES, ["en"]) if place.service == "help" else looks(["en", "de"])

    first = step_all((), MINUTE, [*falls, low], look)
    assert first.told == (low,)
    kept = msgspec.json.decode(msgspec.json.encode(first.groups), type=tuple[Group, ...])
    after = step_all(kept, MINUTE + 5, (), look)
    assert [(one.service, one.language) for one in after.told] == [("help", "*"), ("shop", "en"), ("shop", "de")]
    assert [group.place for group in after.groups] == [Place("help", "prod")]
    assert asked == [Place("help", "prod"), Place("shop", "prod")]
