"""What a running agent does about an edited configuration, at each turn of its loop and on its thread."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from agent.configured import Configured
from agent.desk import Desk
from agent.runtime.reload import Reload

ASKED_EACH_TIME: Final = frozenset({"notify.mutes", "notify.templates"})
"""What whoever tells looks up whenever it is needed: nothing has to begin anew for it."""

Watch = Callable[[datetime], None]


class Renewal:
    """Evaluation begins anew with new rules, thresholds or receivers, as after a restart; so does the watch over the agent itself."""

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
        if taken:
            self._begin_anew()
            self._watch = self._new_watch()
        self._watch(now)
        self._desk.look(now)
