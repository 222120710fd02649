"""Who may ask an agent on loopback, where no token is needed: programs of this machine, and no page of somebody else."""

import pytest

from agent.report.remote import API
from agent.web.guards import OPEN
from tests.web.test_api import PATHS, Site

ACK = f"{API}/alerts/9f/ack"


@pytest.fixture
def site() -> Site:
    """A site on loopback, without a token."""
    return Site()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:80", "[::1]:8080", "127.8.9.10:1"])
def test_this_machine_may_ask(site: Site, host: str) -> None:
    """By each of its names, with any port."""
    assert site.get(PATHS[0], host=host).status_code == 200
    assert site.post(ACK, {}, host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "192.0.2.1", "0.0.0.0", "", "[::1", "a:b:c"]
)
def test_a_foreign_name_that_leads_here_is_refused(site: Site, host: str) -> None:
    """A page whose name was made to resolve to this machine reads nothing and changes nothing."""
    for answer in (site.get(PATHS[0], host=host), site.post(ACK, {}, host=host)):
        assert answer.status_code == 403
        assert "localhost" in answer.json()["error"]


@pytest.mark.parametrize("path", OPEN)
def test_health_and_metrics_may_be_asked_by_any_name(site: Site, path: str) -> None:
    """A probe of the cluster asks for the pod."""
    site.health.needs({})
    assert site.get(path, host="pod.example").status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://evil.example:8080", "null", "", "http://localhost:3000", "https://127.0.0.1:8080"]
)
def test_a_page_of_another_site_changes_nothing(site: Site, origin: str) -> None:
    """A browser says whose page posts; another port is another site."""
    answer = site.post(ACK, {}, host="127.0.0.1:8080", origin=origin)
    assert (answer.status_code, answer.json()) == (403, {"error": "a page of another site may not change anything here"})


def test_our_own_page_may(site: Site) -> None:
    """Its origin is the host that is asked."""
    assert site.post(ACK, {}, host="localhost:8080", origin="http://localhost:8080").status_code == 200
    assert site.get(PATHS[0], host="localhost:8080", origin="https://evil.example").status_code == 200
