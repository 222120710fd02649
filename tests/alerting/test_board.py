"""What stands, ends and is held back, each incident in one place."""

from msgspec.structs import replace

from agent.alerting.board import Board
from agent.alerting.finding import subject_of
from agent.alerting.known import Known, State
from agent.alerting.lifecycle import Standing
from agent.alerting.minutes import end_of
from agent.alerting.triage.grouping import Place
from tests.alerting.triage.test_grouping import MINUTE, fall

KO, DE = fall("ko"), fall("de")
OVER = replace(KO, state="resolved", resolved_at=end_of(MINUTE + 30))
HERE = Place(KO.service, KO.environment)


def test_of_incidents_alone_what_fires_stands() -> None:
    """Of one that is given twice its end counts."""
    assert [subject.language for subject in Board(Known((KO, OVER, DE))).standings] == ["de"]


def test_a_state_knows_what_is_pending_too() -> None:
    """It is the whole of what stood, whatever fires by the journal."""
    pending = Standing(replace(DE, state="pending"))
    board = Board(Known((KO,), state=State((pending,))))
    assert list(board.standings.values()) == [pending]
    assert (board.open, board.fallen(HERE), board.firing(subject_of(DE))) == ([pending.incident], set(), None)


def test_what_is_put_takes_the_place_of_what_stood() -> None:
    """Resolved it stands no more and is known; nothing in its place leaves none."""
    board = Board(Known((KO, DE)))
    assert board.fallen(HERE) == {"ko", "de"}
    assert board.fallen(Place(KO.service, "elsewhere")) == set()
    board.put(subject_of(OVER), Standing(OVER))
    board.put(subject_of(DE), None)
    assert (board.open, board.resolved, board.fallen(HERE)) == ([], [OVER], set())


def test_what_was_found_out_is_what_is_told_later() -> None:
    """An end that is told stays as it is, and so does what stands nowhere."""
    board, known = Board(Known((KO,))), replace(KO, cause="deployment")
    board.keep(known)
    assert board.now(KO) == known
    assert board.now(OVER) == OVER
    assert board.now(DE) == DE


def test_what_is_held_back_is_not_open() -> None:
    """It stands all the same."""
    board = Board(Known((KO,)))
    board.together.step(MINUTE, [KO], lambda _: {})
    assert (board.open, board.firing(subject_of(KO))) == ([], KO)
