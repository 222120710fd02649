"""Telling, opened: who decides, the outbox over a connection of its own, and a courier for each receiver."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from agent import parts
from agent.alerting.action import Action
from agent.alerting.incident import Incident
from agent.clock import Clock
from agent.configured import InForce
from agent.errors import RetryLater
from agent.notify import courier, pipeline, trouble
from agent.notify.base import Notifier
from agent.notify.courier import Courier
from agent.notify.couriers import Couriers
from agent.notify.dedup import Reason
from agent.notify.mute import Mute
from agent.notify.notification import Delivery
from agent.notify.outbox import Outbox
from agent.notify.pipeline import Pipeline, Telling
from agent.report.actions import actions_since, joined
from agent.report.mutes import mutes_since
from agent.store.base import Journal

log = logging.getLogger(__name__)

NOBODY: Final = Telling(receivers=(), timings={})


class Ears(NamedTuple):
    """Who hears of each delivery, and of why a receiver is not told."""

    on_delivery: Callable[[Delivery], None] = courier.unheard
    on_silence: Callable[[str, Reason], None] = pipeline.unheard


DEAF: Final = Ears()


class Desk:
    """One for the process; it is configured at the start, and again whenever the settings are read anew."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        outbox: Journal,
        people: Journal,
        clock: Clock,
        in_force: InForce,
        *,
        ears: Ears = DEAF,
        options: str = "",
    ) -> None:
        """`outbox`: a connection that is asked for nothing else; `people`: where acknowledgements are read.

        `options`: how a command finds this agent.
        """
        self._outbox, self._people, self._clock = Outbox(outbox), people, clock
        self._in_force, self._ears, self._options = in_force, ears, options
        self._actions: Sequence[Action] = ()
        self._muted: Sequence[Mute] = ()
        self._couriers: list[Courier] = []
        self._rounds: list[Couriers] = []
        self._gone: Sequence[Incident] = ()
        self._round = Couriers((), self._outbox, clock, threading.Event())
        self.pipeline = Pipeline(NOBODY, self._outbox, clock)

    def configure(self, notifiers: Mapping[str, Notifier]) -> None:
        """Tell these from now on, as is configured now; a message that is just being sent is left to whoever sends it."""
        self._round.ask_to_stop()
        self._rounds.append(self._round)
        settings = self._in_force().settings
        stopping, renderer = threading.Event(), parts.renderer(settings, self._options)
        self._couriers = [
            Courier(one, self._outbox, renderer, on_delivery=self._ears.on_delivery, stop=stopping, clock=self._clock)
            for one in notifiers.values()
        ]
        self._round = Couriers(self._couriers, self._outbox, self._clock, stopping)
        self.pipeline.configure(
            parts.telling(
                settings,
                notifiers,
                mutes=self._mutes,
                handled=self._handled,
                troubles=self._troubles,
                wake=self._round.wake,
                on_silence=self._ears.on_silence,
            )
        )
        self._outbox.forgive()
        self._know_troubles()
        self._round.start()

    def _handled(self, incidents: Sequence[Incident]) -> Sequence[Incident]:
        """While the journal is away what was known last counts: what the agent says of itself does not wait for it."""
        with suppress(RetryLater):
            self._actions = actions_since(self._people)
        return joined(incidents, self._actions)

    def _mutes(self, now: datetime) -> Sequence[Mute]:
        with suppress(RetryLater):
            self._muted = mutes_since(self._people, now)
        return [*self._in_force().mutes, *self._muted]

    def _troubles(self, now: datetime) -> Sequence[Incident]:
        return [*self._round.troubles(now), *self._gone]

    def take_over(self) -> None:
        """Go on as the one who told before has left it; raises RetryLater."""
        self._outbox.take_over()
        self._know_troubles()
        self._round.wake()

    def _know_troubles(self) -> None:
        """What was told of a receiver by the process before ends here, also where the receiver is gone."""
        known = self._outbox.troubles()
        for one in self._couriers:
            one.trouble.resume(known.pop(one.name, None))
        self._gone = [trouble.removed(one, self._clock.now()) for one in known.values()]

    def hand_over(self) -> None:
        """Somebody else evaluates, and tells."""
        self.pipeline.forget()
        self._outbox.hand_over()

    def know(self) -> None:
        """Read what others have told, and leave theirs to them; raises RetryLater."""
        self._outbox.take_over(deliver=False)

    def look(self, now: datetime) -> None:
        """Tell what is due by now."""
        try:
            self.pipeline.look(now)
        except RetryLater as error:
            log.debug("what is due is told later: %s", error)

    def drain(self, patience: timedelta) -> bool:
        """Wait until everything is sent; False where that takes longer."""
        return self._round.drain(patience)

    def close(self) -> None:
        """Stop; what was not sent stays in the outbox."""
        for one in (*self._rounds, self._round):
            one.stop()
