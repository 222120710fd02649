"""Health and metrics on a port of their own: machines ask there, and people find them nowhere else."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from agent.clock import FakeClock
from agent.runtime.health import STUCK, Health
from agent.web.watching import watched
from tests.notify.examples import NOW

PATHS = ("/healthz", "/readyz", "/metrics")


class Watched:
    """The port of an agent whose loop a test turns."""

    def __init__(self, *, metrics: bool = True) -> None:
        self.clock, self.health = FakeClock(NOW), Health(NOW)
        self.asked = TestClient(watched(self.health, self.clock, metrics=metrics), base_url="http://10.1.2.3:8081")

    def status(self, path: str) -> int:
        """What it answers."""
        return self.asked.get(path).status_code


def test_whoever_asks_is_answered() -> None:
    """A kubelet asks by the address of the pod, Prometheus too, and neither has a token."""
    port = Watched()
    port.health.needs({})
    assert [port.status(path) for path in PATHS] == [200, 200, 200]


def test_a_loop_that_is_stuck_is_red() -> None:
    """And green again when it turns."""
    port = Watched()
    port.clock.advance(STUCK)
    assert (port.status("/healthz"), port.asked.get("/healthz").json()) == (503, {"status": "stuck"})
    port.health.turned(port.clock.now())
    assert port.status("/healthz") == 200


def test_what_is_waited_for_is_named() -> None:
    """Not ready is not stuck: nothing restarts it for a broker that is away."""
    port = Watched()
    port.health.needs({"kafka": "waits for topic logs"})
    port.clock.advance(timedelta(seconds=30))
    assert (port.status("/readyz"), port.status("/healthz")) == (503, 200)
    assert port.asked.get("/readyz").json() == {"status": "waiting", "missing": {"kafka": "waits for topic logs"}}


@pytest.mark.parametrize("path", ["/", "/api/v1/languages", "/-/reload", "/login", "/static/look.css"])
def test_nothing_else_is_there(path: str) -> None:
    """The port may be open to a whole cluster."""
    port = Watched()
    assert port.status(path) == 404
    assert port.asked.post(path).status_code in {404, 405}


def test_metrics_can_be_left_out() -> None:
    """`telemetry.prometheus: false` holds here too."""
    assert Watched(metrics=False).status("/metrics") == 404
