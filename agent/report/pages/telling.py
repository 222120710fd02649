"""Whether receivers take messages, and whether active checks run: what the journal says of them. Pure."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from agent.notify.notification import Delivery
from agent.probing.due import CheckRun, Kind, Outcome, Planned


class Posted(NamedTuple):
    """A message that was to be sent."""

    id: str
    receiver: str
    at: datetime


class Receiver(NamedTuple):
    """One receiver: when it last took a message and last refused one, and how many wait since when."""

    name: str
    configured: bool
    sent_at: datetime | None
    failed_at: datetime | None
    error: str
    waiting: int
    waiting_since: datetime | None

    @property
    def state(self) -> Literal["works", "fails", "waits", "nothing sent yet"]:
        """What its newest message says of it."""
        if self.failed_at is not None and (self.sent_at is None or self.sent_at < self.failed_at):
            return "fails"
        return "waits" if self.waiting else "works" if self.sent_at else "nothing sent yet"


class CheckState(NamedTuple):
    """One probe or golden set: its newest run of all languages (None: it never ran), and when one ended well."""

    kind: Kind
    name: str
    planned: bool
    run: CheckRun | None
    done_at: datetime | None

    @property
    def outcome(self) -> Outcome | Literal["never run"]:
        """What became of the newest run."""
        return self.run.outcome if self.run else "never run"


def receivers(configured: Collection[str], posted: Iterable[Posted], deliveries: Sequence[Delivery]) -> list[Receiver]:
    """Those that are configured, then those that were; `posted` and `deliveries` are those that the journal has, oldest first."""
    settled = {one.id for one in deliveries}
    waits = [one for one in posted if one.id not in settled]
    names = dict.fromkeys([*configured, *sorted({one.receiver for one in deliveries})])
    return [_receiver(name, configured, [one for one in waits if one.receiver == name], deliveries) for name in names]


def _receiver(name: str, configured: Collection[str], waits: Sequence[Posted], deliveries: Iterable[Delivery]) -> Receiver:
    own = [one for one in deliveries if one.receiver == name]
    sent = max((one.at for one in own if one.outcome == "sent"), default=None)
    failed = max((one for one in own if one.outcome == "failed"), key=lambda one: one.at, default=None)
    since = min((one.at for one in waits), default=None)
    return Receiver(
        name,
        name in configured,
        sent,
        failed.at if failed else None,
        (failed.error if failed else "") or "",
        len(waits),
        since,
    )


def checks(planned: Planned, runs: Iterable[CheckRun]) -> list[CheckState]:
    """The planned ones, then those that ran and are not planned any more; what one language alone was asked says nothing of the whole."""
    whole = [one for one in runs if not one.language]
    places = dict.fromkeys([*sorted(planned.places), *sorted({(one.kind, one.name) for one in whole})])
    return [_check(kind, name, planned, [one for one in whole if (one.kind, one.name) == (kind, name)]) for kind, name in places]


def _check(kind: str, name: str, planned: Planned, runs: Sequence[CheckRun]) -> CheckState:
    newest = max(runs, key=lambda one: one.started_at, default=None)
    done = max((one.ended_at for one in runs if one.outcome == "done" and one.ended_at), default=None)
    which: Kind = "golden" if kind == "golden" else "probe"
    return CheckState(which, name, (kind, name) in planned.places, newest, done)
