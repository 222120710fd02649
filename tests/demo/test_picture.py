"""The picture in the README is drawn from what a running demo answers."""

import html
from typing import Any

import httpx

from agent.report.remote import API
from scripts.picture import picture

UPDATED = "2026-11-16T08:11:00Z"
LANGUAGE = {"language": "es", "queries": 1527.0, "recall_at_k": 0.741, "k": 10, "state": "firing"}
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "alerts": [
        {"class": "level", "severity": "info", "summary": "Vietnamese is low."},
        {"class": "change", "severity": "warning", "summary": "Turkish scores fell."},
        {"class": "change", "severity": "critical", "summary": "Spanish fell."},
    ],
    "changes": [{"at": UPDATED}],
    "languages": [LANGUAGE],
}


def answer(request: httpx.Request) -> httpx.Response:
    """What the demo says."""
    return httpx.Response(200, json=ANSWERS[request.url.path.removeprefix(f"{API}/")])


def test_the_picture_shows_the_language_that_broke() -> None:
    """Its row and its alert; not what is low from the first day, nor what only scores say."""
    drawn = picture(httpx.Client(base_url=f"http://demo{API}", transport=httpx.MockTransport(answer)))
    told = html.unescape(drawn).replace("\xa0", " ")
    assert drawn.startswith("<svg ")
    assert "Spanish fell." in told
    assert "74.1%" in told
    assert "is low" not in told
    assert "scores fell" not in told
