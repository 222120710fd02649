"""From an incident to a message, through a Jinja2 template that an operator may replace.

A template's first line is the title, the rest the text; short facts and links are laid out by each channel. Strings of an
incident come from a log that anyone may write into: each is cleaned, shortened and escaped for the channel before any
template sees it, and none is ever read as a template. A broken template costs the layout, never the message.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agent.alerting.incident import Incident
from agent.notify import words
from agent.notify.base import Field, Link, Message
from agent.notify.text import clean, one_line, shorten

Escape = Callable[[str], str]
TEMPLATES: Final = {"firing": "firing.txt.j2", "resolved": "resolved.txt.j2"}
LONGEST_SUMMARY: Final = 2000
LONGEST_URL: Final = 2000
MOST_EVIDENCE: Final = 10
MOST_EXEMPLARS: Final = 5

logger = logging.getLogger(__name__)


class Page(NamedTuple):
    """What a template is given; every string in it is escaped."""

    incident: dict[str, Any]
    subject: str
    advice: str
    fields: tuple[Field, ...]
    links: tuple[Link, ...]


class Renderer:
    """Renders incidents; `folder` holds an operator's own templates, the bundled ones stand in for those not there."""

    def __init__(self, folder: Path | None = None, external_url: str | None = None) -> None:
        self._external_url = external_url
        self._templates = _environment(folder)

    def render(self, incident: Incident, escape: Escape) -> Message:
        """The message for one channel, whose way of escaping is given."""
        page = self._page(incident, escape)
        title, text = self._filled(incident, page, escape)
        return Message(incident, title, text, page.fields, page.links)

    def _page(self, incident: Incident, escape: Escape) -> Page:
        safe = safe_view(incident, escape)
        return Page(
            incident=safe,
            subject=_subject(incident, escape),
            advice=escape(one_line(words.advice(incident))),
            fields=tuple(_fields(incident, safe, escape)),
            links=tuple(_links(incident, self._external_url, escape)),
        )

    def _filled(self, incident: Incident, page: Page, escape: Escape) -> tuple[str, str]:
        name = TEMPLATES.get(incident.state, TEMPLATES["firing"])
        try:
            rendered = self._templates.get_template(name).render(page._asdict()).strip()
            title, _, text = rendered.partition("\n")
        except Exception as error:  # a template may raise anything, and the message goes out all the same
            problem = f"The template {name} is broken ({type(error).__name__}: {one_line(str(error))})."
        else:
            if title:
                return title.strip(), text.strip()
            problem = f"The template {name} renders to nothing."
        logger.error("%s A plain message is sent instead.", problem, extra={"template": name})
        return f"{incident.state.capitalize()}: {page.subject}", f"{page.incident['summary']}\n\n{escape(problem)}".strip()


def _environment(folder: Path | None) -> ImmutableSandboxedEnvironment:
    loaders: list[BaseLoader] = [FileSystemLoader(folder)] if folder else []
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*loaders, PackageLoader("agent.notify")]),
        autoescape=False,  # each channel escapes in its own way, before the template
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(change=_change, when=when)
    return environment


def safe_view(incident: Incident, escape: Escape) -> dict[str, Any]:
    """The incident under the names of its JSON, with every value made harmless; times stay times, links stand elsewhere."""
    view = msgspec.to_builtins(incident, builtin_types=(datetime,))
    view["evidence"] = view["evidence"][:MOST_EVIDENCE]
    view["exemplars"] = view["exemplars"][:MOST_EXEMPLARS]
    del view["links"]
    safe = _harmless(view, lambda text: escape(one_line(text)))
    safe["summary"] = escape(one_line(incident.summary, LONGEST_SUMMARY))
    return dict(safe)


def _harmless(value: Any, escape: Escape) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {key: _harmless(each, escape) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless(each, escape) for each in value]
    return value


def _subject(incident: Incident, escape: Escape) -> str:
    what, language = words.TITLES[incident.class_], _language(incident, escape)
    told = f"{what} in {language}" if language and incident.class_ != "monitor" else what
    where = (escape(one_line(name)) for name in (incident.service, incident.environment) if name)
    return " · ".join([told, *where])


def _language(incident: Incident, escape: Escape) -> str:
    return escape(one_line(words.language_of(incident)))


def _fields(incident: Incident, safe: dict[str, Any], escape: Escape) -> Iterator[Field]:
    """The short facts, only those that are there."""
    judged = incident.class_ in words.JUDGES_QUALITY
    facts = {
        "Severity": incident.severity,
        "Signal": words.SIGNALS[incident.confirmed] if judged else None,
        "Since": when(incident.began_at),
        "Resolved": when(incident.resolved_at),
        "Probable cause": words.CAUSES[incident.cause],
        "Language": _language(incident, escape),
        "Service": safe["service"],
        "Environment": safe["environment"],
        "Index version": safe["index_version"],
        "Embedding model": safe["embedding_model"],
    }
    return (Field(label, value) for label, value in facts.items() if value)


def _links(incident: Incident, external_url: str | None, escape: Escape) -> Iterator[Link]:
    """The alert's page, then what the incident brings along (its runbook); a URL too long to be whole is left out."""
    links = {}
    if external_url:
        links["alert"] = f"{external_url.rstrip('/')}/alerts/{quote(incident.fingerprint, safe='')}"
    links |= incident.links
    safe = partial(quote, safe="%/:?#[]@!$&'()*+,;=~")
    for label, url in links.items():
        if len(url) <= LONGEST_URL and url.startswith(("http://", "https://")):
            yield Link(escape(shorten(clean(label), 80)).capitalize(), escape(safe(clean(url))))


def when(time: datetime | None) -> str | None:
    """`2026-11-16 08:14 UTC`."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if time else None


def _change(drop: float) -> str:
    """A fall of .049 as `−4.9`, a rise as `+4.9`."""
    return f"{-100 * drop:+.1f}".replace("-", "−")
