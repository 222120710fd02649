"""From a notification to a message, through a Jinja2 template that an operator may replace.

A template's first line is the title, the rest the text; short facts and links are laid out by each channel. Strings of an
incident come from a log that anyone may write into: each is cleaned, shortened and escaped for the channel before any
template sees it, and none is ever read as a template. A broken template costs the layout, never the message.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.errors import Mistake
from agent.notify import words
from agent.notify.base import Field, Kind, Link, Message, Thread
from agent.notify.bulletin import Bulletin
from agent.notify.notification import Notification
from agent.notify.page import Places, page, safe_change, when
from agent.notify.runbook import linked
from agent.notify.text import clean_lines, one_line, quoted
from agent.notify.words import Escape

TEMPLATES: Final[Mapping[Kind, str]] = {
    "firing": "firing.txt.j2",
    "update": "update.txt.j2",
    "reminder": "reminder.txt.j2",
    "resolved": "resolved.txt.j2",
    "deployment": "deployment.txt.j2",
    "test": "test.txt.j2",
}
TEST: Final = "Test: nothing is wrong"
LONGEST_TITLE: Final = 1000
LONGEST_TEXT: Final = 100_000
NOWHERE: Final = Places()

logger = logging.getLogger(__name__)


class Renderer:
    """Renders notifications; `folder` holds an operator's own templates, the bundled ones stand in for those not there."""

    def __init__(self, folder: Path | None = None, places: Places = NOWHERE) -> None:
        self._places = places
        self._templates = _environment(folder) if folder else _bundled()

    def message(self, notification: Notification, thread: Thread, standing: Sequence[Incident], escape: Escape) -> Message:
        """The message for one channel, whose way of escaping is given."""
        if notification.change is not None:
            return self._deployment(notification, thread, escape)
        standing = self._linked(standing)
        notification = replace(notification, incidents=self._linked(notification.incidents))
        known = page(notification, standing, self._places, escape)
        title = TEST if notification.kind == "test" else f"{known.lead}: {known.subject}"
        plain = (title, known.incident["summary"])
        title, text = self._filled(TEMPLATES[notification.kind], known._asdict(), plain, escape)
        return Message(
            id=notification.id,
            kind=notification.kind,
            at=notification.at,
            thread=thread,
            title=title,
            text=text,
            incidents=notification.incidents,
            standing=standing,
            fields=known.fields,
            links=known.links,
        )

    def _linked(self, incidents: Sequence[Incident]) -> tuple[Incident, ...]:
        """Each with a link to the runbook, for people and for channels that speak to programs."""
        return tuple(linked(one, self._places.external_url) for one in incidents)

    def report(self, notification: Notification, thread: Thread, bulletin: Bulletin, escape: Escape) -> Message:
        """The message that brings a report, with a link to its page where there are pages; it has no template of its own.

        The title is not said again at the beginning of the text.
        """
        base = (self._places.external_url or "").rstrip("/")
        page = f"{base}/reports/{bulletin.week}" if base and bulletin.is_of_a_week else ""
        return Message(
            id=notification.id,
            kind="report",
            at=notification.at,
            thread=thread,
            title=escape(one_line(bulletin.title, LONGEST_TITLE)),
            text=escape(clean_lines(bulletin.text.removeprefix(bulletin.title))[:LONGEST_TEXT]),
            bulletin=bulletin,
            links=(Link("Report", escape(quoted(page))),) if page else (),
        )

    def _deployment(self, notification: Notification, thread: Thread, escape: Escape) -> Message:
        assert notification.change is not None, "asked by the caller"
        change = safe_change(notification.change, escape)
        plain = (f"Deployed: {change['version']}", "")
        title, text = self._filled(TEMPLATES["deployment"], {"change": change}, plain, escape)
        facts = {name.capitalize(): change[name] for name in ("service", "environment", "collection") if change[name]}
        return Message(
            id=notification.id,
            kind="deployment",
            at=notification.at,
            thread=thread,
            title=title,
            text=text,
            change=notification.change,
            fields=tuple(Field(label, value) for label, value in facts.items()),
        )

    def _filled(self, name: str, context: Mapping[str, Any], plain: tuple[str, str], escape: Escape) -> tuple[str, str]:
        """Title and text; where the template is broken, the plain ones and what is wrong with it."""
        try:
            rendered = self._templates.get_template(name).render(context).strip()
            title, _, text = rendered.partition("\n")
        except Exception as error:  # a template may raise anything, and the message goes out all the same
            problem = f"The template {name} is broken ({type(error).__name__}: {one_line(str(error))})."
        else:
            if title:
                return title.strip()[:LONGEST_TITLE], text.strip()[:LONGEST_TEXT]
            problem = f"The template {name} renders to nothing."
        logger.error("%s A plain message is sent instead.", problem, extra={"template": name})
        return plain[0], f"{plain[1]}\n\n{escape(problem)}".strip()


def mistakes_in(folder: Path) -> list[Mistake]:
    """Templates that cannot be read, also those that others include."""
    environment, found = _environment(folder), list[Mistake]()
    for file in sorted(folder.glob("*.j2")):
        try:
            environment.parse(file.read_text("utf-8"))
        except TemplateSyntaxError as error:
            found.append(Mistake(f"{file}:{error.lineno}", "", f"expected a template, found what is none: {one_line(str(error))}"))
        except (OSError, UnicodeError) as error:
            found.append(Mistake(str(file), "", f"expected a file of text in UTF-8, found another ({type(error).__name__})"))
    return found


@cache
def _bundled() -> ImmutableSandboxedEnvironment:
    """Those that come with the agent are always the same: a process compiles them once."""
    return _environment(None)


def _environment(folder: Path | None) -> ImmutableSandboxedEnvironment:
    loaders: list[BaseLoader] = [FileSystemLoader(folder)] if folder else []
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*loaders, PackageLoader("agent.notify")]),
        autoescape=False,  # each channel escapes in its own way, before the template
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(change=words.points, measure=words.measure, when=when)
    return environment
