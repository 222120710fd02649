"""The loop of `run`, put together: what is read, how it is judged, and who is told."""

import logging
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from agent import evaluating, opening
from agent.config.settings import Settings
from agent.configured import Configured, InForce
from agent.desk import Desk, Ears
from agent.opening import CLOCK, Store
from agent.renewal import Renewal
from agent.runtime.evaluate import Evaluation
from agent.runtime.first_look import FirstLook
from agent.runtime.health import Health
from agent.runtime.live import Live, Pace
from agent.runtime.own import Own, both
from agent.runtime.reload import Reload
from agent.runtime.schedule import Schedule
from agent.source.coverage import patience
from agent.telemetry import Telemetry

log = logging.getLogger(__name__)


class Shared(NamedTuple):
    """What the parts of a running agent have in common; `config` is where the settings were read."""

    settings: Settings
    config: Path | None
    store: Store
    reload: Reload[Configured]
    health: Health
    meters: Telemetry
    own: Own


def live_of(stack: ExitStack, shared: Shared) -> Live:
    """Join the group and open who is told; an edited configuration is taken up at each turn."""
    settings, config, store, reload, health, meters, own = shared
    kafka = settings.source.kafka
    log.info("reading %s from Kafka at %s", ", ".join(kafka.topics), ", ".join(kafka.bootstrap_servers))
    source, sink = opening.kafka(stack, settings)
    desk = evaluating.desk(stack, reload.in_force, reload.in_force().notifiers, Ears(meters.told, meters.silent), config=config)
    schedule = evaluating.schedule(stack, reload.in_force, config)
    watchers = opening.Watchers(both(meters.stored, own.stored), FirstLook(), meters.tried)

    def hand_over() -> None:
        schedule.sleep()
        desk.hand_over()

    live = Live(
        consumer=opening.consumer(settings, store, source, sink, watchers),
        new_evaluation=lambda: _evaluation(reload.in_force, store, desk, schedule),
        source=source,
        windows=store.windows,
        health=health,
        clock=CLOCK,
        pace=_pace(settings),
        missing_topics=source.missing_topics,
        on_look=both(meters.looked, own.looked),
        on_turn=lambda now: renewal.turn(now),  # noqa: PLW0108 - each of the two has the other
        on_hand_over=hand_over,
    )
    renewal = Renewal(reload, live.begin_anew, partial(evaluating.blindness, reload.in_force, store, desk), desk)
    return live


def _evaluation(in_force: InForce, store: Store, desk: Desk, schedule: Schedule) -> Evaluation:
    """Evaluation as the configuration has it now; from here on this process tells."""
    desk.take_over()
    checks = evaluating.checks(in_force(), store, schedule)
    reports = evaluating.report_round(in_force, store, desk, evaluating.bulletins(in_force, store))
    return evaluating.evaluation(in_force(), store, desk.pipeline, checks, reports)


def _pace(settings: Settings) -> Pace:
    """How long is waited; over an embedded store the agent is alone."""
    alone = opening.home(settings) is not None
    return Pace(settings.source.lateness, alone=alone, stuck_after=patience(settings.store.flush_interval))
