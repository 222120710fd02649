"""The first page, and what all pages share: headers, validators, problems."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from agent.aggregate.histogram import MICRO
from agent.alerting.incident import own_incident
from agent.web.headers import ALWAYS
from agent.web.pages import PAGES
from agent.web.rendering import LOOK, SCRIPT
from tests.notify.examples import notification
from tests.report.builders import Looking
from tests.runtime.rig import NOW
from tests.store.builders import flush, window
from tests.web.rig import Site, said

HOSTILE = "<script>alert('x')</script>\" onload=\"y"


@pytest.fixture
def site() -> Site:
    """A site with something to show, on loopback."""
    return Site()


def test_the_first_page_shows_every_language_with_its_figures(site: Site) -> None:
    """Two of six queries hit; what it rests on is said, and the open alerts lead."""
    page = site.get("/")
    assert page.status_code == 200
    text = said(page.text)
    assert "Korean ko 한국어" in text
    assert "33.3 %" in text
    assert "hit rate, scores, never compared with labels" in text
    assert "open alert" in text.partition("Language State")[0]


def test_the_one_that_needs_attention_comes_first(site: Site) -> None:
    """Greek has more queries, Korean fires."""
    names = re.findall(r'<th scope="row"><a href="/languages/(\w+)', site.get("/").text)
    assert names == ["ko", "el"]


def test_an_empty_store_says_so() -> None:
    """Nothing is a state, too: what to look at is said."""
    page = Site(looking=Looking(empty=True)).get("/")
    assert page.status_code == 200
    assert "No queries have been read yet" in said(page.text)


def test_a_range_and_filters_stand_in_the_address(site: Site) -> None:
    """They select, and every link of the page keeps them."""
    page = site.get("/?from=2026-01-01&service=shop").text
    assert re.findall(r'<th scope="row"><a href="([^"]+)', page) == ["/languages/el?from=2026-01-01&amp;service=shop"]
    assert "Only service" in said(page)
    assert 'href="/?from=-24h&amp;service=shop"' in page


@pytest.mark.parametrize("length", ["-1h", "-24h", "-7d", "-35d"])
def test_ranges_that_end_now_show_what_is_within(site: Site, length: str) -> None:
    """At any second of a minute: those that stand on the page, and the same with an end."""
    site.clock.sleep(17.3)
    for words in (f"from={length}", f"from={length}&to=-0m"):
        assert "Korean" in said(site.get(f"/?{words}").text).split("What the columns mean")[0]


def test_what_a_log_says_is_text(site: Site) -> None:
    """A language, and a word of the address, that are markup are shown as they are."""
    site.looking.windows.append(flush(window(3, events=5, language=HOSTILE), stored=10, end=20))
    for path in ("/", "/?service=%3Cscript%3Ealert(1)%3C/script%3E"):
        page = site.get(path).text
        assert "<script>alert" not in page
        assert 'onload="y' not in page


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", [page.path for page in PAGES if "{" not in page.path])
def test_pages_have_no_script_style_or_request_but_our_own(site: Site, path: str) -> None:
    """No inline script, handler or style, which a browser would not run anyway; and nothing from elsewhere."""
    tags = Tags(site.get(path).text).tags
    for tag, attributes in tags:
        assert tag != "style"
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        for name in ("src", "href", "action"):
            address = attributes.get(name) or "/"
            assert address.startswith(("/", "#", "data:image/svg+xml", "?"))
    assert [attributes.get("lang") for tag, attributes in tags if tag == "html"] == ["en"]
    assert [tag for tag, _ in tags].count("h1") == 1


@pytest.mark.parametrize("path", ["/", "/api/v1/languages", "/nowhere", "/static/look.css", "/healthz"])
def test_every_answer_has_the_headers(site: Site, path: str) -> None:
    """Also one that is no page."""
    headers = site.get(path).headers
    assert {name: headers[name] for name in ALWAYS} == ALWAYS
    assert "unsafe" not in headers["content-security-policy"]


def test_a_page_that_the_reader_has_is_not_sent_again(site: Site) -> None:
    """304, as long as nothing was written; then the new one with another validator."""
    first = site.get("/")
    again = site.get("/", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "private, no-cache"
    site.looking.windows.append(flush(window(4, events=500), stored=10, end=20))
    site.cache.forget()
    fresh = site.get("/", **{"if-none-match": first.headers["etag"]})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] != first.headers["etag"]


def test_a_page_is_rendered_once(site: Site) -> None:
    """For all who ask."""
    bodies = {site.get("/").text for _ in range(5)}
    assert (len(bodies), site.made) == (1, 1)


def test_the_api_is_rendered_once_and_can_be_asked_about(site: Site) -> None:
    """The same validator until something is written."""
    first = site.get("/api/v1/languages")
    again = site.get("/api/v1/languages", **{"if-none-match": f'W/"x", {first.headers["etag"]}'})
    assert again.status_code == 304


def test_a_report_is_a_page_with_its_own_style(site: Site) -> None:
    """The policy names the digest of the one style that stands in it; its links stay on this site."""
    week = re.findall(r'href="/reports/(\d{4}-W\d\d)"', site.get("/reports").text)[0]
    page = site.get(f"/reports/{week}")
    assert page.status_code == 200
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in page.headers["content-security-policy"]
    assert 'href="/languages/ko"' in page.text
    assert "http" not in "".join(re.findall(r'(?:href|src)="([^"]*)', page.text))
    assert site.get(f"/reports/{week}", **{"if-none-match": page.headers["etag"]}).status_code == 304


def test_a_week_that_is_none_is_a_page_that_says_so(site: Site) -> None:
    """400 for what is no week, 404 for one without a query."""
    assert site.get("/reports/yesterday").status_code == 400
    assert site.get("/reports/2020-W10").status_code == 404


def test_words_that_mean_nothing_are_a_page_that_says_so(site: Site) -> None:
    """400 with each mistake, escaped."""
    page = site.get("/?from=<b>yesterday</b>&colour=red")
    assert page.status_code == 400
    assert "no time: expected RFC 3339" in said(page.text)
    assert "<b>yesterday" not in page.text


def test_an_address_that_is_nowhere_is_a_page_with_a_way_back(site: Site) -> None:
    """For a program it is a sentence."""
    page = site.get("/nowhere")
    assert (page.status_code, 'href="/"' in page.text) == (404, True)
    answer = site.get("/api/v1/nothing", accept="application/json")
    assert (answer.status_code, answer.json()) == (404, {"error": "/api/v1/nothing: is no address of this agent"})


def test_files_are_kept_for_good_and_named_by_what_is_in_them(site: Site) -> None:
    """A new look has another address."""
    page = site.get("/").text
    for name, content in (("look.css", LOOK), ("page.js", SCRIPT)):
        address = re.search(rf"/static/{name}\?v=\w+", page)
        assert address
        answer = site.get(address[0])
        assert answer.content == content
        assert "immutable" in answer.headers["cache-control"]


def test_a_page_is_light(site: Site) -> None:
    """With look and script, for the first page of a hundred languages: under 300 KB."""
    names = [f"l{number:03}" for number in range(100)]
    site.looking.windows.append(flush(*(window(5, events=40, language=name) for name in names), stored=10, end=20))
    page = site.get("/")
    assert page.text.count('<th scope="row">') > 100
    assert len(page.content) + len(LOOK) + len(SCRIPT) < 300_000


def test_a_receiver_that_is_down_is_told_on_every_page(site: Site) -> None:
    """It stands in messages alone, and is a trouble of the monitor all the same."""
    down = own_incident("receiver-chat", "critical", NOW, "chat has taken no message since 13:00", began_at=NOW)
    site.looking.journal.write([notification(down).entry])
    for path in ("/", "/pairs", "/quality"):
        assert "chat has taken no message since 13:00" in said(site.get(path).text)


def test_scores_of_another_model_are_no_change() -> None:
    """The first page says no more than that of the language, which tells why."""
    looking = Looking(empty=True)
    old, new = (dict[str, Any](embedding_model=name, events=100, scored=100) for name in ("small", "large"))
    day = 24 * 60
    looking.windows.append(
        flush(
            *(window(-ago * day, queries=100 * MICRO, score_hist={50: 100}, **old) for ago in range(9, 16)),
            *(window(-ago * day, queries=100 * MICRO, score_hist={10: 100}, **new) for ago in range(1, 7)),
        )
    )
    site = Site(looking=looking)
    assert "worse" not in said(site.get("/").text).partition("What the columns mean")[0]
    assert "not comparable: scores of another model" in said(site.get("/languages/ko").text)
