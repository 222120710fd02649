"""The runbook as a page: its anchors are those that messages lead to, and nothing in it leads elsewhere."""

import re
from typing import get_args

import pytest

from agent.alerting.incident import Cause
from agent.notify.runbook import PATH, Section, of_cause
from agent.web.runbook import anchor, as_html
from tests.notify.examples import KOREAN
from tests.web.rig import Site, said
from tests.web.test_alert_pages import site_with


@pytest.fixture
def text() -> str:
    """The page as a browser gets it."""
    page = Site().get(PATH)
    assert page.status_code == 200
    return page.text


def test_every_section_can_be_linked_to(text: str) -> None:
    """Each kind and each cause is the anchor of a heading; every link within the page leads to one."""
    ids = re.findall(r'<h[1-6] id="([^"]+)">', text)
    assert {*get_args(Section), *map(of_cause, get_args(Cause))} <= set(ids)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', text)) - {"main"} <= set(ids)


def test_it_looks_like_the_other_pages(text: str) -> None:
    """The same navigation, and how the monitor is; commands can be scrolled by keyboard."""
    assert "Data quality" in said(text)
    assert '<pre tabindex="0"><code class="language-shell">babelwatch alerts explain' in text
    assert text.count("<h1") == 1


def test_it_asks_for_a_token_like_the_other_pages() -> None:
    """A browser is sent to the login, a program is refused."""
    site = Site("secret")
    assert site.get(PATH).status_code == 303
    assert site.get(PATH, accept="*/*").status_code == 401


def test_links_to_other_files_are_their_text() -> None:
    """Only the page itself is served; HTML in the text is text."""
    html = as_html("# A `b` c?\n\n[x](#y) and [z.md](z.md#q), [w](https://w.example) <b>no</b>")
    assert html == ('<h1 id="a-b-c">A <code>b</code> c?</h1>\n<p><a href="#y">x</a> and z.md, w &lt;b&gt;no&lt;/b&gt;</p>\n')
    assert anchor("cause-low_resource") == "cause-low_resource"


def test_an_alert_leads_to_its_kind_and_its_cause() -> None:
    """From its own page, beside the runbook of the rule."""
    page = site_with(KOREAN).get(f"/alerts/{KOREAN.fingerprint}").text
    assert [f'href="{PATH}#{one}"' in page for one in ("drop", "cause-deployment")] == [True, True]
    assert 'href="https://wiki.example/babelwatch"' in page
