"""A log that cannot be read stops the agent, before its position has moved past it."""

import pytest

from agent.decode.dead_letter import DeadLetter, Reason
from agent.errors import Stop
from agent.records import RawMessage
from agent.runtime.first_look import MESSAGES, FirstLook
from tests.runtime.rig import P0, Rig, event

NO_JSON, NO_QUERY = (DeadLetter(RawMessage(P0, 0, b""), reason, "") for reason in (Reason.NOT_JSON, Reason.MISSING_FIELD))


@pytest.mark.parametrize(("rejected", "stops"), [(400, False), (980, False), (989, False), (990, True), (1_000, True)])
def test_nearly_all_of_the_first_thousand(rejected: int, stops: bool) -> None:  # noqa: FBT001  a case's value
    """99 of 100, and the reasons are told, with the command that says more."""
    look = FirstLook()
    look.note(0, [NO_JSON] * 400)
    if not stops:
        look.note(1_000 - rejected, [NO_QUERY] * (rejected - 400))
        return
    with pytest.raises(
        Stop, match=rf"{rejected:,} of the first 1,000 messages were rejected \(missing_field {rejected - 400}, not_json 400\)"
    ) as told:
        look.note(1_000 - rejected, [NO_QUERY] * (rejected - 400))
    assert f"`babelwatch doctor --topic {P0.topic}`" in str(told.value)


def test_later_messages_are_not_looked_at() -> None:
    """A producer that breaks on the tenth day is for the alert on dead letters."""
    look = FirstLook()
    look.note(MESSAGES, [])
    look.note(0, [NO_JSON] * MESSAGES * 100)


def test_the_position_has_not_moved() -> None:
    """The next start, with a mapping, reads everything from the beginning."""
    rig = Rig(first_look=FirstLook())
    rig.log.append(P0, [b"no json"] * 1_200)
    with pytest.raises(Stop, match="1,024 of the first 1,024 messages"):
        rig.flush()
    assert rig.windows.positions() == {}
    assert rig.letters.letters == []


def test_what_was_read_before_is_no_first_look() -> None:
    """The ids before the position are read again at each start; what was rejected there was told."""
    rig = Rig()
    rig.log.append(P0, [b"no json"] * 1_200)
    rig.flush()
    rig.first_look = FirstLook()
    rig.again()
    rig.log.append(P0, [event(1)])
    rig.flush()
    assert rig.windows.counted() == {"ko": 1}
