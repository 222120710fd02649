"""What a running agent does about an edited configuration, at each turn of its loop and on its thread."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from agent.configured import Configured
from agent.desk import Desk
from agent.runtime.reload import Reload

ASKED_EACH_TIME: Final = frozenset({"notify.mutes"})
"""What whoever tells looks up whenever it is needed."""
EVALUATED_BY: Final = ("rules", "quality", "probes", "golden")

Watch = Callable[[datetime], None]


class Renewal:
    """New rules and thresholds have evaluation begin anew, as after a restart, and the watch over the agent itself; new receivers do not."""

    def __init__(
        self,
        reload: Reload[Configured],
        begin_anew: Callable[[], None],
        new_watch: Callable[[], Watch],
        desk: Desk,
    ) -> None:
        self._reload, self._begin_anew, self._new_watch, self._desk = reload, begin_anew, new_watch, desk
        self._watch = new_watch()

    def turn(self, now: datetime) -> None:
        """Take up what changed, then look on."""
        taken = self._reload.look(now) - ASKED_EACH_TIME
        if any(name.startswith("notify.") for name in taken):
            self._desk.configure(self._reload.in_force().notifiers)
        if any(name.partition(".")[0] in EVALUATED_BY for name in taken):
            self._begin_anew()
            self._watch = self._new_watch()
        self._watch(now)
        self._desk.look(now)
