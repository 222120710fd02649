"""What follows the reading of a log, opened: rules over a store, who is told, active checks and weekly reports."""

import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agent import active, parts
from agent.alerting.evaluator import Evaluator
from agent.alerting.rule import LagRule
from agent.configured import Configured, InForce
from agent.desk import DEAF, Desk, Ears
from agent.notify.base import Notifier
from agent.notify.bulletin import Bulletin
from agent.notify.pipeline import Pipeline
from agent.opening import CLOCK, Store, home, store_in
from agent.runtime.blindness import Blindness
from agent.runtime.checks import CHECK, Checks
from agent.runtime.evaluate import Evaluation
from agent.runtime.investigate import Investigation
from agent.runtime.report_round import Make, ReportRound
from agent.runtime.schedule import Schedule


def desk(  # noqa: PLR0913 - what the composition root knows of a process
    stack: ExitStack,
    in_force: InForce,
    notifiers: Mapping[str, Notifier],
    ears: Ears = DEAF,
    *,
    folder: Path | None = None,
    config: Path | None = None,
) -> Desk:
    """Who is told, over two connections of its own; `folder` is another store, `config` the file of the settings."""
    settings = in_force().settings
    options = (
        f"--config {shlex.quote(str(config.resolve()))}" if config else f"--store {shlex.quote(str(folder))}" if folder else ""
    )
    folder = folder or home(settings)
    outbox, people = store_in(stack, settings, folder), store_in(stack, settings, folder)
    made = Desk(outbox.journal, people.journal, CLOCK, in_force, ears=ears, options=options)
    stack.callback(made.close)
    made.configure(notifiers)
    return made


def evaluation(
    configured: Configured,
    store: Store,
    pipeline: Pipeline,
    checks: Checks | None = None,
    reports: ReportRound | None = None,
) -> Evaluation:
    """Rules over a store, who is told, what is checked besides, and what is reported each week."""
    evaluator = Evaluator(configured.rules, configured.quality)
    investigation = Investigation(store.windows, store.journal, configured.quality)
    reading = parts.reading(configured.settings)
    return Evaluation(
        evaluator, store.windows, store.journal, pipeline, investigation, reading=reading, checks=checks, reports=reports
    )


def bulletins(in_force: InForce, store: Store) -> Make:
    """Who makes the report of a week as it is sent; raises NotFound where it holds no query, RetryLater where the store is away."""

    def made(week: str) -> Bulletin:
        from agent.report.weekly.period import week_of  # noqa: PLC0415 - templates and charts, once a week
        from agent.report.weekly.publish import bulletin  # noqa: PLC0415
        from agent.report.weekly.weekly import weekly  # noqa: PLC0415

        now = in_force()
        period = week_of(week, ZoneInfo(now.settings.report.timezone))
        return bulletin(weekly(store.windows, store.journal, now.quality, period), now.settings.notify.external_url)

    return made


def report_round(in_force: InForce, store: Store, desk: Desk, make: Make) -> ReportRound:
    """The weekly reports that `make` makes, at the time and for the receivers that are configured at each look."""
    return ReportRound(lambda: parts.reports(in_force().settings), store.journal, desk.pipeline, make)


def schedule(stack: ExitStack, in_force: InForce, config: Path | None) -> Schedule:
    """Who runs the active checks of this process; `config` is the file of the settings."""
    options = ("--config", str(config.resolve())) if config else ()
    made = Schedule(lambda check: active.command(in_force().settings, check, options), CLOCK)
    stack.callback(made.close)
    return made


def checks(configured: Configured, store: Store, runner: Schedule) -> Checks | None:
    """The active checks of the settings; None where there are none."""
    settings = configured.settings
    if not (settings.probes or settings.golden or store.journal.read(CHECK)):
        return None
    # They need scipy, half a second that few commands have to wait.
    from agent.probing.golden.weigh import Weigher  # noqa: PLC0415
    from agent.runtime.golden_falls import GoldenFalls  # noqa: PLC0415

    planned, journal = active.planned(settings), store.journal
    falls = GoldenFalls(journal, planned.golden)
    made = Checks(planned, active.timed(settings), runner, journal, weigh=Weigher(journal).weigh, falls=falls)
    runner.wake()
    return made


def blindness(in_force: InForce, store: Store, desk: Desk) -> Callable[[datetime], None]:
    """Who looks whether evaluation goes on, on wall time, where a rule asks for it."""
    rule = next((rule for rule in in_force().rules if isinstance(rule, LagRule)), None)
    return Blindness(rule, store.journal, desk.pipeline, CLOCK.now(), know=desk.know).look
