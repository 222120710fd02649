"""A small model of the flush protocol: writers, the engine with its memory of tokens, and everything that may go wrong.

It is walked exhaustively: `reachable` takes every step that any party may take next, in every order, up to a depth. What a read
position means is asked of the agent's own `decide`; rows are offsets, and each has to be counted exactly once.
"""

from collections.abc import Iterator
from typing import NamedTuple

from agent.runtime.flush import BURNT_ANSWERS, Outcome, decide
from agent.store.base import Flush

RECORDS = 2
ANSWERS = 2  # acknowledged so often over a long time: as the agent's four answers over ten seconds


class Rules(NamedTuple):
    """The parts of the protocol; each can be switched off to see what it is there for."""

    tokens: bool = True  # the engine drops an insert whose token it knows
    read_back: bool = True  # what an insert answered is not believed
    frozen_rows: bool = True  # tried again with the same rows
    attempts: bool = True  # a burnt token is given up for another
    ageing: bool = True  # a batch that is older than the engine's memory may be is forgotten


class Faults(NamedTuple):
    """How many of each may still happen."""

    crashes: int = 2
    lost_answers: int = 1
    stalls: int = 1  # an insert that is carried out later than anyone waits for it
    burns: int = 1
    stale_reads: int = 1
    forgotten: int = 1


class Request(NamedTuple):
    """An insert on its way: rows [start, upto) and the position `end`."""

    token: str
    start: int
    upto: int
    end: int


class Writer(NamedTuple):
    """A member that holds the partition, or believes so: read up to `read`, since the stored position `stored`."""

    stored: int
    read: int
    end: int | None = None  # frozen
    attempt: int = 0
    answers: int = 0
    sent: bool = False

    def request(self, rules: Rules) -> Request:
        """What it inserts now."""
        assert self.end is not None
        upto = self.end if rules.frozen_rows else self.read
        return Request(f"{self.stored}#{self.attempt}", self.stored, upto, self.end)


class State(NamedTuple):
    """Everything at one moment. `counted` is how often each offset is in the store."""

    writers: tuple[Writer | None, ...]
    position: int = 0
    counted: tuple[int, ...] = (0,) * RECORDS
    tokens: frozenset[str] = frozenset()
    on_their_way: frozenset[Request] = frozenset()
    faults: Faults = Faults()


def reachable(start: State, rules: Rules, depth: int) -> Iterator[State]:
    """Every state that can be reached in so many steps, each once."""
    seen, front = {start}, [start]
    yield start
    for _ in range(depth):
        found = dict.fromkeys(after for before in front for after in steps(before, rules))
        front = [state for state in found if state not in seen]
        seen.update(front)
        yield from front


def steps(state: State, rules: Rules) -> Iterator[State]:
    """Whatever may happen next."""
    for place, writer in enumerate(state.writers):
        yield from _assigned(state, place)
        if writer is not None:
            yield from _worked(state, place, writer, rules)
    for request in state.on_their_way:
        arrived = state._replace(on_their_way=state.on_their_way - {request})
        yield from _carried_out(arrived, request, rules)
    yield from _forgotten(state, rules)


def settled(state: State, rules: Rules) -> State:
    """What becomes of it when nothing goes wrong any more: all that is on its way arrives, and one writer finishes."""
    for request in sorted(state.on_their_way):
        state = next(_carried_out(state, request, rules))
    state = state._replace(faults=Faults(*(0,) * len(Faults._fields)), on_their_way=frozenset())
    place = next((place for place, writer in enumerate(state.writers) if writer), 0)
    state = _put(state, place, state.writers[place] or Writer(state.position, state.position))
    for _ in range(12 * RECORDS):
        writer = state.writers[place]
        assert writer is not None
        state = next(_worked(state, place, writer, rules), state)
    return state


def _put(state: State, place: int, writer: Writer | None) -> State:
    writers = (*state.writers[:place], writer, *state.writers[place + 1 :])
    return state._replace(writers=writers)


def _assigned(state: State, place: int) -> Iterator[State]:
    """It starts at the stored position, for the first time or after a crash; the others may believe that they still own it."""
    crashes = state.faults.crashes - (state.writers[place] is not None)
    if crashes >= 0:
        fresh = _put(state, place, Writer(state.position, state.position))
        yield fresh._replace(faults=state.faults._replace(crashes=crashes))


def _worked(state: State, place: int, writer: Writer, rules: Rules) -> Iterator[State]:
    if writer.sent:
        yield from _read_back(state, place, writer, rules)
        return
    if writer.end is not None:
        yield from _sent(state, place, writer, rules)
    elif writer.read > writer.stored:
        yield _put(state, place, writer._replace(end=writer.read))
    if writer.read < RECORDS and (writer.end is None or not rules.frozen_rows):
        yield _put(state, place, writer._replace(read=writer.read + 1))


def _sent(state: State, place: int, writer: Writer, rules: Rules) -> Iterator[State]:
    """The insert goes well; or its answer is lost; or it is carried out later, after everybody gave it up."""
    request, silent, faults = writer.request(rules), _put(state, place, writer._replace(sent=True)), state.faults
    for done in _carried_out(state, request, rules):
        yield _put(done, place, writer._replace(sent=True, answers=writer.answers + 1))
    if faults.lost_answers:
        for done in _carried_out(silent, request, rules):
            yield done._replace(faults=done.faults._replace(lost_answers=faults.lost_answers - 1))
    if faults.stalls:
        late = silent.on_their_way | {request}
        yield silent._replace(on_their_way=late, faults=faults._replace(stalls=faults.stalls - 1))


def _carried_out(state: State, request: Request, rules: Rules) -> Iterator[State]:
    """What the engine makes of an insert: it knows the token and drops the rows, or takes them, or burns the token."""
    if rules.tokens and request.token in state.tokens:
        yield state
        return
    tokens = state.tokens | {request.token}
    counted = tuple(n + (request.start <= offset < request.upto) for offset, n in enumerate(state.counted))
    yield state._replace(tokens=tokens, counted=counted, position=max(state.position, request.end))
    if state.faults.burns:
        yield state._replace(tokens=tokens, faults=state.faults._replace(burns=state.faults.burns - 1))


def _read_back(state: State, place: int, writer: Writer, rules: Rules) -> Iterator[State]:
    assert writer.end is not None
    if not rules.read_back:
        believed = Writer(writer.end, writer.end) if writer.answers else writer._replace(sent=False)
        yield _put(state, place, believed)
        return
    yield _decided(state, place, writer, state.position, rules)
    if state.faults.stale_reads and state.position != writer.stored:
        stale = state._replace(faults=state.faults._replace(stale_reads=state.faults.stale_reads - 1))
        yield _decided(stale, place, writer, writer.stored, rules)


def _decided(state: State, place: int, writer: Writer, found: int, rules: Rules) -> State:
    """As `attempt` and the consumer act on it."""
    assert writer.end is not None
    long = writer.answers >= ANSWERS
    flush = Flush("log/0", writer.stored, writer.end, writer.attempt, ())
    outcome = decide(flush, found, acknowledged=BURNT_ANSWERS if long else writer.answers, for_long=long)
    if outcome is Outcome.DONE:
        return _put(state, place, Writer(writer.end, max(writer.end, writer.read if not rules.frozen_rows else 0)))
    if outcome is Outcome.LOST:
        return _put(state, place, Writer(state.position, state.position))
    again = writer._replace(sent=False)
    if outcome is Outcome.BURNT:
        again = again._replace(attempt=writer.attempt + rules.attempts, answers=0)
    return _put(state, place, again)


def _forgotten(state: State, rules: Rules) -> Iterator[State]:
    """The engine's memory of tokens is bounded. It holds longer than a batch may grow old, and than a request may live."""
    if not state.faults.forgotten:
        return
    held = {writer.stored for writer in state.writers if writer} if rules.ageing else set()
    held |= {request.start for request in state.on_their_way}
    for token in sorted(state.tokens):
        if int(token.partition("#")[0]) in held:
            continue
        yield state._replace(tokens=state.tokens - {token}, faults=state.faults._replace(forgotten=state.faults.forgotten - 1))
