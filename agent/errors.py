"""What went wrong, by what has to be done next.

BabelwatchError
├── RetryLater            a neighbour is away: the same work again, later
│   └── Unreachable       ... and a command cannot wait for it (exit status 3)
└── Stop                  a person has to act
    ├── Misconfigured     every mistake listed (exit status 2)
    │   └── NotFound      ... what was asked for by name is not there
    └── Locked            the store belongs to a process that does not answer (exit status 3)
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class BabelwatchError(Exception):
    """Everything babelwatch raises on purpose; its text is one readable sentence."""


class RetryLater(BabelwatchError):  # noqa: N818 - the name says what to do next
    """A neighbour is away or slow: do the same again later."""


class Unreachable(RetryLater):
    """Something that a command needs cannot be reached."""


class Stop(BabelwatchError):  # noqa: N818 - the name says what to do next
    """Going on would be wrong; a person has to act."""


class Locked(Stop):
    """The store is held by a process that does not answer."""


class Mistake(NamedTuple):
    """One thing that is wrong in a file: where it stands and what was expected there."""

    file: str
    key: str
    expected: str

    def __str__(self) -> str:
        """One line: what cannot be seen (a line break, a blank that does not break) is escaped as in a Python string."""
        line = ": ".join(part for part in self if part)
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)


class Misconfigured(Stop):
    """The configuration or a rules file is wrong; `mistakes` has all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


class NotFound(Misconfigured):
    """What was asked for by its name is not there."""


def together(*reads: Callable[[], object]) -> None:
    """Do all of them; raises Misconfigured with every mistake of any."""
    mistakes: list[Mistake] = []
    for read in reads:
        try:
            read()
        except Misconfigured as error:
            mistakes += error.mistakes
    if mistakes:
        raise Misconfigured(mistakes)
