"""The pages of a demo that has just seen its new index break Spanish: the store, the rules, the site; no broker and no clock of a test."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent import app, opening
from agent.alerting.incident import fingerprint
from agent.config.settings import Settings
from agent.configured import fixed
from agent.demo import profiles, stage
from agent.demo.traffic import events
from agent.runtime.health import Health
from agent.site import site
from agent.store.migrate import migrate
from agent.web.server import WebServer, listen

SPANISH = fingerprint(profiles.SERVICE, profiles.ENVIRONMENT, "es", "change")


class Served(NamedTuple):
    """Where it answers, and what it is made of."""

    url: str
    folder: Path
    settings: Settings


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Two weeks of history, twenty minutes of log through the whole path, and the site over the store, as long as it is wanted."""
    settings = Settings.model_validate(
        {
            "store": {"path": str(folder)},
            "quality": {"hit_threshold": {"default": 0.35}, "similarity": {"floor": 0.21}},
            "notify": {"trace_url": "https://traces.example/{trace_id}"},
        }
    )
    now = opening.CLOCK.now()
    with ExitStack() as stack:
        store = opening.store_in(stack, settings, folder)
        migrate(store.engine, opening.schemas(), retention=False)
        stage.remember(store.windows, store.journal, now)
    log = folder / "log.jsonl"
    searched = events(now - stage.IN_TOPIC, now, stage.PER_MINUTE, update_at=now - stage.UPDATED)
    log.write_bytes(b"\n".join(map(msgspec.json.encode, searched)))
    app.replay(settings, [str(log)], folder, send=False)
    with ExitStack() as stack:
        people, health = opening.store_in(stack, settings, folder), Health(now)
        health.needs({})
        listener = stack.enter_context(closing(listen("127.0.0.1", 0)))
        web = site(fixed(settings), people, health)
        yield Served(stack.enter_context(WebServer(web, listener)).url, folder, settings)
