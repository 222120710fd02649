"""Events as the decoder gives them, folded into windows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from hypothesis import HealthCheck, settings
from msgspec.structs import asdict

from agent.aggregate.aggregator import MINUTE_MS, Aggregator, Window
from agent.aggregate.cardinality import Admission
from agent.aggregate.documents import DocumentLanguages
from agent.aggregate.measures import Measures, merged
from agent.records import Accepted, Event, Result, Tag, WindowKey

MINUTE = 29_913_630  # 2026-11-16T08:30:00Z in minutes since the epoch
KOREAN = Tag("ko", 1.0, "declared")
KEY = WindowKey("help", "prod", "kb-ko", "ko", "", "e5", "v42", "cosine")
DOCUMENTS = DocumentLanguages({"kb-ko": "ko", "kb-en": "en"}, pattern="^([a-z]{2})/")
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])  # a busy machine proves nothing

Folded = tuple[Accepted, Tag]


def event(**changes: Any) -> Event:
    """A Korean query's event that found one document, with other values where they are given."""
    values: dict[str, Any] = {
        "service": "help",
        "environment": "prod",
        "collection": "kb-ko",
        "embedding_model": "e5",
        "index_version": "v42",
        "results": [Result("d1", 0.8)],
        "score_kind": "cosine",
    }
    return Event("e1", 0, **(values | changes))


def found(*doc_ids: str) -> list[Result]:
    """A ranking of these documents."""
    return [Result(doc, 0.9 - n / 100) for n, doc in enumerate(doc_ids)]


def aggregator(k: int = 2, documents: DocumentLanguages = DOCUMENTS, admission: Admission | None = None) -> Aggregator:
    """An empty batch."""
    return Aggregator(k, documents, admission or Admission())


def folded(*events: Event, tag: Tag = KOREAN, minute: int = MINUTE, batch: Aggregator | None = None) -> Aggregator:
    """A batch of events of one minute and language."""
    batch = aggregator() if batch is None else batch
    accepted = [Accepted(offset, minute * MINUTE_MS, each) for offset, each in enumerate(events)]
    batch.fold(accepted, [tag] * len(events), evaluated_to=0)
    return batch


def of_kind(kind: Literal["language", "pair"], windows: Iterable[Window]) -> list[Window]:
    """The windows of one kind."""
    return [window for window in windows if window.kind == kind]


def language(*events: Event, **how: Any) -> Measures:
    """The one language window of these events."""
    (only,) = of_kind("language", folded(*events, **how).windows())
    return only.measures


def pairs(*events: Event, **how: Any) -> dict[str, Measures]:
    """The pair windows of these events, by document language."""
    windows = of_kind("pair", folded(*events, **how).windows())
    return dict(summed(windows, by=lambda window: window.key.document_language))


def counted(measures: Measures, *but: str) -> dict[str, Any]:
    """The measures that are not zero, without those named."""
    return {name: value for name, value in asdict(measures).items() if value and name not in but}


def summed(windows: Iterable[Window], by: Callable[[Window], Any] = lambda window: window[:3]) -> Mapping[Any, Measures]:
    """Windows added up by kind, minute and key, as the store does."""
    parts: dict[Any, list[Measures]] = {}
    for window in windows:
        parts.setdefault(by(window), []).append(window.measures)
    return {key: merged([Measures(), *measures]) for key, measures in parts.items()}


def batches(items: Sequence[Folded], admission: Admission | None = None) -> Aggregator:
    """Events with their tags, folded in this order; all are late that come before `MINUTE`."""
    batch = aggregator(admission=admission)
    batch.fold([accepted for accepted, _ in items], [tag for _, tag in items], evaluated_to=MINUTE)
    return batch
