"""`babelwatch notify`: what messages look like, and whether receivers take them. One function per command."""

import threading
from collections.abc import Collection, Mapping
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from agent import logs, parts
from agent.config.settings import Settings
from agent.errors import Mistake, NotFound
from agent.notify import retry, sample
from agent.notify.base import Deployments, Message, Notifier, Previewed, Thread, TransportError
from agent.notify.notification import Notification
from agent.notify.render import Renderer
from agent.notify.retry import Patience
from agent.opening import CLOCK
from agent.options import AsJson, Config, named_by_option, print_json, settings_of

commands = typer.Typer(help="Look at messages, and try receivers.", no_args_is_help=True, rich_markup_mode=None)

Receiver = Annotated[
    str | None, typer.Option("--receiver", metavar="NAME", help="Only this one (default: all that are configured).")
]
Kind = Annotated[str | None, typer.Option("--kind", metavar="NAME", help="Only this kind of message, such as firing.")]
QUICKLY = Patience(attempts=2, timeout=15.0)


@commands.command()
def preview(receiver: Receiver = None, kind: Kind = None, config: Config = None, as_json: AsJson = False) -> None:
    """Every template on a sample incident, as receivers would get it.

    Nothing is sent.
    """
    settings = settings_of(config)
    with named_by_option():
        chosen = _chosen(settings, receiver)
        kinds = _kinds(kind)
    shown = {name: _previews(notifier, parts.renderer(settings), kinds) for name, notifier in chosen.items()}
    if as_json:
        print_json(shown)
        return
    for name, messages in shown.items():
        for template, text in messages.items():
            typer.echo(f"── {name}: {template} ──\n{text}\n")


@commands.command("test")
def send_test(receiver: Receiver = None, config: Config = None, as_json: AsJson = False) -> None:
    """Send one message, marked as a test, to each receiver.

    Exit status 1 where one of them did not take it. At PagerDuty it opens an incident, which is yours to resolve.
    """
    logs.configure()
    settings = settings_of(config)
    with named_by_option():
        chosen = _chosen(settings, receiver)
    rows = [_tried(notifier, parts.renderer(settings)) for notifier in chosen.values()]
    if as_json:
        print_json(rows)
    else:
        Console().print(outcomes(rows))
    if any(row["outcome"] == "failed" for row in rows):
        raise typer.Exit(1)


def _chosen(settings: Settings, name: str | None) -> Mapping[str, Notifier]:
    known = parts.notifiers(settings)
    if name is not None and name not in known:
        raise NotFound([Mistake("", "receiver", f"expected a name from notify.receivers ({', '.join(known)})")])
    return known if name is None else {name: known[name]}


def _kinds(name: str | None) -> Collection[str]:
    known = sample.notifications("", CLOCK.now()).keys()
    if name is not None and name not in known:
        raise NotFound([Mistake("", "kind", f"expected one of {', '.join(known)}")])
    return known if name is None else (name,)


def _previews(notifier: Notifier, renderer: Renderer, kinds: Collection[str]) -> dict[str, str]:
    every = sample.notifications(notifier.name, CLOCK.now())
    made = {name: one for name, one in every.items() if name in kinds}
    sent = {name: one for name, one in made.items() if one.change is None or isinstance(notifier, Deployments)}
    return {name: _shown(notifier, _message(one, notifier, renderer)) for name, one in sent.items()}


def _message(notification: Notification, notifier: Notifier, renderer: Renderer) -> Message:
    thread = Thread(notification.thread, notification.key)
    return renderer.message(notification, thread, notification.incidents, notifier.escape)


def _shown(notifier: Notifier, message: Message) -> str:
    """As it goes over the wire, where the channel can show that; else its words."""
    if isinstance(notifier, Previewed):
        return notifier.preview(message)
    facts = "\n".join(f"{label}: {value}" for label, value in (*message.fields, *message.links))
    return "\n\n".join(part for part in (message.title, message.text, facts) if part)


def _tried(notifier: Notifier, renderer: Renderer) -> dict[str, Any]:
    message = _message(sample.notifications(notifier.name, CLOCK.now())["test"], notifier, renderer)
    try:
        retry.send(lambda: _sent(notifier, message), QUICKLY, threading.Event())
    except TransportError as error:
        return {"receiver": notifier.name, "outcome": "failed", "error": str(error)}
    return {"receiver": notifier.name, "outcome": "sent", "error": None}


def _sent(notifier: Notifier, message: Message) -> None:
    notifier.send(message)


def outcomes(rows: list[dict[str, Any]]) -> Table:
    """What became of a message at each receiver."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("receiver", "outcome", "why"):
        table.add_column(heading)
    for row in rows:
        table.add_row(row["receiver"], row["outcome"], row["error"] or "")
    return table
