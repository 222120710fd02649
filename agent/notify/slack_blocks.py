"""How a message looks in Slack, and stays within all of Slack's limits.

Slack refuses a whole message for one part that is too long, so everything is shortened to fit. `verbatim` keeps Slack
from turning `@here` and URLs inside a log's strings into mentions and links.
https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from agent.notify.base import Link, Message
from agent.notify.text import ELLIPSIS, shorten

HEADER: Final = 150
SECTION: Final = 3000
FIELDS: Final = 10
FIELD: Final = 600
PARAGRAPHS: Final = 40
SECTIONS: Final = 46
FALLBACK: Final = 600
TOTAL: Final = 12_000

_TORN = re.compile(r"(&[a-z]{0,4}|<[^<>]*)…$")


Block = dict[str, Any]


def escape(text: str) -> str:
    """Slack's three control characters; without them `<!channel>` pings nobody. It reads the entities in headers too."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def payload(message: Message) -> dict[str, Any]:
    """The body of a request: the blocks, and the `text` that notifications of the device show."""
    facts = [_mrkdwn(_fit(f"*{label}*\n{value}", FIELD)) for label, value in message.fields[:FIELDS]]
    frame = [{"type": "section", "fields": facts}] if facts else []
    links = _linked(message.links)
    fallback = _fit("\n".join([message.title, *_paragraphs(message.text)[:1]]), FALLBACK)
    spent = len(fallback) + HEADER + sum(len(fact["text"]) for fact in facts) + len(links)
    pieces = (piece for paragraph in _paragraphs(message.text) for piece in _pieces(paragraph))
    sections = list(_sections(islice(pieces, SECTIONS), TOTAL - spent))
    blocks = [_header(message.title), *sections[:1], *frame, *sections[1:], *([_section(links)] if links else [])]
    return {"text": fallback, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def retitled(blocks: Sequence[Block], title: str) -> dict[str, Any]:
    """The body that gives a message another header and leaves the rest of its blocks."""
    rest = [block for block in blocks if block.get("type") != "header"]
    return {"text": _fit(title, FALLBACK), "blocks": [_header(title), *rest]}


def _header(title: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": _fit(title, HEADER), "emoji": True}}


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of the text; those beyond the block limit go into the last one."""
    found = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    head, tail = found[: PARAGRAPHS - 1], found[PARAGRAPHS - 1 :]
    return [*head, "\n".join(tail)] if tail else head


def _pieces(paragraph: str) -> Iterator[str]:
    """A paragraph in as few pieces of whole lines as fit into a section each; a line that is longer is one of its own."""
    piece = ""
    for line in paragraph.splitlines():
        if piece and len(piece) + 1 + len(line) > SECTION:
            yield piece
            piece = line
        else:
            piece = f"{piece}\n{line}" if piece else line
    yield piece


def _sections(pieces: Iterable[str], room: int) -> Iterator[Block]:
    for piece in pieces:
        text = _fit(piece, min(SECTION, room))
        yield _section(text)
        if len(piece) >= room:
            return
        room -= len(text)


def _linked(links: Iterable[Link]) -> str:
    """As many whole links as fit into one section, one a line."""
    lines = ""
    for label, url in links:
        line = f"<{url.replace('|', '%7C')}|{label}>\n"
        if len(lines) + len(line) <= SECTION:
            lines += line
    return lines.rstrip()


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fit(text: str, limit: int) -> str:
    """Shortened; no half of an entity or of a link is left before the ellipsis."""
    return text if len(text) <= limit else _TORN.sub(ELLIPSIS, shorten(text, limit))
