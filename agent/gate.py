"""The composition root of `compare`: two golden runs or logs, and what they say of each other."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cache, partial
from pathlib import Path
from typing import Final, Literal, NamedTuple

from agent import parts, progress, reached
from agent.alerting.weighing import GOLDEN
from agent.config.settings import Settings
from agent.errors import Misconfigured, Mistake
from agent.opening import CLOCK
from agent.probing.comparing.comparison import Asked, By, Comparison, compare
from agent.probing.comparing.logged import Reading, log_side
from agent.probing.comparing.metric import metric_of
from agent.probing.comparing.sides import CLICKS, Side, golden_side
from agent.source.file import FileSource

TEXTS: Final = 1 << 20  # whose language is remembered: both sides have the same


class Options(NamedTuple):
    """What the command line says; `max_drop` in points, `labels` where it says whence they are."""

    base: str
    candidate: str
    metric: str = "ndcg@10"
    max_drop: float = 3.0
    by: By = "language"
    labels: Literal["clicks", "judged"] | None = None
    allow_biased: bool = False
    store: Path | None = None


def gate(settings: Settings, options: Options) -> Comparison:
    """Compare; raises Misconfigured where there is nothing to compare or labels are clicks, Unreachable where a log is damaged."""
    asked = Asked(metric_of(options.metric), options.max_drop / 100, options.by)
    with ExitStack() as stack:
        readers = _Readers(stack, settings, options, asked)
        opened = [readers.opened(name) for name in (options.base, options.candidate)]
        base, candidate = (_unbiased(read(), options) for read in opened)
    return compare(base, candidate, asked)


class _Readers:
    """What both sides share: one store, one set of models, each opened where it is needed."""

    def __init__(self, stack: ExitStack, settings: Settings, options: Options, asked: Asked) -> None:
        self._stack = stack
        self._metric = asked.metric
        self._journal = cache(lambda: stack.enter_context(reached.journal(settings, options.store)))
        self._reading = Reading(
            decoder=parts.native(settings.source),
            taggers=cache(lambda: parts.taggers(_remembering(settings))),
            documents=parts.documents(settings.source) if asked.by == "pair" else None,
            metric=asked.metric,
            now_ms=int(CLOCK.now().timestamp() * 1000),
        )

    def opened(self, name: str) -> Callable[[], Side]:
        """Who reads this side: that a file is missing is told before the other one is read."""
        if name.startswith(GOLDEN):
            return partial(golden_side, self._journal(), name.removeprefix(GOLDEN), self._metric)
        return partial(self._log, name, self._stack.enter_context(closing(FileSource([name]))))

    def _log(self, name: str, source: FileSource) -> Side:
        with progress.counting("reading") as seen:
            return log_side(name, source, self._reading, lambda: seen(*source.progress()))


def _remembering(settings: Settings) -> Settings:
    return settings.model_copy(update={"language": settings.language.model_copy(update={"cache": TEXTS})})


def _unbiased(side: Side, options: Options) -> Side:
    """Clicks favour what the users were shown; raises Misconfigured unless that is taken into account."""
    if not side.clicks and options.labels != CLICKS:
        return side
    if options.allow_biased:
        return side._replace(clicks=True)
    why = "its labels are clicks, which follow what the old version ranked: judge its queries, or say --allow-biased"
    raise Misconfigured([Mistake(side.name, "", why)])
