"""The runbook as a page: `docs/runbook.md` in HTML, whose headings can be linked to."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from agent.resources import docs_dir

FILE: Final = "runbook.md"
PARSER: Final = MarkdownIt("commonmark", {"html": False})


@cache
def runbook() -> Markup:
    """As it was when it was read first; it comes with the program."""
    return as_html((docs_dir() / FILE).read_text(encoding="utf-8"))


def as_html(markdown: str) -> Markup:
    """Headings have the anchors that they have on GitHub; links to other files are their text, since those are not served."""
    tokens = PARSER.parse(markdown)
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", anchor(content.content))
    for token in tokens:
        token.children = [*_within(token.children)] if token.children else token.children
    html = PARSER.renderer.render(tokens, PARSER.options, {})
    return Markup(html.replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - our own text, whose HTML is escaped


def anchor(heading: str) -> str:
    """`Is it real?` is `is-it-real`."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _within(tokens: Sequence[Token]) -> Iterator[Token]:
    """Without the links that lead out of the page; links do not nest."""
    leads_out = False
    for token in tokens:
        if token.type == "link_open":
            leads_out = not str(token.attrGet("href")).startswith("#")
        if not (leads_out and token.type in {"link_open", "link_close"}):
            yield token
