"""The composition root of `dead-letters`: what was rejected, from where it is kept, and back into the log or the store."""

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from agent import app, logs, opening, parts
from agent.config.settings import Settings
from agent.decode.dead_letter import Kept
from agent.decode.outline import names, outline
from agent.errors import Misconfigured, Mistake
from agent.notify.text import clean
from agent.opening import CLOCK
from agent.report import letters as rows
from agent.report.letters import Row
from agent.runtime.refeed import CHUNK, refeed
from agent.source.clients import producer
from agent.source.feed import Feed, KafkaFeed


def listing(settings: Settings, folder: Path | None, words: Mapping[str, str], most: int | None) -> Row:
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
        found = [letter for letter in post.box.letters() if name in {clean(letter.id), clean(letter.name)}]
        if not found:
            raise Misconfigured([Mistake(name, "", f"no dead letter of this name in {post.place}: `dead-letters list` shows them")])
        letter = found[-1]
        seen = outline(letter.value, names(settings.source.mapping))
        return rows.whole(letter, seen, post.judge.obstacle(letter, _now_ms()))


def replay(settings: Settings, folder: Path | None, reason: str | None, *, dry_run: bool) -> Row:
    """Feed what can be read now: into the topic it came from, or, from a file, into the store."""
    logs.configure(logging.WARNING, most=0)
    wanted, now = rows.wanted({"reason": reason} if reason else {}, CLOCK.now()), _now_ms()
    with ExitStack() as stack:
        post = opening.post(stack, settings, folder)
        feed = None if dry_run else _feed(stack, settings, folder, in_file=post.in_file)
        letters = filter(wanted.has, post.box.letters())
        told = refeed(letters, lambda letter: post.judge.obstacle(letter, now), post.box, feed, None if post.in_file else CHUNK)
    return {
        "place": post.place,
        "dry_run": dry_run,
        "letters": told.letters,
        "fed": told.fed,
        "left": dict(told.left.most_common()),
    }


def _feed(stack: ExitStack, settings: Settings, folder: Path | None, *, in_file: bool) -> Feed:
    if not in_file:
        return KafkaFeed(stack.enter_context(closing(producer(parts.kafka_address(settings)))))
    if folder is None:
        raise Misconfigured([Mistake("--store", "", "expected the store that shall count them, since the letters are in a file")])
    return StoreFeed(settings, folder)


class StoreFeed:
    """Through the very same path as `replay`, as a file of its own that is gone afterwards.

    The name says what is in it: after a crash the same letters are the same log, of which the store knows what it has counted.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder

    def feed(self, letters: Sequence[Kept]) -> None:
        """Count all letters."""
        lines = b"".join(letter.value + b"\n" for letter in letters)
        log = self._folder / f"dead-letters-{hashlib.sha256(lines).hexdigest()[:16]}.jsonl"
        log.touch(mode=0o600)
        log.write_bytes(lines)
        try:
            app.replay(self._settings, [os.fspath(log)], self._folder, send=False)
        finally:
            log.unlink()


def _now_ms() -> int:
    return int(CLOCK.now().timestamp() * 1000)
