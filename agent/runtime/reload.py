"""Takes up an edited configuration without a restart; a bad one leaves everything as it is, and says so.

reload = Reload(known, read, make, files_of)
reload.look(now)       # at every turn of the loop: what took effect since the last one
reload.ask()           # SIGHUP: at the next turn, whether a file changed or not
reload.reload()        # POST /-/reload, from any thread: what changed, or every mistake
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from agent.config.section import Section
from agent.config.settings import Settings
from agent.errors import Misconfigured

log = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=10)
AT_ONCE: Final = ("rules", "quality", "notify", "report", "probes", "golden")
"""The sections that take effect in a running agent; all others do at its next start."""
COUNTED: Final = "k"  # of quality: how deep recall is counted is part of what is counted, which begins with a start


class Known(Protocol):
    """Settings, and what the files that they name say."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def rules(self) -> Sequence[Any]:
        """The rules."""

    @property
    def mutes(self) -> Sequence[Any]:
        """The mutes of the file."""


K = TypeVar("K", bound=Known)


class Taken(NamedTuple):
    """The settings that changed, dotted: those that are in force, and those that are at the next start."""

    changes: tuple[str, ...] = ()
    at_next_start: tuple[str, ...] = ()


def changed(before: Settings, after: Settings) -> Iterator[str]:
    """The dotted names of what differs, two deep."""
    for name in Settings.model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, Section):
            yield from (f"{name}.{key}" for key in type(old).model_fields if getattr(old, key) != getattr(new, key))
        elif old != new:
            yield name


def at_once(name: str) -> bool:
    """Whether a setting takes effect in a running agent."""
    return name.partition(".")[0] in AT_ONCE and name != f"quality.{COUNTED}"


def in_force(before: Settings, after: Settings) -> Settings:
    """The settings of before with what takes effect at once."""
    quality = after.quality.model_copy(update={COUNTED: getattr(before.quality, COUNTED)})
    return before.model_copy(update={**{name: getattr(after, name) for name in AT_ONCE}, "quality": quality})


def digest(path: Path) -> str:
    """Of the content of a file, or of the files in a folder, wherever links lead now; empty where nothing can be read."""
    try:
        if not path.is_dir():
            return sha256(path.read_bytes()).hexdigest()
        inside = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        return sha256("".join(f"{one.name}\0{digest(one)}\0" for one in inside).encode()).hexdigest()
    except OSError:
        return ""


class Reload(Generic[K]):
    """What is in force, and the files that it was read from.

    `read` reads the settings, `make` what their files say, `files_of` names all that is watched. `told` hears of each try
    what was wrong, or None.
    """

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        known: K,
        *,
        read: Callable[[], Settings],
        make: Callable[[Settings], K],
        files_of: Callable[[Settings], Sequence[Path]],
        told: Callable[[Misconfigured | None], None],
        now: datetime,
    ) -> None:
        self._known, self._read, self._make, self._files_of, self._told = known, read, make, files_of, told
        self._seen = _digests(files_of(known.settings))
        self._templates = self._template_digest(known.settings)
        self._due_at = now + EVERY
        self._lock = threading.Lock()
        self._asked = False
        self._taken: frozenset[str] = frozenset()
        self._said_later: frozenset[str] = frozenset()

    def in_force(self) -> K:
        """The configuration as it is now."""
        return self._known

    def ask(self) -> None:
        """Have it read at the next turn; all that a signal handler may do."""
        self._asked = True

    def look(self, now: datetime) -> frozenset[str]:
        """Read it again where that was asked for or a file changed; returns what took effect since the last look."""
        if self._asked or (now >= self._due_at and self._seen != _digests(self._seen)):
            self._asked = False
            self._try()
        if now >= self._due_at:
            self._due_at = now + EVERY
        with self._lock:
            taken, self._taken = self._taken, frozenset()
        return taken

    def _try(self) -> None:
        try:
            self.reload()
        except Misconfigured as error:
            log.error("the configuration stays as it was, since the new one is wrong:\n%s", error)  # noqa: TRY400 - no trace for a mistake

    def reload(self) -> Taken:
        """Read it again; raises Misconfigured with every mistake, and then nothing has changed."""
        with self._lock:
            try:
                taken = self._reloaded()
            except Misconfigured as error:
                self._told(error)
                raise
            self._told(None)
        self._say(taken)
        return taken

    def _reloaded(self) -> Taken:
        """The content is looked at before it is read: what changes in between is seen at the next look."""
        before = self._seen = _digests(self._seen)
        settings = self._read()
        self._seen = {path: before.get(path) or digest(path) for path in self._files_of(settings)}
        old, new = self._known, self._make(in_force(self._known.settings, settings))
        templates = self._template_digest(new.settings)
        differs = [
            *changed(old.settings, settings),
            *(["rules"] if old.rules != new.rules else []),
            *(["notify.mutes"] if old.mutes != new.mutes else []),
            *(["notify.templates"] if self._templates != templates else []),
        ]
        names = tuple(dict.fromkeys(differs))
        taken = Taken(tuple(name for name in names if at_once(name)), tuple(name for name in names if not at_once(name)))
        self._known, self._templates = new, templates
        self._taken |= frozenset(taken.changes)
        return taken

    def _template_digest(self, settings: Settings) -> str:
        return digest(settings.notify.templates) if settings.notify.templates else ""

    def _say(self, taken: Taken) -> None:
        log.info("the configuration was read again: %s", ", ".join(taken.changes) or "nothing of it is new")
        for name in sorted(set(taken.at_next_start) - self._said_later):
            log.warning("%s was changed, and takes effect at the next start", name)
        self._said_later = frozenset(taken.at_next_start)


def _digests(files: Sequence[Path] | Mapping[Path, str]) -> dict[Path, str]:
    return {path: digest(path) for path in files}
