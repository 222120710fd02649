"""`demo`: the agent as `run` starts it, on an in-process broker and a temporary store, with traffic of its own."""

import json
import logging
import os
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from rich.console import Console

from agent import evaluating, logs, opening, parts, telemetry
from agent.alerting.incident import fingerprint
from agent.app import local_address
from agent.config.notify_settings import RouteSettings
from agent.config.settings import Settings
from agent.configured import fixed
from agent.decode.sink import MemorySink
from agent.demo import golden, profiles, search, stage
from agent.demo.broker import API_VERSION, DemoBroker
from agent.demo.profiles import OLD_INDEX, TOP_K
from agent.demo.show import Show
from agent.desk import Ears
from agent.notify.base import Notifier
from agent.notify.terminal import TerminalNotifier
from agent.opening import CLOCK, Store
from agent.runtime.evaluate import Evaluation
from agent.runtime.health import Health
from agent.runtime.live import Live, Pace
from agent.signals import until_signal
from agent.site import site
from agent.source.clients import KafkaAddress
from agent.store.migrate import migrate
from agent.web.server import WebServer, listen

HOST: Final = "127.0.0.1"
EVERY: Final = timedelta(seconds=2)
LATENESS: Final = "5s"  # traffic comes as it happens: what is done in a second shell is answered at the end of its minute
TERMINAL: Final = "terminal"


def play(duration: timedelta | None, port: int, given: Settings | None = None) -> None:
    """Run until Ctrl-C, SIGTERM, or the end of `duration`; of the settings that are given `notify` counts."""
    logs.configure(logging.ERROR)
    stop, console = until_signal(), Console()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="babelwatch-demo-")))
        listener = stack.enter_context(closing(listen(HOST, port, search=True)))
        opening.locked(stack, folder).announce(local_address(listener.getsockname()))
        broker = stack.enter_context(DemoBroker())
        searching = stack.enter_context(WebServer(search.app(), stack.enter_context(closing(listen(HOST, 0)))))
        file, settings = _settings(folder, broker.bootstrap, searching.url + search.PATH, given)
        store, started = _filled(stack, settings, broker)
        health = Health(started)
        people = opening.store_in(stack, settings, folder)
        in_force = fixed(settings)
        views = opening.views(in_force, people)
        stack.enter_context(WebServer(site(in_force, people, health), listener))
        live = _live(stack, settings, file, store, health, console)
        port = listener.getsockname()[1]
        show = Show(views, started - stage.UPDATED, _commands(folder, port), console, f"http://{HOST}:{port}/")
        _beside(stack, lambda: show.until(stop))
        _beside(stack, lambda: stage.go_on(broker, started, CLOCK, stop))
        stack.callback(stop.set)  # before the two are waited for, also where the loop ends by an error
        _ring(stop, duration)
        live.run(stop)


def _settings(folder: Path, bootstrap: str, searched: str, given: Settings | None) -> tuple[Path, Settings]:
    """As for `run`, but that nobody waits for a message; who is told can be configured, and the terminal hears of all.

    They stand in a file as well: its golden runs are commands that read it.
    """
    endpoint = {"url": searched, "body": {"query": "{query}", "language": "{language}"}, "depth": TOP_K, "rate": golden.RATE}
    own = {
        "source": {"kafka": {"bootstrap_servers": [bootstrap], "topics": [stage.TOPIC]}, "lateness": LATENESS},
        "store": {"path": str(folder), "flush_interval": "1s"},
        "quality": {"hit_threshold": {"default": 0.35}},
        "notify": {"group_wait": "0s"},
        "golden": [{"name": golden.NAME, "dataset": str(folder / "golden.tsv"), "endpoint": endpoint}],
    }
    file, settings = folder / "babelwatch.yaml", Settings.model_validate(own)
    file.write_text(json.dumps(own), encoding="utf-8")
    if given is None:
        return file, settings
    terminal = RouteSettings.model_validate({"receivers": [TERMINAL], "continue": True})
    routes = (terminal, *given.notify.routes) if given.notify.routes else ()
    return file, settings.model_copy(update={"notify": given.notify.model_copy(update={"routes": routes})})


def _filled(stack: ExitStack, settings: Settings, broker: DemoBroker) -> tuple[Store, datetime]:
    """The store with its history and a golden run of the night before, the topic with its last minutes.

    Both end at the moment that comes with the store.
    """
    store = opening.store_in(stack, settings, settings.store.path)
    migrate(store.engine, opening.schemas(), retention=False)
    now = CLOCK.now()
    stage.remember(store.windows, store.journal, now)
    golden.write(settings.golden[0].dataset)
    golden.remember(settings.golden[0].dataset, search.DemoRetriever(OLD_INDEX), store.journal, now)
    stage.fill(broker, now)
    return store, now


def _live(  # noqa: PLR0913, PLR0917 - what the demo has put in place
    stack: ExitStack, settings: Settings, file: Path, store: Store, health: Health, console: Console
) -> Live:
    kafka = settings.source.kafka
    source = opening.joined(stack, settings, KafkaAddress(kafka.bootstrap_servers, {"api_version": API_VERSION}), None)
    meters = telemetry.prometheus(CLOCK)
    terminal: dict[str, Notifier] = {TERMINAL: TerminalNotifier(console=console)}
    others = parts.notifiers(settings) if settings.notify.receivers else {}
    in_force = fixed(settings)
    desk = evaluating.desk(stack, in_force, terminal | others, Ears(meters.told, meters.silent), folder=settings.store.path)

    schedule = evaluating.schedule(stack, in_force, file)

    def new_evaluation() -> Evaluation:
        desk.take_over()
        return evaluating.evaluation(in_force(), store, desk.pipeline, evaluating.checks(in_force(), store, schedule))

    return Live(
        consumer=opening.consumer(settings, store, source, MemorySink(), opening.Watchers(meters.stored, on_try=meters.tried)),
        new_evaluation=new_evaluation,
        source=source,
        windows=store.windows,
        health=health,
        clock=CLOCK,
        pace=Pace(settings.source.lateness, evaluate_every=EVERY),
        on_look=meters.looked,
        on_turn=desk.look,
    )


def _commands(folder: Path, port: int) -> list[str]:
    """What to type in a second shell; the agent that holds the store answers."""
    babelwatch = _babelwatch()
    alert = fingerprint(profiles.SERVICE, profiles.ENVIRONMENT, "es", "change")[:4]
    commands = ("languages --by version", "pairs", "alerts", "alerts --json", f"alerts explain {alert}")
    store = shlex.quote(str(folder))
    return [*(f"{babelwatch} {command} --store {store}" for command in commands), f"curl http://{HOST}:{port}/readyz"]


def _babelwatch() -> str:
    """This very program, as any shell finds it; the PATH of an activated environment is that of one shell alone."""
    program = Path(sys.argv[0]).resolve()
    if program.stem == "__main__":
        return f"{shlex.quote(sys.executable)} -m agent"
    found = shutil.which(program.name) if "VIRTUAL_ENV" not in os.environ else None
    return program.name if found and Path(found).resolve() == program else shlex.quote(str(program))


def _beside(stack: ExitStack, work: Callable[[], None]) -> None:
    """Work in a thread that is waited for at the end."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    stack.callback(thread.join, 5)


def _ring(stop: threading.Event, duration: timedelta | None) -> None:
    if duration is not None:
        timer = threading.Timer(duration.total_seconds(), stop.set)
        timer.daemon = True
        timer.start()
