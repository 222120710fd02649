"""The pages of alerts over a store: what they show, what their buttons do, and that nothing of a log becomes markup."""

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import msgspec
import pytest
from msgspec.structs import replace

from agent.alerting.incident import Evidence, Incident, MutedBy, Part, own_incident
from agent.alerting.loss import Loss
from agent.notify.dedup import Reason
from agent.notify.notification import Delivery
from agent.store.base import Entry
from agent.web.rendering import coded
from tests.notify.examples import KOREAN, notification
from tests.report.builders import OVER, Looking, change, transition
from tests.report.pages.test_alerts import WORKINGS
from tests.runtime.rig import NOW
from tests.store.builders import at
from tests.web.rig import Site, said
from tests.web.test_pages import HOSTILE, Tags

ALERT = f"/alerts/{KOREAN.fingerprint}"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def site_with(*incidents: Incident, empty: bool = True) -> Site:
    """A site over these incidents, or over the usual ones too."""
    looking = Looking(empty=empty)
    looking.journal.write([transition(one, 4) for one in incidents])
    return Site(looking=looking)


@pytest.fixture
def site() -> Site:
    """A site with incidents and deployments."""
    return Site()


def forms(page: str) -> dict[str, dict[str, str]]:
    """The hidden fields of each form, by where it is sent."""
    found: dict[str, dict[str, str]] = {}
    for tag, attributes in Tags(page).tags:
        if tag == "form" and attributes.get("method") == "post":
            own = found[str(attributes["action"])] = {}
        elif tag == "input" and attributes.get("type") == "hidden" and found:
            own[str(attributes["name"])] = str(attributes["value"])
    return found


def press(site: Site, page: str, button: str, **fields: str) -> str:
    """Send a form of a page as a browser does, with what is hidden in it; returns the page that it leads to."""
    (address, hidden), *_ = ((to, each) for to, each in forms(site.get(page).text).items() if to.endswith(f"/{button}"))
    answer = site.send(address, {**hidden, **fields}, origin="http://127.0.0.1:8080")
    assert answer.status_code == 303
    return said(site.get(answer.headers["location"]).text)


class TestAll:
    """`/alerts`."""

    def test_open_ones_lead_with_their_number(self, site: Site) -> None:
        """And what is over follows; each leads to its page."""
        page = site.get("/alerts")
        assert page.status_code == 200
        text = said(page.text)
        assert text.index("2 open alerts") < text.index("−7.4 points of hit rate in Korean (ko)") < text.index("Over in the last")
        assert text.index("Over in the last") < text.index("in Greek (el)") < text.index("Mutes")
        assert f'href="{ALERT}"' in page.text
        assert f"/alerts/el?{urlencode({'at': (OVER.began_at or NOW).isoformat()})}" in page.text

    def test_filters_stand_in_the_address(self, site: Site) -> None:
        """They select, stand in the form, and can be taken away."""
        page = site.get("/alerts?language=es&state=firing").text
        assert "in Spanish" in said(page)
        assert "in Korean" not in said(page)
        assert '<option value="es" selected>' in page
        assert 'href="/alerts?state=firing"' in page
        assert site.get("/alerts?colour=red").status_code == 400

    def test_what_is_over_for_long_is_one_click_away(self, site: Site) -> None:
        """How many there are is said."""
        site.clock.advance(timedelta(days=20))
        page = site.get("/alerts").text
        assert "1 more from before" in said(page)
        assert "in Greek (el)" in said(site.get("/alerts?all=1").text)

    def test_no_alert_is_a_state_too(self) -> None:
        """And says where to look for what cannot be seen."""
        text = said(site_with().get("/alerts").text)
        assert "No open alert" in text
        assert "smallest fall seen" in text

    def test_mutes_can_be_ended_there(self, site: Site) -> None:
        """By the button, with which it is gone from the list."""
        site.looking.writer.mute({"match": {"language": "ko"}, "for": "4h", "reason": "reindexing", "by": "ana"})
        page = site.get("/alerts").text
        assert "language ko until 2026-11-16 12:30 UTC reindexing ana" in said(page)
        assert "Nothing is muted" in press(site, "/alerts", "end")

    def test_what_the_agent_says_of_itself_is_among_them(self, site: Site) -> None:
        """Lost records, and a receiver that is down, which stands in messages only; each has a page."""
        lost = Loss("logs/0", "logs", 0, 5, 9, NOW)
        down = own_incident("d0a1", "warning", at(20), "The receiver “pager” cannot be told.", began_at=at(5))
        site.looking.journal.write(
            [Entry("lost", "logs/0@5", NOW, msgspec.to_builtins(lost)), notification(down, posted_at=at(20)).entry]
        )
        page = site.get("/alerts").text
        assert "Up to 4 records of logs" in said(page)
        assert "“pager” cannot be told" in said(page)
        for address in set(re.findall(r'href="(/alerts/[^"?]+)"', page)):
            assert site.get(address).status_code == 200
        assert forms(site.get("/alerts/d0a1").text) == {}


class TestOne:
    """`/alerts/{fingerprint}`."""

    def test_it_says_what_since_when_and_what_to_do(self, site: Site) -> None:
        """Number, summary, advice and facts, in that order; its links lead to the language at that time and to the runbook."""
        page = site.get(f"/alerts/{KOREAN.fingerprint[:4]}")
        assert page.status_code == 200
        text = said(page.text)
        marks = (
            "−7.4 points of hit rate in Korean (ko)",
            KOREAN.summary,
            "What to do:",
            "What is known",
            "Timeline 2026",
            "Is it true?",
        )
        assert [text.index(one) for one in marks] == sorted(text.index(one) for one in marks)
        assert 'href="/languages/ko?from=2026-11-16T02%3A14%3A00Z&amp;to=2026-11-16T08%3A30%3A00Z' in page.text
        assert 'href="https://wiki.example/babelwatch"' in page.text

    def test_the_timeline_is_that_of_the_journal(self, site: Site) -> None:
        """Deployments before it, when it fired, who was told, the newest last."""
        delivered = Delivery(id="n1", receiver="chat", outcome="sent", reason=Reason.FIRST, at=at(25))
        site.looking.journal.write([notification(at=at(25), posted_at=at(25)).entry, delivered.entry, change("v41", -60)])
        text = said(site.get(ALERT).text).partition("Timeline 2026")[2].partition("Is it true?")[0]
        order = ["index version v41", "Began", "Pending", "Fired as warning", "Told: chat", "the first message"]
        assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)

    def test_the_decision_is_explained_in_words_and_to_the_last_digit(self) -> None:
        """The table for whoever is on call, and the text of the command, folded."""
        page = site_with(replace(KOREAN, evidence=(Evidence("drop", "hit_rate", 0.08, 4.383, 1200, WORKINGS),))).get(ALERT).text
        assert "Sure enough? at least 3.5 times its error yes" in said(page)
        explained = page.partition("<details>")[2].partition("</details>")[0]
        assert "0.9 - 0.82 = 0.08, which is 8.0 points" in explained
        assert "<pre" in explained

    def test_the_chart_is_drawn_of_what_is_stored(self, site: Site) -> None:
        """With a text instead, and its deployments; without windows there is none."""
        site.looking.journal.write([change("v41", -60)])
        korean = replace(KOREAN, began_at=at(0), scale_minutes=1, n=2)
        site.looking.journal.write([transition(korean, 4)])
        page = site.get(ALERT).text
        assert 'aria-label="Hit rate of Korean' in page
        assert '<text x="' in page.partition("<svg")[2]
        assert ">v41</text>" in page
        assert "<svg" not in site_with(KOREAN).get(ALERT).text

    def test_an_earlier_one_is_shown_and_not_handled(self) -> None:
        """What is done with a fingerprint is done with the newest; each leads to the other."""
        earlier = replace(
            KOREAN, state="resolved", began_at=at(-600), pending_since=at(-600), fired_at=at(-590), resolved_at=at(-500)
        )
        site = site_with(earlier, KOREAN)
        newest = site.get(ALERT).text
        (address,) = re.findall(rf'href="({ALERT}\?at=[^"]+)"', newest)
        page = site.get(address).text
        assert "This is an earlier alert" in said(page)
        assert forms(page) == {}
        assert f'href="{ALERT}"' in page
        assert site.get(f"{ALERT}?at=2020-01-01").status_code == 404

    @pytest.mark.parametrize("name", ["ffff", "%3Cscript%3E", "x" * 300])
    def test_an_unknown_one_leads_to_all(self, site: Site, name: str) -> None:
        """404, with a way on."""
        page = site.get(f"/alerts/{name}")
        assert page.status_code == 404
        assert 'href="/alerts?all=1"' in page.text
        assert "<script>" not in page.text.partition("</head>")[2]


class TestButtons:
    """What people do on the page."""

    @pytest.mark.parametrize(
        ("button", "fields", "shown"),
        [
            ("ack", {"note": "I look", "by": "kim"}, ["Acknowledged by kim", "I look"]),
            ("accept", {"by": "kim"}, ["Accepted by kim", "Give a verdict"]),
            ("close", {"verdict": "false", "note": "a load test"}, ["Closed as false", "a load test", "Change the verdict"]),
            ("mute", {"for": "4h", "reason": "reindexing", "by": "ana"}, ["Muted by ana until 2026-11-16 12:30 UTC", "reindexing"]),
        ],
    )
    def test_each_is_seen_at_once(self, site: Site, button: str, fields: Mapping[str, str], shown: list[str]) -> None:
        """On the page that the form leads to, though it was just asked for."""
        site.get(ALERT)
        text = press(site, ALERT, button, **fields)
        assert all(one in text for one in shown)
        assert f"{ALERT}/{button}" not in forms(site.get(ALERT).text) or button == "close"

    def test_a_mute_is_about_this_alert_and_can_be_ended_on_its_page(self, site: Site) -> None:
        """Language, service, environment and class; the end leads back."""
        press(site, ALERT, "mute", **{"for": "1h", "reason": "reindexing"})
        (mute,) = site.looking.views.mutes({})
        assert mute["match"] == {"language": ("ko",), "service": ("help",), "environment": ("prod",), "class": ("change",)}
        assert "The mute was ended" in press(site, ALERT, "end")

    def test_a_mute_of_what_names_no_service_is_not_one_of_all_services(self) -> None:
        """An empty service means those without one."""
        site = site_with(replace(KOREAN, service=""))
        press(site, ALERT, "mute", **{"for": "1h", "reason": "reindexing"})
        (mute,) = site.looking.views.mutes({})
        assert mute["match"]["service"] == ("",)
        assert "muted" in said(site.get("/alerts").text)

    def test_what_is_over_takes_a_verdict_only(self, site: Site) -> None:
        """And shows it."""
        assert list(forms(site.get("/alerts/el").text)) == ["/alerts/el/close"]
        assert "Closed as real" in press(site, "/alerts/el", "close", verdict="real")

    @pytest.mark.parametrize(
        ("button", "fields"), [("ack", {}), ("accept", {}), ("close", {"verdict": "real"}), ("mute", {"for": "1h", "reason": "r"})]
    )
    def test_nothing_of_another_site_changes_it(self, site: Site, button: str, fields: Mapping[str, str]) -> None:
        """Without our word, or from another origin."""
        before = site.looking.journal.revision()
        hidden = forms(site.get(ALERT).text)[f"{ALERT}/{button}"]
        assert site.send(f"{ALERT}/{button}", {**hidden, **fields, "csrf": "guess"}).status_code == 400
        assert site.send(f"{ALERT}/{button}", {**hidden, **fields}, origin="https://evil.example").status_code == 403
        assert site.looking.journal.revision() == before


HOSTILE_ONE = replace(
    KOREAN,
    fingerprint="0bad",
    language=HOSTILE[:30],
    service=HOSTILE,
    environment='"><img src=x onerror=alert(1)>',
    summary=f"fell {HOSTILE}",
    advice=HOSTILE,
    metric=HOSTILE,
    rule=HOSTILE,
    index_version=HOSTILE,
    collection=HOSTILE,
    where=(Part("collection", HOSTILE, 0.9, 0.1), Part("document_language", HOSTILE[:30], 0.1, 0.1)),
    evidence=(Evidence(HOSTILE, HOSTILE, 0.1), Evidence("drop", "hit_rate", 0.08, 4.383, 1200, WORKINGS)),
    exemplars=(HOSTILE, TRACE),
    links={HOSTILE: "https://wiki.example/a", "evil": "javascript:alert(1)", "quote": 'https://x.example/"onclick="alert(1)'},
    labels={HOSTILE: HOSTILE},
    muted_by=MutedBy("m", HOSTILE),
)


def hostile_site() -> Site:
    """Everything that people and logs say is markup there."""
    site = site_with(HOSTILE_ONE, empty=False)
    site.looking.journal.write(
        [
            change(HOSTILE, 0),
            notification(HOSTILE_ONE, receiver=HOSTILE, posted_at=at(25)).entry,
            Delivery(id="n1", receiver=HOSTILE, outcome="failed", reason=Reason.FIRST, at=at(25), error=HOSTILE).entry,
        ]
    )
    site.looking.writer.act("0bad", "ack", {"note": HOSTILE, "by": HOSTILE})
    site.looking.writer.mute({"match": {"service": HOSTILE}, "for": "1h", "reason": HOSTILE, "by": HOSTILE})
    return site


@pytest.mark.parametrize(
    "path", ["/alerts?all=1", "/alerts/0bad", f"/alerts?{urlencode({'service': HOSTILE, 'collection': HOSTILE})}"]
)
def test_what_a_log_or_a_person_says_is_text(path: str) -> None:
    """Names, notes, links and addresses; nothing is loaded from anywhere, nothing runs, and forms stay here."""
    page = hostile_site().get(path)
    assert page.status_code == 200
    assert "alert(" in page.text
    for tag, attributes in Tags(page.text).tags:
        assert tag not in {"style", "img", "iframe"}
        assert tag != "script" or str(attributes["src"]).startswith("/static/")
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        assert str(attributes.get("action", "/")).startswith("/")
        assert str(attributes.get("src", "/")).startswith("/")
        assert str(attributes.get("href") or "/").startswith(("/", "#", "data:image/svg+xml", "https://wiki.example/"))


def test_commands_in_a_sentence_are_set_as_such() -> None:
    """And all of it is escaped, also what stands between the backticks, and a backtick that is alone."""
    assert coded("Run `a <b>` now") == "Run <code>a &lt;b&gt;</code> now"
    assert coded("<i>") == "&lt;i&gt;"
    assert coded("a ` b") == "a ` b"


@pytest.mark.parametrize("path", ["/alerts", ALERT, "/alerts/el"])
def test_a_page_can_be_walked_through(site: Site, path: str) -> None:
    """One h1, each id once, each field with a label or a name, tables with captions, wide parts reached by keyboard."""
    site.looking.writer.mute({"match": {"language": "es"}, "for": "4h", "reason": "r"})
    page = site.get(path).text
    tags = Tags(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in tags].count("h1") == 1
    assert page.count("<table") == page.count("<caption")
    assert all(attributes.get("tabindex") == "0" for _, attributes in tags if attributes.get("class") == "wide")
    named = {attributes.get("aria-labelledby") for _, attributes in tags} - {None}
    assert named <= set(ids)
    assert page.count("<label") >= sum(tag == "input" and attributes.get("type") != "hidden" for tag, attributes in tags)
