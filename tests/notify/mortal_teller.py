"""Processes that tell three receivers of many breaks and are killed while they do, and servers that fail half of the time."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from agent.alerting.incident import Incident, fingerprint
from agent.clock import SystemClock
from agent.notify.base import Notifier
from agent.notify.courier import Courier
from agent.notify.couriers import Couriers
from agent.notify.outbox import Outbox
from agent.notify.pagerduty import PagerDutyNotifier
from agent.notify.pipeline import Pipeline, Telling
from agent.notify.render import Renderer
from agent.notify.retry import Patience
from agent.notify.slack import SlackNotifier
from agent.notify.webhook import WebhookNotifier
from agent.resources import schemas_dir
from agent.store.migrate import migrate
from tests.notify.examples import KOREAN, NOW
from tests.notify.stubs import CLOSED, Answer, Request, Stub
from tests.runtime.counting import opened
from tests.support.forks import FORKS
from tests.support.telling import AT_ONCE_EACH

STUBBORN = Patience(attempts=1_000, timeout=60, wait_initial=0.005, wait_max=0.05, wait_jitter=0.01)
DRAINED_S = 60
AT_MOST_S = 0.3
HOURS = 3600


class Unsteady(Stub):
    """Fails half of the requests: it refuses for now, hangs up, or (where an id makes that harmless) takes the message and hangs up."""

    path = "/services/x"

    def __init__(self, seed: int, good: Answer, *, may_take_and_hang_up: bool) -> None:
        super().__init__()
        self._random, self._good = random.Random(seed), good
        self._kinds = ("refuse", "hang up", "take and hang up") if may_take_and_hang_up else ("refuse", "hang up")
        self._lock = threading.Lock()
        self.taken: list[Any] = []
        self.ids: list[str] = []

    def usual(self, request: Request) -> Answer:
        """Its answer."""
        with self._lock:
            fails = self._random.random() < 0.5 and self._random.choice(self._kinds)
            if fails not in {"refuse", "hang up"}:
                self.taken.append(json.loads(request.body))
                self.ids.append(request.headers.get("webhook-id", ""))
        return Answer(503) if fails == "refuse" else Answer(CLOSED) if fails else self._good


class Servers(NamedTuple):
    """Who is told."""

    chat: Unsteady
    pager: Unsteady
    hook: Unsteady


def servers(stack: ExitStack, seed: int) -> Servers:
    """All three, running."""
    made = Servers(
        Unsteady(seed, Answer(), may_take_and_hang_up=False),
        Unsteady(seed + 1, Answer(202, "{}"), may_take_and_hang_up=True),
        Unsteady(seed + 2, Answer(), may_take_and_hang_up=True),
    )
    for one in made:
        stack.enter_context(one)
    return made


def breaks(count: int) -> list[Incident]:
    """So many incidents, each of a service of its own, so that none is told with another."""
    names = [f"service-{number}" for number in range(count)]
    return [replace(KOREAN, service=name, fingerprint=fingerprint(name, "prod", "ko", "change")) for name in names]


def tell(folder: Path, urls: Sequence[str], count: int, begun: Any) -> None:
    """Tell each receiver of every fire and of its end, and end when all is sent; it has `begun` when the first one is."""
    with opened(folder) as store:
        outbox, clock, stop = Outbox(store.journal), SystemClock(), threading.Event()
        outbox.take_over()
        chat, pager, hook = urls
        notifiers: list[Notifier] = [
            SlackNotifier("chat", chat), PagerDutyNotifier("pager", "k" * 32, url=pager), WebhookNotifier("hook", hook)
        ]  # fmt: skip
        couriers = Couriers(
            [
                Courier(one, outbox, Renderer(), patience=STUBBORN, stop=stop, on_delivery=lambda _: begun.set())
                for one in notifiers
            ],
            outbox,
            clock,
            stop,
        )
        names = tuple(one.name for one in notifiers)
        telling = Telling(receivers=names, timings=dict.fromkeys(names, AT_ONCE_EACH), wake=couriers.wake)
        pipeline = Pipeline(telling, outbox, clock)
        couriers.start()
        for one in breaks(count):
            over = replace(one, state="resolved", resolved_at=NOW)
            known = outbox.told("hook", one)
            for state in (over,) if known and known.state == "resolved" else (one, over):  # as evaluation knows it
                pipeline.notify([state], clock.now())
            _wait(outbox, AT_MOST_S)
        _wait(outbox, DRAINED_S)
        couriers.stop()
        os._exit(1 if outbox.waits_for() else 0)


def _wait(outbox: Outbox, seconds: float) -> None:
    """Until all is sent, or so long: whoever is killed is killed while it sends, not while it writes."""
    deadline = time.monotonic() + seconds
    while outbox.waits_for() and time.monotonic() < deadline:
        time.sleep(0.005)


class Told(NamedTuple):
    """How often processes were killed, what is wrong, and how many messages came twice where that cannot be helped."""

    kills: int
    wrong: list[str]
    doubled: int


def story(folder: Path, seed: int, count: int, kills: int) -> Told:
    """Kill at random moments until so many processes are dead or all is told."""
    with opened(folder) as store:
        migrate(store.engine, schemas_dir() / "clickhouse", retention=False)
    chance, killed = random.Random(seed), 0
    with ExitStack() as stack:
        found = servers(stack, seed)
        urls = (found.chat.url, found.pager.base, found.hook.url)
        while True:
            status = _lived(folder, urls, count, chance.uniform(0.0, 0.25) if killed < kills else HOURS)
            if status == 0:
                break
            assert status == -signal.SIGKILL, f"a process ended with {status}"
            killed += 1
    return _judged(found, count, killed)


def _lived(folder: Path, urls: Sequence[str], count: int, seconds: float) -> int:
    """One process, killed so long after its first message was sent, so that it is killed while it sends; its exit status."""
    begun = FORKS.Event()
    process = FORKS.Process(target=tell, args=(folder, urls, count, begun))
    process.start()
    while not begun.wait(0.01) and process.is_alive():
        """It starts."""
    process.join(min(seconds, DRAINED_S * 2))
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode is not None
    return process.exitcode


def _judged(found: Servers, count: int, kills: int) -> Told:
    """Each fire and each end must be there, the fire first; once by its id where the channel has ids."""
    names = [one.fingerprint for one in breaks(count)]
    hook = [(status(one), one["alerts"][0]["fingerprint"]) for one in _once(found.hook.ids, found.hook.taken)]
    pager = [(one["event_action"], one["dedup_key"]) for one in found.pager.taken]
    chat = [
        (one["blocks"][0]["text"]["text"].partition(":")[0], one["blocks"][0]["text"]["text"].split(" · ")[1])
        for one in found.chat.taken
    ]
    services = [one.service for one in breaks(count)]
    wrong = [
        *_missing("webhook", hook, [(state, name) for name in names for state in ("firing", "resolved")]),
        *_missing("PagerDuty", list(dict.fromkeys(pager)), [(state, name) for name in names for state in ("trigger", "resolve")]),
        *_missing("Slack", list(dict.fromkeys(chat)), [(state, name) for name in services for state in ("Warning", "Resolved")]),
        *(f"webhook: {each} {times} times" for each, times in Counter(hook).items() if times > 1),
    ]
    return Told(kills, wrong, len(chat) - len(set(chat)))


def status(body: Any) -> str:
    """Of a webhook's body."""
    return str(body["status"])


def _once(ids: Sequence[str], bodies: Iterable[Any]) -> list[Any]:
    """As a receiver that knows ids takes them."""
    return [*dict(reversed(list(zip(ids, bodies, strict=True)))).values()][::-1]


def _missing(name: str, told: Sequence[Any], expected: Iterable[Any]) -> list[str]:
    return [f"{name}: {each} is missing" for each in expected if each not in told]
