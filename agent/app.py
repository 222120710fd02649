"""The composition root: the only place where real things are chosen and started; what was started is undone on error."""

import logging
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from opentelemetry.sdk.metrics.export import MetricReader
from starlette.applications import Starlette

from agent import active, evaluating, exporting, logs, opening, parts, signals, telemetry
from agent.config import configuration
from agent.config.remarks import remarks
from agent.config.settings import Settings
from agent.configured import Configured, fixed
from agent.decode.sink import FileSink
from agent.errors import Misconfigured, together
from agent.language.services import Taggers
from agent.loop import Shared, live_of
from agent.memory import keep_buffers
from agent.opening import CLOCK
from agent.progress import replaying
from agent.report.views import Views
from agent.runtime.health import Health
from agent.runtime.own import Own, both
from agent.runtime.reload import Reload
from agent.runtime.replay import replay as replay_through
from agent.runtime.tally import Tally
from agent.site import site
from agent.source.file import FileSource
from agent.store.engine import Engine
from agent.store.migrate import migrate
from agent.store.migrating import alone
from agent.times import format_duration
from agent.web.server import WebServer, listen
from agent.web.watching import watched

log = logging.getLogger(__name__)

SENT_WITHIN = timedelta(minutes=2)
EVERYTHING = {"from": "1970-01-01", "to": "2100-01-01"}


def run(settings: Settings, config: Path | None = None) -> None:
    """The agent, until SIGTERM; `config` is where the settings were read, and are read again."""
    logs.configure(json=settings.telemetry.logs == "json")
    keep_buffers()
    for remark in remarks(settings):
        log.warning("%s", remark)
    configured = Configured(settings).read()  # mistakes stop the agent here
    with ExitStack() as stack:
        web = settings.web
        listener = stack.enter_context(closing(listen(web.host, web.port)))
        watching = None if web.health_port is None else stack.enter_context(closing(listen(web.host, web.health_port)))
        token = secrets.token_urlsafe(32)
        store = _store(stack, settings, local_address(listener.getsockname()), token)
        meters, own = telemetry.prometheus(CLOCK, *_exported(stack, settings)), Own(CLOCK.now)
        reload = _reload(configured, config, both(meters.reloaded, own.reloaded))
        shared = Shared(settings, config, store, reload, Health(CLOCK.now()), meters, own)
        server = WebServer(_site(stack, shared, token), listener)
        log.info("answering on %s", stack.enter_context(server).url)
        _watched(stack, shared, watching)
        live = live_of(stack, shared)
        stop = signals.until_signal()
        signals.on_hangup(reload.ask)
        live.run(stop)
    log.info("stopped: what was read is stored, or will be read again")


def _store(stack: ExitStack, settings: Settings, address: str, token: str) -> opening.Store:
    """The store with its schema; an embedded one is locked, and says that it is found at `address`."""
    folder = opening.home(settings)
    if folder:
        opening.locked(stack, folder).announce(address, token)
    store = opening.store_in(stack, settings, folder)
    _migrated(store.engine, settings)
    return store


def _migrated(engine: Engine, settings: Settings) -> list[int]:
    """With its schema as this agent knows it; over a server one agent does it at a time."""
    with nullcontext() if opening.home(settings) else alone(engine, CLOCK):
        return migrate(engine, opening.schemas(), replicated=_replicated(settings), retention=True)


def _site(stack: ExitStack, shared: Shared, token: str) -> Starlette:
    """What is answered, over a connection of its own."""
    settings, reload = shared.settings, shared.reload
    people = opening.store_in(stack, settings, opening.home(settings))
    return site(
        reload.in_force,
        people,
        shared.health,
        _tokens(settings, token),
        metrics=settings.telemetry.prometheus,
        apart=settings.web.health_port is not None,
        reload=reload.reload,
        seen=shared.own.seen,
    )


def _exported(stack: ExitStack, settings: Settings) -> Sequence[MetricReader]:
    """Spans and metrics go to a Collector, where one is configured."""
    endpoint = settings.telemetry.otlp_endpoint
    if endpoint is None:
        return []
    exporting.spans(stack, endpoint)
    return [exporting.metrics(stack, endpoint)]


def _watched(stack: ExitStack, shared: Shared, listener: socket.socket | None) -> None:
    """Health and metrics on a port of their own, where that is asked for."""
    if listener is not None:
        app = watched(shared.health, CLOCK, metrics=shared.settings.telemetry.prometheus)
        log.info("health and metrics on %s", stack.enter_context(WebServer(app, listener)).url)


def _reload(configured: Configured, config: Path | None, told: Callable[[Misconfigured | None], None]) -> Reload[Configured]:
    """Of the file that the settings came from, or would come from if it were there, and of all that it names."""
    file = config or configuration.DEFAULT
    return Reload(
        configured,
        read=lambda: configuration.load(config, os.environ),
        make=lambda settings: Configured(settings).read(),
        files_of=lambda settings: [file, *parts.files(settings)],
        told=told,
        now=CLOCK.now(),
    )


class Replayed(NamedTuple):
    """What `replay --json` prints, and what became of the messages."""

    result: dict[str, Any]
    tally: Tally


def replay(settings: Settings, files: Sequence[str], folder: Path | None, *, send: bool) -> Replayed:
    """Logs through the same path."""
    logs.configure(logging.WARNING)
    with ExitStack() as stack:
        source = stack.enter_context(closing(FileSource(files)))
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="babelwatch-")))
        opening.locked(stack, folder)
        store = opening.store_in(stack, settings, folder)
        migrate(store.engine, opening.schemas(), retention=False)
        sink = FileSink(opening.dead_letter_file(settings, folder), CLOCK)
        consumer = opening.consumer(settings, store, source, sink)
        in_force = fixed(settings)
        desk = evaluating.desk(stack, in_force, parts.notifiers(settings) if send else {}, folder=folder)
        desk.take_over()
        evaluation = evaluating.evaluation(in_force(), store, desk.pipeline)
        bars = stack.enter_context(replaying(source.progress))
        replay_through(consumer, evaluation, store.windows, CLOCK, bars)
        if not desk.drain(SENT_WITHIN):
            log.error(
                "not everything could be sent within %s; it is kept in the outbox of %s", format_duration(SENT_WITHIN), folder
            )
        return Replayed(_summary(consumer.tally, opening.views(in_force, store)), consumer.tally)


def _summary(tally: Tally, views: Views) -> dict[str, Any]:
    counts = {name: getattr(tally, name) for name in ("messages", "accepted", "rejected", "duplicates", "excluded", "late")}
    return {
        **counts,
        "reasons": dict(sorted(tally.reasons.items())),
        "first": _stamp(tally.first),
        "last": _stamp(tally.last),
        "languages": views.languages(EVERYTHING),
        "alerts": views.alerts({"all": "true"}),
    }


def _stamp(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def migrate_store(settings: Settings) -> list[int]:
    """Apply the schema; returns the versions that were applied."""
    logs.configure(logging.WARNING)
    with ExitStack() as stack:
        folder = opening.home(settings)
        if folder:
            opening.locked(stack, folder)
        engine = opening.store_in(stack, settings, folder).engine
        return _migrated(engine, settings)


def check(settings: Settings) -> None:
    """Read what the settings name; raises Misconfigured with every mistake."""
    together(Configured(settings).read, partial(parts.taggers, settings), partial(active.look, settings))


def taggers(settings: Settings) -> Taggers:
    """The taggers alone, for `tag`."""
    return parts.taggers(settings)


def local_address(name: tuple[Any, ...]) -> str:
    """How this machine reaches the listener."""
    host, port = name[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"


def _tokens(settings: Settings, own: str) -> frozenset[str] | None:
    """Who may read: everyone on loopback without a token, else who shows it, and the commands of this machine."""
    token = settings.web.token
    return None if token is None else frozenset({token.get_secret_value(), own})


def _replicated(settings: Settings) -> bool:
    return settings.store.clickhouse is not None and settings.store.clickhouse.replicated
