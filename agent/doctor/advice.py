"""What to set to get more out of a log, the most useful first."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.alerting.summary import percent
from agent.decode.otlp.dialect import Role
from agent.doctor.asked import Asked
from agent.doctor.examined import Examined, Origin, undetermined
from agent.doctor.fields import NATIVE
from agent.doctor.naming import Proposal
from agent.doctor.rows import ROWS
from agent.doctor.rules import Known

AGREE: Final = 0.9  # below it the declared language is probably a locale
FEW: Final = 30  # fewer comparisons say nothing about a share
UNDETERMINED: Final = 0.2  # of queries in a log of real ones: codes, names and one ambiguous word are rarely more

OTHER_FORMAT: Final = "set `source.format` to `otlp_proto` or `otlp_json`, as the Collector's exporter writes them, or to `auto`."
REJECTED: Final[dict[str, str]] = {
    "empty": "Records without a value (tombstones): a compacted topic is no log of retrievals; is this the right topic?",
    "not_json": "What is no JSON cannot be read: is this the right topic, and does `source.format` fit it (`auto` looks at each record)?",
    "not_otlp": "What is no record of spans cannot be read with this `source.format`: set `source.format: auto`.",
    "not_utf8": "Records are no UTF-8: is this the right topic, and does `source.format` fit it (`auto` looks at each record)?",
    "mapping_failed": "An expression of `source.mapping` stops at these records: try it without functions, or guard it (`a && join('/', a)`).",
    "bad_timestamp": "`timestamp` must be RFC 3339 with an offset (`2026-11-09T09:00:00Z`) or milliseconds since 1970.",
    "timestamp_before_2000": "`timestamp` is most likely in seconds: send milliseconds since 1970, or RFC 3339 with an offset; "
    "spans have no start time, or a wrong one.",
    "timestamp_in_future": "Clocks of those who write are ahead of this machine's: set them (NTP), or check that local time is not sent as UTC.",
}


class Advice(NamedTuple):
    """What to do; `reason` names why, `unlocks` what it brings."""

    reason: str
    text: str
    unlocks: tuple[str, ...] = ()


def advice(seen: Examined, known: Known, proposal: Proposal | None, k: int) -> list[Advice]:
    """What to do, the most useful first."""
    told = [*_of_messages(seen, proposal), *_of_rows(seen, known, k), *_of_languages(seen)]
    return list(dict.fromkeys(told))


def _of_messages(seen: Examined, proposal: Proposal | None) -> Iterator[Advice]:
    """Before any field: whether there is anything to read at all."""
    if not seen.messages:
        yield Advice(
            "no_messages",
            "There is no message: does the service write here yet, and is this the right topic or file?",
            ("everything",),
        )
    if not seen.spans and (spans := sum(count for name, count in seen.unread.items() if name != NATIVE)):
        yield Advice("other_format", f"{spans} of {seen.messages} messages are records of spans: {OTHER_FORMAT}", ("everything",))
    if proposal:
        yield Advice("other_names", _mapping(proposal), ("every field that it names",))
    for reason, count in seen.reasons().most_common():
        if reason in REJECTED and not (reason == "timestamp_before_2000" and proposal and proposal.seconds):
            yield Advice(f"rejected_{reason}", f"{count} of {seen.messages} messages are rejected. {REJECTED[reason]}")
        elif reason not in REJECTED and not (reason == "missing_field" and proposal):
            fields = ", ".join(sorted({field for each, field in seen.rejected if each == reason and field}))
            where = f" at {fields}" if fields else ""
            yield Advice(
                f"rejected_{reason}", f"{count} of {seen.messages} messages are rejected as `{reason}`{where}: see docs/connect.md."
            )
    if seen.messages and not seen.whole.events and not seen.rejected and not seen.spans.get(Role.RETRIEVAL):
        yield Advice("no_retrieval_spans", _no_retrievals(seen), ("everything",))


def _mapping(proposal: Proposal) -> str:
    read = f"with it {proposal.read} of {proposal.of} messages looked at can be read"
    seconds = (
        "; its time is in seconds since 1970, which no mapping makes milliseconds: send milliseconds or RFC 3339"
        if proposal.seconds
        else ""
    )
    return f"Fields seem to have other names. Set `source: {{mapping: {proposal.line()}}}`: {read}{seconds}. Look it over, it is guessed from the names."


def _no_retrievals(seen: Examined) -> str:
    return (
        f"There are {sum(seen.spans.get(role, 0) for role in Role)} spans, and none is a retrieval: instrument the retriever (OpenTelemetry GenAI, OpenInference or "
        "OpenLLMetry for LangChain, LlamaIndex, Haystack or the vector store), and look that the Collector does not filter or sample its spans out."
    )


def _of_rows(seen: Examined, known: Known, k: int) -> Iterator[Advice]:
    """What is due for several origins in the same words is said once, with their names in front unless it is all of them."""
    for row in ROWS:
        due: defaultdict[str, list[Origin]] = defaultdict(list)
        for origin, part in seen.parts.items():
            asked = Asked(seen, origin, part, known, k)
            if origin.dialect in (row.dialects or [origin.dialect]) and row.due(asked):
                due[row.text(asked)].append(origin)
        for text, origins in due.items():
            whose = "" if len(origins) == len(seen.parts) else f"{', '.join(map(called, origins))}: "
            yield Advice(row.reason, f"{whose}{text}", row.unlocks)


def called(origin: Origin) -> str:
    """An origin as a person reads it."""
    return f"{origin.dialect} ({origin.framework})" if origin.framework else origin.dialect


def _of_languages(seen: Examined) -> Iterator[Advice]:
    if seen.declared >= FEW and seen.agreeing < AGREE * seen.declared:
        yield Advice(
            "declared_disagrees",
            f"The declared language is that of the text in {percent(seen.agreeing / seen.declared)} of {seen.declared} queries: "
            "`query_language` is probably the user interface's. Send it as `locale`, which is a hint only.",
            ("true languages",),
        )
    texts = seen.whole.fields.get("query", 0)
    if texts >= FEW and undetermined(seen) > UNDETERMINED and texts == seen.whole.events:
        yield Advice(
            "undetermined",
            f"{percent(undetermined(seen))} of the queries do not tell their language: send `query_language` or `locale` where the service "
            "knows it, and set `language.allowed` to the languages of your users.",
            ("languages",),
        )
