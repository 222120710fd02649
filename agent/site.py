"""What people and commands ask a running agent, put together: pages, API, health and metrics, over a connection of their own."""

from collections.abc import Callable, Hashable, Mapping
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from agent import active, opening
from agent.configured import Configured, InForce
from agent.opening import CLOCK, Store
from agent.report.pages import quality
from agent.report.pages.store import StorePages
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
    apart: bool = False,
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
        apart=apart,
        reload=reload,
        shared=SharedJournal(people.journal, CLOCK),
        pages=[
            *pages.routes(looking(in_force, people, health.missing, seen), cache),
            *forms.routes(writer),
            *forms.login(tokens),
        ],
        cache=cache,
    )


def looking(
    in_force: InForce,
    store: Store,
    missing: Callable[[], Mapping[str, str]],
    seen: Callable[[], Seen | None] = lambda: None,
) -> Callable[[], StorePages]:
    """What a page shows of a store, made anew for each; `missing` is what the agent waits for, `seen` what its loop has seen."""

    def made() -> StorePages:
        now = in_force()
        return StorePages(
            store.windows,
            store.journal,
            now.quality,
            CLOCK,
            mutes_of_file=now.mutes,
            missing=missing(),
            zone=ZoneInfo(now.settings.report.timezone),
            in_force=_said(now),
            seen=seen(),
            trace_url=now.settings.notify.trace_url,
        )

    return made


def _said(configured: Configured) -> quality.InForce:
    """What a page shows of the configuration."""
    settings = configured.settings
    topic = settings.source.kafka.dead_letter_topic
    return quality.InForce(configured.rules, tuple(configured.notifiers), active.planned(settings), topic)
