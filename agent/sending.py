"""`babelwatch report --send`: a report to its receivers now, and what became of it."""

import threading
from datetime import datetime
from typing import Any

from rich.console import Console

from agent import parts
from agent.config.settings import Settings
from agent.errors import Misconfigured, Mistake, Unreachable
from agent.notify import posting, retry
from agent.notify.base import Notifier, Thread, TransportError
from agent.notify.bulletin import Bulletin
from agent.notify.courier import send_report as hand_over
from agent.notify.render import Renderer
from agent.notify_commands import QUICKLY, outcomes
from agent.opening import CLOCK
from agent.records import row_id


def send_report(settings: Settings, bulletin: Bulletin) -> None:
    """Send it to all of `report.receivers`, one after the other, and print on standard error what became of each.

    It is sent however often a person asks for it, and whatever the schedule does. Raises Misconfigured where nobody is to be
    sent it, Unreachable where one of them did not take it.
    """
    if not settings.report.receivers:
        raise Misconfigured([Mistake("", "report.receivers", "expected who is sent the report, found nobody")])
    notifiers, renderer = parts.notifiers(settings), parts.renderer(settings)
    rows = [_sent(notifiers[name], renderer, bulletin, CLOCK.now()) for name in settings.report.receivers]
    Console(stderr=True).print(outcomes(rows))
    if failed := [row["receiver"] for row in rows if row["outcome"] == "failed"]:
        raise Unreachable(f"the report did not reach {', '.join(failed)}")


def _sent(notifier: Notifier, renderer: Renderer, bulletin: Bulletin, now: datetime) -> dict[str, Any]:
    """What became of it; a message of its own, which no reader takes for the one of the schedule."""
    id_ = row_id(f"{notifier.name}/report/{bulletin.week}/{now.isoformat()}")
    notification = posting.report(notifier.name, bulletin.week, now, now, id_=id_)
    message = renderer.report(notification, Thread(id_, ""), bulletin, notifier.escape)
    try:
        retry.send(lambda: hand_over(notifier, message), QUICKLY, threading.Event())
    except TransportError as error:
        return {"receiver": notifier.name, "outcome": "failed", "error": str(error)}
    return {"receiver": notifier.name, "outcome": "sent", "error": None}
