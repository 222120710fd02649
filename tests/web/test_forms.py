"""What people do on a page: log in, handle an alert, keep it silent."""

import pytest

from agent.web.session import COOKIE, cookie_of, path_within
from tests.notify.examples import KOREAN
from tests.web.rig import Site

ALERT = f"/alerts/{KOREAN.fingerprint}"
MUTE = {"language": "ko", "class": "change", "for": "4h", "reason": "reindexing"}


@pytest.fixture
def site() -> Site:
    """A site on loopback."""
    return Site()


def shown(site: Site) -> dict[str, object]:
    """The Korean incident as the API has it."""
    rows = site.get("/api/v1/alerts?all=1&language=ko").json()
    found: dict[str, object] = rows[0]
    return found


@pytest.mark.parametrize(
    ("action", "fields", "field"),
    [
        ("ack", {"note": "on it", "by": "kim"}, "acknowledged_at"),
        ("accept", {}, "accepted_at"),
        ("close", {"verdict": "real"}, "verdict"),
    ],
)
def test_a_button_does_what_the_command_does(site: Site, action: str, fields: dict[str, str], field: str) -> None:
    """And ends on the alert's page; what was done is seen with the next answer."""
    assert not shown(site)[field]
    answer = site.send(f"{ALERT}/{action}", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, ALERT)
    assert shown(site)[field]
    assert shown(site)["note"] == fields.get("note", "")


def test_an_alert_is_silent_from_its_page(site: Site) -> None:
    """For as long as was said; and it can be ended."""
    assert site.send(f"{ALERT}/mute", MUTE).status_code == 303
    (mute,) = site.get("/api/v1/mutes").json()
    assert (mute["match"], mute["reason"]) == ({"language": ["ko"], "class": ["change"]}, "reindexing")
    ended = site.send(f"/mutes/{mute['id']}/end", {"back": "/alerts?language=ko"})
    assert (ended.status_code, ended.headers["location"]) == (303, "/alerts?language=ko")
    assert site.get("/api/v1/mutes").json() == []


@pytest.mark.parametrize("wrong", [{"csrf": ""}, {"csrf": "guessed"}])
def test_a_form_of_another_site_changes_nothing(site: Site, wrong: dict[str, str]) -> None:
    """It cannot know what stands in ours."""
    answer = site.send(f"{ALERT}/ack", wrong)
    assert answer.status_code == 400
    assert "open the page anew" in answer.text
    assert not shown(site)["acknowledged_at"]


def test_another_origin_is_refused_before_anything_is_read(site: Site) -> None:
    """Even with the right word."""
    assert site.send(f"{ALERT}/ack", {}, origin="https://evil.example").status_code == 403
    assert not shown(site)["acknowledged_at"]


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        (f"{ALERT}/close", {}, 400),
        (f"{ALERT}/mute", {**MUTE, "for": "forever"}, 400),
        (f"{ALERT}/mute", {**MUTE, "reason": " "}, 400),
        ("/alerts/ffff/ack", {}, 404),
        ("/mutes/ffff/end", {}, 404),
        (f"{ALERT}/explode", {}, 404),
    ],
)
def test_what_cannot_be_done_is_a_page_that_says_so(site: Site, path: str, fields: dict[str, str], status: int) -> None:
    """And nothing is written."""
    before = site.looking.journal.revision()
    assert site.send(path, fields).status_code == status
    assert site.looking.journal.revision() == before


@pytest.mark.parametrize("body", [b"x" * 20_000, b"\xff\xfe", b"a=1&" * 50])
def test_a_body_that_is_no_form_of_ours_is_refused(site: Site, body: bytes) -> None:
    """Too long, no text, too many fields: it has no word of ours in it."""
    answer = site.request("POST", f"{ALERT}/ack", content=body)
    assert answer.status_code == 400


class TestBeyondLoopback:
    """With a token."""

    @pytest.fixture
    def closed(self) -> Site:
        """A site that has one."""
        return Site("secret", "another")

    def test_a_browser_is_sent_to_the_login_and_back(self, closed: Site) -> None:
        """And keeps a cookie that is not the token; a program is told to show it."""
        first = closed.get("/pairs?from=-1h")
        assert (first.status_code, first.headers["location"]) == (303, "/login?next=%2Fpairs%3Ffrom%3D-1h")
        assert 'name="next" value="/pairs?from=-1h"' in closed.get(first.headers["location"]).text
        answer = closed.send("/login", {"token": "secret", "next": "/pairs?from=-1h"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/pairs?from=-1h")
        cookie = answer.headers["set-cookie"]
        assert "secret" not in cookie
        assert {"HttpOnly", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
        assert closed.get("/", cookie=f"{COOKIE}={cookie_of('secret')}").status_code == 200
        assert closed.get("/api/v1/alerts", accept="application/json").status_code == 401

    def test_a_wrong_token_opens_nothing(self, closed: Site) -> None:
        """Nor does a cookie that somebody made up, or no word of ours."""
        for fields in ({"token": "guess"}, {"token": ""}, {"token": "secret", "csrf": "guess"}):
            answer = closed.send("/login", fields)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        assert closed.get("/", cookie=f"{COOKIE}=secret").status_code == 303
        assert closed.get("/", cookie=f"{COOKIE}={cookie_of('guess')}").status_code == 303

    def test_a_cookie_changes_nothing_for_another_site(self, closed: Site) -> None:
        """A browser may send it along; the origin tells."""
        ours = f"{COOKIE}={cookie_of('another')}"
        assert closed.send(f"{ALERT}/ack", {}, cookie=ours, origin="https://evil.example").status_code == 403
        assert closed.send(f"{ALERT}/ack", {}, cookie=ours, origin="https://127.0.0.1:8080").status_code == 303

    def test_behind_tls_the_cookie_is_for_tls_only(self, closed: Site) -> None:
        """The proxy's origin says so."""
        answer = closed.send("/login", {"token": "secret"}, origin="https://127.0.0.1:8080")
        assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("/pairs?from=-1h", "/pairs?from=-1h"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("//[", "/"),
        ("", "/"),
    ],
)
def test_a_login_never_leads_to_another_site(asked: str, there: str) -> None:
    """Whatever the address asks for."""
    assert path_within(asked) == there
