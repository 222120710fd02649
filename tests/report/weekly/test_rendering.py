"""How a report is written: escaped, without a request, short."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from agent.probing.kept import entry_of
from agent.report.weekly.html import html
from agent.report.weekly.publish import bulletin, document
from agent.report.weekly.text import text
from agent.store.base import Entry
from tests.report.weekly.builders import Store, at, broke, days, three
from tests.report.weekly.test_weekly import CALM, probed

EVIL = "<script>alert(1)</script>"
MOST_LINES = 40


def evil() -> Store:
    """A log whose names are markup, in every place that a name has."""
    body = {"service": EVIL, "environment": EVIL, "collection": EVIL, "embedding_model": EVIL, "index_version": EVIL, "note": EVIL}
    entries = [
        Entry("change", "1", at(1), {**body, "at": at(1).isoformat()}),
        *broke(EVIL, at(2), summary=EVIL, note=EVIL, service=EVIL, advice=EVIL),
        *broke("ko", at(2), class_="level", summary=EVIL),
    ]
    return Store(*days([{**CALM, EVIL: (500, 0.9)}] * 2 + [{**CALM, EVIL: (500, 0.1)}]), entries=entries)


class Seen(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Note it."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in {"meta", "br", "line", "rect", "path", "circle"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """What is closed was opened last."""
        if tag in self.open:
            assert self.open.pop() == tag


def test_names_of_a_log_are_no_markup() -> None:
    """Language, collection, version, note, summary and advice are all shown, and none is an element."""
    page = html(evil().report(), "https://babelwatch.example/")
    seen = Seen(page)
    assert "script" not in seen.tags
    assert page.count("&lt;script&gt;alert(1)") >= 6
    assert seen.open == []


def test_a_report_asks_for_nothing() -> None:
    """No source, no style sheet, no import, no address in the style; the only links lead to the agent's own pages."""
    for page in (html(evil().report()), html(three(CALM, CALM).report())):
        seen = Seen(page)
        assert not {"link", "img", "script", "iframe", "object", "base", "form"} & {*seen.tags}
        assert not [
            each
            for each in seen.attributes
            if each[1] in {"src", "href", "style", "srcset", "xlink:href"} or each[1].startswith("on")
        ]
        assert not re.search(r"url\(|@import|https?://", page)
        assert "default-src 'none'" in page


def test_links_lead_to_the_pages_of_the_agent() -> None:
    """What a name holds is part of the path and no way out of it; without an address there is no link."""
    links = [
        value
        for tag, name, value in Seen(html(evil().report(), "https://babelwatch.example/")).attributes
        if (tag, name) == ("a", "href")
    ]
    assert links
    assert all(link.startswith("https://babelwatch.example/") for link in links)
    assert "https://babelwatch.example/languages/%3Cscript%3Ealert%281%29%3C%2Fscript%3E" in links


def test_a_page_is_one_that_everybody_can_read() -> None:
    """One h1, landmarks, captions and scopes; wide tables are regions that the keyboard reaches."""
    page = html(three(CALM, {**CALM, "ko": (500, 0.5)}).report())
    seen = Seen(page)
    assert (seen.tags.count("h1"), seen.tags.count("main"), seen.tags.count("header"), seen.tags.count("footer")) == (1, 1, 1, 1)
    assert seen.tags.count("caption") == seen.tags.count("table")
    assert {name for tag, name, _ in seen.attributes if tag == "th"} >= {"scope"}
    assert seen.tags.count("th") == sum(name == "scope" for tag, name, _ in seen.attributes if tag == "th")
    assert page.count('class="wide"') == page.count('tabindex="0"')


@pytest.mark.parametrize("languages", [3, 60])
def test_the_text_fits_a_message(languages: int) -> None:
    """Some forty lines however many languages, incidents and deployments there are; what is left out is counted."""
    tags = [f"l{n}" for n in range(languages)]
    now = {tag: (200, 0.5 if n % 3 else 0.9) for n, tag in enumerate(tags)}
    entries = [entry for tag in tags for entry in broke(tag, at(2))] + [
        entry for tag in tags for entry in broke(tag, at(-9), class_="level")
    ]
    store = Store(*days([dict.fromkeys(tags, (200, 0.8))] * 2 + [now]), entries=[*entries, entry_of(probed("lo"))])
    told = text(store.report())
    assert len(told.splitlines()) <= MOST_LINES
    assert "<" not in told
    assert told.splitlines()[0].startswith("Worse: ")
    assert (f"Languages (first 10 of {languages}):" in told) == (languages > 10)


def test_the_text_is_not_escaped_and_forges_no_line() -> None:
    """Each channel escapes in its own way; a summary of two lines is one."""
    store = Store(*days([CALM] * 3), entries=broke("ko", at(1), summary="one\n- two & <b>"))
    assert "one - two & <b>" in text(store.report())


def test_a_bulletin_has_one_title() -> None:
    """The same in the subject, at the head of the text and of the page; its week is that of the report."""
    report = three(CALM, CALM).report()
    told = bulletin(report)
    assert told.week == "2026-W46"
    assert told.text.splitlines()[0] == told.title
    assert f"<h1>{told.title}</h1>" in told.html


def test_the_document_is_plain() -> None:
    """Times are RFC 3339 in UTC, and the fields are those of the model."""
    told = json.loads(json.dumps(document(three(CALM, CALM).report())))
    assert (told["start"], told["end"]) == ("2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z")
    assert told["verdict"] == {"word": "no clear change", "languages": 3, "worse": [], "better": [], "unsure": []}
    assert told["languages"][0]["level"]["rests_on"] == "labels"
