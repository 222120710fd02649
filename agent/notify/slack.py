"""Slack, through an incoming webhook: the URL is the secret, and the answer `ok` is the only success.

Slack refuses a whole message for one part that is too long, so everything is shortened to fit. `verbatim` keeps Slack
from turning `@here` and URLs inside a log's strings into mentions and links.
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from agent.notify.base import Link, Message, TransportError
from agent.notify.post import post
from agent.notify.text import ELLIPSIS, shorten

HEADER: Final = 150
SECTION: Final = 3000
FIELDS: Final = 10
FIELD: Final = 600
PARAGRAPHS: Final = 40
FALLBACK: Final = 600
TOTAL: Final = 12_000

_TORN = re.compile(r"(&[a-z]{0,4}|<[^<>]*)…$")


class SlackNotifier:
    """Posts each message to one channel."""

    def __init__(self, name: str, webhook_url: str, timeout: float = 10.0) -> None:
        self.name = name
        self._webhook_url = webhook_url
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"SlackNotifier({self.name!r}, <secret>)"

    def escape(self, text: str) -> str:
        """Slack's three control characters; without them `<!channel>` pings nobody."""
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def send(self, message: Message) -> None:
        """Post the message, or raise `TransportError`."""
        answer = post(self._webhook_url, payload(message), to="Slack", timeout=self._timeout)
        if isinstance(answer, TransportError):
            raise answer
        if answer.text.strip() != "ok":
            raise TransportError("Slack's answer was not ok: is this the URL of an incoming webhook?", permanent=True)


def payload(message: Message) -> dict[str, Any]:
    """The body of the request, within all of Slack's limits."""
    header = {"type": "header", "text": {"type": "plain_text", "text": _fit(message.title, HEADER), "emoji": True}}
    facts = [_mrkdwn(_fit(f"*{label}*\n{value}", FIELD)) for label, value in message.fields[:FIELDS]]
    frame = [{"type": "section", "fields": facts}] if facts else []
    links = _linked(message.links)
    fallback = _fit("\n".join([message.title, *_paragraphs(message.text)[:1]]), FALLBACK)
    spent = len(fallback) + HEADER + sum(len(fact["text"]) for fact in facts) + len(links)
    sections = list(_sections(_paragraphs(message.text), TOTAL - spent))
    blocks = [header, *sections[:1], *frame, *sections[1:], *([_section(links)] if links else [])]
    return {"text": fallback, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of the text; those beyond the block limit go into the last one."""
    found = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    head, tail = found[: PARAGRAPHS - 1], found[PARAGRAPHS - 1 :]
    return [*head, "\n".join(tail)] if tail else head


def _sections(paragraphs: Iterable[str], room: int) -> Iterator[dict[str, Any]]:
    for paragraph in paragraphs:
        text = _fit(paragraph, min(SECTION, room))
        room -= len(text)
        yield _section(text)
        if room < len(ELLIPSIS):
            return


def _linked(links: Iterable[Link]) -> str:
    """As many whole links as fit into one section, one a line."""
    lines = ""
    for label, url in links:
        line = f"<{url.replace('|', '%7C')}|{label}>\n"
        if len(lines) + len(line) <= SECTION:
            lines += line
    return lines.rstrip()


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fit(text: str, limit: int) -> str:
    """Shortened; no half of an entity or of a link is left before the ellipsis."""
    return text if len(text) <= limit else _TORN.sub(ELLIPSIS, shorten(text, limit))
