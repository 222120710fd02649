"""What a sample of a log holds, counted: which fields, in which dialect, made by what."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from agent.aggregate.documents import DocumentLanguages
from agent.decode.auto import format_of
from agent.decode.base import Decoder
from agent.decode.dead_letter import DeadLetter
from agent.decode.otlp.span import REDACTED
from agent.doctor.fields import NATIVE, Part, part_of
from agent.doctor.spans import SpanFacts, facts
from agent.language.codes import UNDETERMINED
from agent.language.services import Taggers
from agent.language.tagger import Asked
from agent.records import Accepted, Partition, RawMessage, Tag


class Sampled(NamedTuple):
    """A message as it was read, and when it was written (epoch milliseconds), where the log knows that."""

    message: RawMessage
    written: int | None = None


class Reading(NamedTuple):
    """How messages are read: with the parts of the agent itself. `k`: how many documents labels look at."""

    decoder: Decoder
    taggers: Taggers
    documents: DocumentLanguages
    k: int


class Origin(NamedTuple):
    """Who named the fields of an event: the dialect, and of spans what is instrumented, where that is known."""

    dialect: str
    framework: str = ""


class Times(NamedTuple):
    """`delays`: from an event's time to when it was written, ascending; `newest`: when the last was written. Milliseconds."""

    delays: Sequence[int] = ()
    newest: int | None = None

    def delay(self, share: float) -> int:
        """The delay that this share of the events does not exceed."""
        return self.delays[min(len(self.delays) - 1, int(share * len(self.delays)))]


class Examined(NamedTuple):
    """What was seen.

    `rejected` counts messages by reason and field, `spans` by what became of them; `declared` events have a language of
    their own and a text to compare it with, `agreeing` of these are alike. `repeated` events have an id that stood before
    in the same partition, `doubled` ids stand in several. `values` are those of messages that may be of the native format;
    `unread` counts rejected messages by what they look like.
    """

    messages: int
    parts: Mapping[Origin, Part]
    whole: Part
    rejected: Mapping[tuple[str, str], int]
    spans: Mapping[str, int]
    languages: Mapping[str, int]
    versions: Mapping[str, int]
    declared: int
    agreeing: int
    repeated: int
    doubled: int
    times: Times
    values: Sequence[bytes]
    unread: Mapping[str, int] = {}

    def reasons(self) -> Counter[str]:
        """Rejected messages by their reason."""
        found: Counter[str] = Counter()
        for (reason, _), count in self.rejected.items():
            found[reason] += count
        return found

    def dialects(self) -> Counter[str]:
        """Events by their dialect."""
        found: Counter[str] = Counter()
        for origin, part in self.parts.items():
            found[origin.dialect] += part.events
        return found


def examine(sample: Sequence[Sampled], reading: Reading, now_ms: int) -> Examined:
    """Read a sample as the agent would, one partition after the other, and count what is there."""
    accepted, rejected, spans = _decoded(sample, reading.decoder, now_ms)
    items = [item for some in accepted.values() for item in some]
    tags = _tags(items, reading.taggers)
    told = _of_spans(
        sample, {(partition, item.offset) for partition, some in accepted.items() for item in some if item.dialect == NATIVE}
    )
    compared = [tag.agrees for tag in tags if tag.agrees is not None]
    repeated, doubled = _repeats(accepted)

    def counted(some: Sequence[Accepted]) -> Part:
        return part_of(some, _marks(some, told), reading.documents, reading.k)

    groups: defaultdict[Origin, list[Accepted]] = defaultdict(list)
    for item in items:
        groups[_origin(item, told)].append(item)
    return Examined(
        messages=len(sample),
        parts={origin: counted(some) for origin, some in groups.items()},
        whole=counted(items),
        rejected=Counter((letter.reason.value, letter.detail.partition(", and ")[0]) for letter in rejected),
        spans=spans,
        languages=Counter(tag.language for tag in tags),
        versions=Counter(f"{item.event.embedding_model or ''} {item.event.index_version or ''}".strip() for item in items),
        declared=len(compared),
        agreeing=sum(compared),
        repeated=repeated,
        doubled=doubled,
        times=_times(sample, accepted),
        values=_to_look_at(sample, accepted, rejected),
        unread=Counter(format_of(letter.message.value) for letter in rejected),
    )


def _decoded(
    sample: Sequence[Sampled], decoder: Decoder, now_ms: int
) -> tuple[dict[Partition, list[Accepted]], list[DeadLetter], Counter[str]]:
    logs: defaultdict[Partition, list[RawMessage]] = defaultdict(list)
    for each in sample:
        logs[each.message.partition].append(each.message)
    accepted: dict[Partition, list[Accepted]] = {}
    rejected: list[DeadLetter] = []
    spans: Counter[str] = Counter()
    for partition, messages in logs.items():
        decoded = decoder.reader().read(messages, now_ms)
        accepted[partition] = decoded.accepted
        rejected += decoded.rejected
        spans.update(decoded.spans)
    return accepted, rejected, spans


def _tags(items: Sequence[Accepted], taggers: Taggers) -> list[Tag]:
    asked = [Asked(item.event.query, item.event.query_language, item.event.locale) for item in items]
    return taggers.tag_all(asked, [item.event.service for item in items])


def _of_spans(sample: Sequence[Sampled], native: set[tuple[Partition, int]]) -> dict[str, SpanFacts]:
    """Of all spans, by the id of the event that each may be."""
    told: dict[str, SpanFacts] = {}
    for message, _ in sample:
        if (message.partition, message.offset) not in native:
            told |= facts(message.value)
    return told


def _origin(item: Accepted, told: Mapping[str, SpanFacts]) -> Origin:
    known = None if item.dialect == NATIVE else told.get(item.event.event_id)
    return Origin(item.dialect, known.framework if known else "")


def _marks(items: Iterable[Accepted], told: Mapping[str, SpanFacts]) -> Counter[str]:
    marks: Counter[str] = Counter()
    for item in items:
        event, known = item.event, told.get(item.event.event_id)
        marks["redacted"] += event.query == REDACTED or bool(known and known.redacted)
        if known:
            marks["cut"] += known.cut
            marks["sampled"] += known.sampled and event.sample_rate is None
            marks["release"] += known.release is not None and event.index_version == known.release
    return marks


def _repeats(accepted: Mapping[Partition, Sequence[Accepted]]) -> tuple[int, int]:
    """Events whose id stood before in the same partition, and ids that stand in several."""
    ids = [Counter(item.event.event_id for item in items) for items in accepted.values()]
    partitions = Counter(id_ for found in ids for id_ in found)
    return sum(count - 1 for found in ids for count in found.values()), sum(count > 1 for count in partitions.values())


def _times(sample: Sequence[Sampled], accepted: Mapping[Partition, Sequence[Accepted]]) -> Times:
    written = {(each.message.partition, each.message.offset): each.written for each in sample if each.written is not None}
    if not written:
        return Times()
    delays = (
        written[partition, item.offset] - item.at
        for partition, items in accepted.items()
        for item in items
        if (partition, item.offset) in written
    )
    return Times(sorted(delays), max(written.values()))


def _to_look_at(
    sample: Sequence[Sampled], accepted: Mapping[Partition, Sequence[Accepted]], rejected: Sequence[DeadLetter]
) -> list[bytes]:
    native = {(partition, item.offset) for partition, items in accepted.items() for item in items if item.dialect == NATIVE}
    native |= {(letter.message.partition, letter.message.offset) for letter in rejected}
    return [message.value for message, _ in sample if (message.partition, message.offset) in native]


def undetermined(seen: Examined) -> float:
    """The share of the texts whose language is not told, in 0..1."""
    return seen.languages.get(UNDETERMINED, 0) / seen.whole.events if seen.whole.events else 0.0
