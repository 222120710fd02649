"""What people and commands ask a running agent, put together: pages, API, health and metrics, over a connection of their own."""

from collections.abc import Callable, Hashable

from starlette.applications import Starlette

from agent import opening
from agent.configured import InForce
from agent.opening import CLOCK, Store
from agent.report.shared import SharedJournal
from agent.runtime.health import Health
from agent.runtime.own import Seen
from agent.runtime.reload import Taken
from agent.web import forms, pages
from agent.web.api import build
from agent.web.cache import Cache


def site(  # noqa: PLR0913 - the composition root hands over each part
    in_force: InForce,
    people: Store,
    health: Health,
    tokens: frozenset[str] | None = None,
    *,
    metrics: bool = True,
    reload: Callable[[], Taken] | None = None,
    seen: Callable[[], Seen | None] = lambda: None,
) -> Starlette:
    """Without `tokens` whoever is on this machine is answered; `reload` reads the settings again, `seen` is what the loop has seen."""

    def revision() -> Hashable:
        return str(people.windows.positions()), people.journal.revision(), in_force()

    cache = Cache(revision, CLOCK)
    writer = opening.writer(in_force, people)
    return build(
        opening.views(in_force, people),
        writer,
        health,
        CLOCK,
        tokens,
        metrics=metrics,
        reload=reload,
        shared=SharedJournal(people.journal, CLOCK),
        pages=[
            *pages.routes(opening.pages(in_force, people, health.missing, seen), cache),
            *forms.routes(writer),
            *forms.login(tokens),
        ],
        cache=cache,
    )
