"""The composition root of `dead-letters`: what was rejected, from where it is kept, and back into the log or the store."""

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from agent import app, logs, opening, parts
from agent.config.settings import Settings
from agent.decode.auto import legible
from agent.decode.dead_letter import Kept
from agent.decode.letterbox import LetterBox
from agent.decode.outline import names, outline
from agent.errors import Misconfigured, Mistake
from agent.opening import CLOCK, Post
from agent.records import Partition
from agent.report import letters as rows
from agent.report.letters import Row
from agent.runtime.refeed import CHUNK, refeed
from agent.source.clients import close, producer
from agent.source.feed import Feed, KafkaFeed

LOGS = f"dead-letters-{'[0-9a-f]' * 16}.jsonl"
PARTS = f"dead-letters-{'[0-9a-f]' * 16}.part"


def listing(settings: Settings, folder: Path | None, words: Mapping[str, str], most: int) -> Row:
    """The newest letters, and how many there are of each reason."""
    logs.configure(logging.WARNING, most=0)
    wanted = rows.wanted(words, CLOCK.now())
    with ExitStack() as stack:
        post = opening.post(stack, settings, folder)
        return {"place": post.place, **rows.listing(filter(wanted.has, post.box.letters()), most)}


def show(settings: Settings, folder: Path | None, name: str) -> Row:
    """One letter, by its id or by topic, partition and offset: the newest that is called so."""
    logs.configure(logging.WARNING, most=0)
    with ExitStack() as stack:
        post = opening.post(stack, settings, folder)
        found = [letter for letter in post.box.letters() if name in rows.called(letter)]
        if not found:
            raise Misconfigured([Mistake(name, "", f"no dead letter of this name in {post.place}: `dead-letters list` shows them")])
        letter = found[-1]
        seen = outline(legible(letter.value), names(settings.source.mapping))
        return rows.whole(letter, seen, post.judge.obstacle(letter, _now_ms()))


def replay(settings: Settings, folder: Path | None, reason: str | None, *, dry_run: bool) -> Row:
    """Feed what can be read now: into the topic it came from, or, from a file, into the store."""
    logs.configure(logging.WARNING, most=0)
    wanted, now = rows.wanted({"reason": reason} if reason else {}, CLOCK.now()), _now_ms()
    with ExitStack() as stack:
        post = opening.post(stack, settings, folder)
        feed = None if dry_run else _feed(stack, settings, folder, post)
        letters = filter(wanted.has, post.box.letters())
        told = refeed(letters, lambda letter: post.judge.obstacle(letter, now), post.box, feed, None if post.in_file else CHUNK)
    return {
        "place": post.place,
        "dry_run": dry_run,
        "letters": told.letters,
        "fed": told.fed,
        "left": dict(told.left.most_common()),
    }


def _feed(stack: ExitStack, settings: Settings, folder: Path | None, post: Post) -> Feed:
    if not post.in_file:
        made = producer(parts.kafka_address(settings))
        stack.callback(close, made)
        return KafkaFeed(made)
    if folder is None:
        raise Misconfigured([Mistake("--store", "", "expected the store that shall count them, since the letters are in a file")])
    return stack.enter_context(StoreFeed(settings, folder, post.box))


class StoreFeed:
    """Through the very same path as `replay`, as a file of its own that stays until its letters are marked.

    Whoever finds one finishes it before anything else is fed: it is the same log, of which the store knows what it has counted.
    """

    def __init__(self, settings: Settings, folder: Path, box: LetterBox) -> None:
        self._settings = settings
        self._folder = folder
        self._box = box

    def __enter__(self) -> Self:
        """Finish what a replay before this one has left."""
        for log in self._folder.glob(LOGS):
            self._finish(log)
        self._clear()
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """What was fed is marked by now; after a failure it may not be."""
        if failed is None:
            self._clear()

    def feed(self, letters: Sequence[Kept]) -> None:
        """Count all letters."""
        digest = hashlib.sha256("\n".join(letter.id for letter in letters).encode()).hexdigest()[:16]
        part = self._folder / f"dead-letters-{digest}.part"
        part.touch(mode=0o600)
        part.write_bytes(b"".join(letter.value + b"\n" for letter in letters))
        self._count(part.replace(part.with_suffix(".jsonl")))

    def _finish(self, log: Path) -> None:
        """Count the rest, and mark all but what is rejected a second time: the settings may have changed meanwhile."""
        self._count(log)
        lines, again = set(log.read_bytes().split(b"\n")), Partition(os.fspath(log.resolve()), 0)
        self._box.mark_fed([letter for letter in self._box.letters() if letter.value in lines and letter.partition != again])

    def _count(self, log: Path) -> None:
        app.replay(self._settings, [os.fspath(log)], self._folder, send=False)

    def _clear(self) -> None:
        for file in [*self._folder.glob(LOGS), *self._folder.glob(PARTS)]:
            file.unlink()


def _now_ms() -> int:
    return int(CLOCK.now().timestamp() * 1000)
