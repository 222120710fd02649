"""What the settings and the files that they name say together, each file read once, at the first time that it is asked for."""

from collections.abc import Callable
from functools import cached_property

from agent import parts
from agent.alerting.measures import Quality
from agent.alerting.rule import Rule
from agent.config.settings import Settings
from agent.errors import Misconfigured, together
from agent.notify.base import Notifier
from agent.notify.mute import Mute


class Configured:
    """One state of the configuration; what changes on disk later does not change it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def quality(self) -> Quality:
        """How quality is read."""
        return parts.quality(self.settings)

    @cached_property
    def rules(self) -> list[Rule]:
        """The configured rules; raises Misconfigured with every mistake."""
        return parts.rules(self.settings)

    @cached_property
    def labels(self) -> frozenset[str]:
        """The labels that the rules give to incidents."""
        return parts.labels(self.rules)

    @cached_property
    def mutes(self) -> list[Mute]:
        """The mutes of the file, where one is named; raises Misconfigured with every mistake."""
        return parts.mutes(self.settings, self.labels) if self.settings.notify.mutes else []  # else no rule is read for it

    @cached_property
    def notifiers(self) -> dict[str, Notifier]:
        """The configured receivers, or the log when there are none."""
        return parts.notifiers(self.settings)

    def read(self) -> "Configured":
        """Read every file now; raises Misconfigured with every mistake in all of them."""
        together(lambda: self.rules, self._read_mutes, lambda: parts.templates(self.settings))
        return self

    def _read_mutes(self) -> None:
        """Where the rules are wrong, any label could be one of theirs; all else that is wrong with the file is told beside them."""
        try:
            self.rules  # noqa: B018 - read here, or wrong
        except Misconfigured:
            parts.mutes(self.settings, None)
        else:
            self.mutes  # noqa: B018 - likewise


InForce = Callable[[], Configured]
"""The configuration as it is now: a running agent may have read it anew."""


def fixed(settings: Settings) -> InForce:
    """A configuration that stays as it is, such as that of a command."""
    configured = Configured(settings)
    return lambda: configured
