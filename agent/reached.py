"""The store as commands reach it: ours as long as it is open, or that of the agent which holds it."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agent import logs, opening
from agent.config.settings import Settings
from agent.configured import fixed
from agent.report.remote import Remote
from agent.report.shared import RemoteJournal
from agent.report.views import RemoteViews, Views
from agent.report.writer import RemoteWriter, Writer
from agent.store.base import Journal
from agent.store.migrate import migrate


@contextmanager
def reading(settings: Settings, folder: Path | None) -> Iterator[Views]:
    """Views of the store; raises Unreachable where there is none."""
    with _reached(settings, folder) as reached:
        yield RemoteViews(reached) if isinstance(reached, Remote) else opening.views(fixed(settings), reached)


@contextmanager
def writing(settings: Settings, folder: Path | None) -> Iterator[Writer]:
    """A writer into the store; raises Unreachable where there is none."""
    with _reached(settings, folder) as reached:
        yield RemoteWriter(reached) if isinstance(reached, Remote) else opening.writer(fixed(settings), reached)


@contextmanager
def journal(settings: Settings, folder: Path | None, *, make: bool = False) -> Iterator[Journal]:
    """The rows of active checks; where there is no store it raises Unreachable, or makes one."""
    home = folder or opening.home(settings)
    if make and home and not (home / opening.ENGINE).is_dir():
        _made(settings, home)
    with _reached(settings, folder) as reached:
        yield RemoteJournal(reached) if isinstance(reached, Remote) else reached.journal


def _made(settings: Settings, folder: Path) -> None:
    with ExitStack() as stack:
        opening.locked(stack, folder)
        migrate(opening.store_in(stack, settings, folder).engine, opening.schemas(), retention=False)


@contextmanager
def _reached(settings: Settings, folder: Path | None) -> Iterator[opening.Store | Remote]:
    logs.configure(logging.WARNING)
    with ExitStack() as stack:
        folder = folder or opening.home(settings)
        holder = opening.holder_of(stack, opening.existing(folder))[1] if folder else None
        yield Remote(holder.address, holder.token) if holder else opening.store_in(stack, settings, folder)
