"""Canaries: words that stand nowhere else, and whoever looks for them in all that an agent wrote, sent and answered."""

import random
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import clickhouse_connect

INNER = ("system", "information_schema", "INFORMATION_SCHEMA")


class Canary(NamedTuple):
    """A word, and what it stands for in the test."""

    name: str
    word: str

    def forms(self) -> Iterator[bytes]:
        """As it stands, and as base64 and hexadecimal would hold it, wherever in a longer text it stands; in small letters."""
        plain = self.word.encode()
        yield plain.lower()
        yield plain.hex().encode()
        for before in range(3):  # letters of base64 have six bits: the first and the last may hang on what stands beside it
            first, end = -(-8 * before // 6), 8 * (before + len(plain)) // 6
            yield b64encode(b"\0" * before + plain)[first:end].lower()


def canary(name: str, random_: random.Random) -> Canary:
    """A new word of letters and digits, which no way of escaping changes."""
    return Canary(name, f"zq{''.join(filter(str.isalnum, name)).lower()}{random_.getrandbits(64):016x}")


class Seen:
    """All that could be seen of an agent, by the place where it was."""

    def __init__(self) -> None:
        self._at: defaultdict[str, list[bytes]] = defaultdict(list)

    def note(self, place: str, said: str | bytes) -> None:
        """Keep what stood in a place."""
        self._at[place].append((said.encode() if isinstance(said, str) else bytes(said)).lower())

    def size(self, place: str) -> int:
        """How many bytes stood there."""
        return sum(map(len, self._at[place]))

    def places(self, beginning: str = "") -> list[str]:
        """The places that were looked at."""
        return [place for place in self._at if place.startswith(beginning)]

    def places_of(self, sought: Canary) -> set[str]:
        """Where a canary stands in any of its forms."""
        forms = set(sought.forms())
        return {place for place, said in self._at.items() if any(form in one for one in said for form in forms)}

    def files_below(self, folder: Path, place: str) -> None:
        """Every byte of every file, and the names of all."""
        for path in sorted(folder.rglob("*")):
            self.note(place, str(path.relative_to(folder)))
            if path.is_file():
                self.note(f"{place} {path.name}" if path.suffix in {".lock", ".jsonl"} else place, path.read_bytes())

    def tables_of(self, engine: Path) -> None:
        """Every column of every table, as the engine unpacks it."""
        client = clickhouse_connect.get_client(interface="chdb", path=str(engine))
        try:
            where = f"database NOT IN {INNER} AND engine != 'View'"
            for database, name in client.query(f"SELECT database, name FROM system.tables WHERE {where}").result_rows:
                self.note(f"table {name}", client.raw_query(f"SELECT * FROM `{database}`.`{name}`", fmt="RowBinary"))
        finally:
            client.close()
