"""In a real browser: the way from an alert to its end, on a wide and a narrow screen, in light and dark, with axe-core looking on."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, expect, sync_playwright

from tests.support.demo_site import SPANISH, Served, served

ALERT = f"/alerts/{SPANISH}"
PATHS = ("/", "/languages/es", "/pairs", "/alerts", ALERT, "/quality", "/reports")
SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
LIGHT = 300_000  # bytes of a page with all that it loads


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo's world with its site, for all tests of this file."""
    with served(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; fails where there is none, and says what would bring it."""
    path = os.environ.get("BABELWATCH_TEST_CHROMIUM") or shutil.which("chromium")
    assert path, "there is no Chromium: scripts/setup.sh test installs it, or BABELWATCH_TEST_CHROMIUM names one"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


class Watched:
    """A context whose pages note what went wrong in them, and what they asked for."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url, self.wrong, self.asked, self.weight = url, list[str](), list[str](), 0
        self.page = context.new_page()
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("response", lambda answer: self._weigh(len(answer.body())) if answer.status == 200 else None)

    def _weigh(self, bytes_: int) -> None:
        self.weight += bytes_

    def open(self, path: str) -> Page:
        """Go there."""
        self.page.goto(self.url + path, wait_until="load")
        return self.page

    def check(self) -> None:
        """Nothing went wrong, nothing was asked of anybody else."""
        assert self.wrong == []
        assert {url for url in self.asked if not url.startswith((self.url, "data:"))} == set()


@pytest.fixture
def watched(site: Served, browser: Browser) -> Iterator[Watched]:
    """A fresh context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield Watched(context, site.url)
    context.close()


@pytest.mark.parametrize("path", [*PATHS, "/runbook"])
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_pages_are_for_everybody(site: Served, browser: Browser, path: str, width: int, scheme: str) -> None:
    """No serious violation by axe-core, no sideways scrolling, no console error, light, and nothing from elsewhere."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    watched = Watched(context, site.url)
    page = watched.open(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    serious = [
        (one["id"], [node["html"] for node in one["nodes"]][:3])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    watched.check()
    assert watched.weight < LIGHT
    context.close()


def test_a_week_s_report_is_for_everybody_too(watched: Watched) -> None:
    """It has its own style, and the page's policy allows it."""
    page = watched.open("/reports")
    page.locator("tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("week")
    assert page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
    serious = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in {"serious", "critical"}]
    assert serious == []
    watched.check()


def test_on_call(watched: Watched) -> None:
    """From the alert's link to the language, another range, the decision step by step; acknowledged, silenced, accepted."""
    page = watched.open(ALERT)
    expect(page.locator("h1")).to_contain_text("Spanish")
    page.locator("summary", has_text="step").first.click()
    expect(page.locator("pre").first).to_contain_text("verdict")

    page.get_by_role("link", name="Spanish").first.click()
    expect(page.locator("h1")).to_contain_text("Spanish")
    page.get_by_role("link", name="24 hours").click()
    assert "from=-24h" in page.url
    expect(page.locator("svg.chart").first).to_be_visible()

    watched.open(ALERT)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("main")).to_contain_text("cknowledged")
    _mute(page)
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("main")).to_contain_text("ccepted")
    watched.check()


def _mute(page: Page) -> None:
    form = page.locator("form[action$='/mute']")
    if not form.is_visible():
        page.locator("details", has=form).locator("summary").first.click()
    form.locator("[name=reason]").fill("the index is rolled back")
    form.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("the index is rolled back")


def test_without_javascript_all_of_it_works(site: Served, browser: Browser) -> None:
    """Pages, ranges and forms are HTML."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url + "/")
    page.get_by_role("link", name="24 hours").click()
    assert "from=-24h" in page.url
    expect(page.locator("tbody tr").first).to_be_visible()
    context.close()


def test_the_keyboard_is_enough(watched: Watched) -> None:
    """The first stop leads past the navigation, and every stop can be seen."""
    page = watched.open("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_a_page_keeps_up_with_the_data_by_itself(watched: Watched) -> None:
    """Where nobody works on it, it is asked for again after a minute; an open form is left alone."""
    page = watched.page
    page.clock.install()
    watched.open("/alerts")
    with page.expect_request(lambda request: request.resource_type == "fetch") as fetched:
        page.clock.run_for(61_000)
    assert fetched.value.url == page.url
    watched.check()


def test_screens_are_kept(site: Served, browser: Browser) -> None:
    """The pictures of docs/pages are of pages that exist; with BABELWATCH_SCREENS=1 they are drawn anew."""
    folder = Path(__file__).parents[2] / "docs" / "screens"
    if os.environ.get("BABELWATCH_SCREENS"):
        _draw(site, browser, folder)
    assert {path.name for path in folder.iterdir()} == {
        f"{name}-{width}-{scheme}.jpg" for name in NAMES.values() for width, scheme in SCREENS
    }


NAMES = dict(zip(PATHS, ("languages", "language", "pairs", "alerts", "alert", "quality", "reports"), strict=True)) | {
    "report": "report"
}


def _draw(site: Served, browser: Browser, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for width, scheme in SCREENS:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page = context.new_page()
        for path, name in NAMES.items():
            page.goto(site.url + ("/reports" if path == "report" else path))
            if path == "report":
                page.locator("tbody a").first.click()
            height = min(page.evaluate("document.documentElement.scrollHeight"), 1600)
            clip = FloatRect(x=0, y=0, width=width, height=height)
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.jpg", type="jpeg", quality=60, full_page=True, clip=clip)
        context.close()
