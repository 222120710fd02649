"""The schema: applied once each, in order, forwards only; and the roll-up to hours keeps every sum."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import compress
from pathlib import Path
from typing import Any, cast

import pytest

from agent.clock import SystemClock
from agent.errors import Stop
from agent.records import WindowKey
from agent.store import sql
from agent.store.base import Selection
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import Engine
from agent.store.migrate import RETENTION, migrate, statements
from tests.store.builders import EPOCH, entry, flush, window
from tests.store.conftest import SCHEMAS

SUM = {"sum": "sum", "sumMap": "sumMap", "max": "max", "uniqCombined": "uniqCombinedMergeState"}
AGGREGATE = re.compile(r"(?:Simple)?AggregateFunction\((\w+), (.*)\)")
NUMBERS = [int(path.name[:4]) for path in sorted(SCHEMAS.glob("[0-9]*.sql"))]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Recorder:
    """An engine that only notes what it is told, and has applied nothing yet."""

    name = "a recorder"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def command(self, statement: str) -> None:
        """Note a statement."""
        self.heard.append(statement)

    def rows(self, statement: str) -> Sequence[Sequence[Any]]:  # noqa: ARG002  no statement finds anything
        """No version is there."""
        return []


def told(**options: bool) -> list[str]:
    """The statements of a first migration."""
    recorder = Recorder()
    migrate(cast("Engine", recorder), SCHEMAS, **options)
    return recorder.heard


def definition(engine: Engine, table: str) -> str:
    """How the engine has written a table down."""
    ((text,),) = engine.rows("SELECT create_table_query FROM system.tables WHERE name = {name:String}", {"name": table})
    return str(text)


def columns(engine: Engine) -> dict[str, str]:
    """The columns of `windows` with their types, in their order."""
    return dict(
        cast(
            "list[tuple[str, str]]", engine.rows("SELECT name, type FROM system.columns WHERE table = 'windows' ORDER BY position")
        )
    )


def folder(path: Path, **files: str) -> Path:
    """A folder of SQL files."""
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        path.joinpath(f"{name.removeprefix('_')}.sql").write_text(text)
    return path


def test_the_bundled_schema_is_applied_once(engine: Engine) -> None:
    """The first time returns every version, the second none; what was stored stays."""
    assert migrate(engine, SCHEMAS) == NUMBERS
    ClickHouseJournal(engine).write([entry("kept")])
    assert migrate(engine, SCHEMAS) == []
    assert [row.id for row in ClickHouseJournal(engine).read("note")] == ["kept"]
    assert sorted(version for (version,) in engine.rows("SELECT version FROM migrations")) == NUMBERS


def test_files_are_applied_in_the_order_of_their_numbers(engine: Engine, tmp_path: Path) -> None:
    """Each builds on the one before, whatever else lies in the folder."""
    given = folder(
        tmp_path / "sql",
        _0010_last="RENAME TABLE second TO third",
        _0002_second="RENAME TABLE first TO second",
        _0001_first="CREATE TABLE first (n UInt8) ENGINE = MergeTree ORDER BY n; INSERT INTO first VALUES (1)",
        notes="this is no SQL",
    )
    assert migrate(engine, given, retention=False) == [1, 2, 10]
    assert engine.rows("SELECT n FROM third") == [(1,)]


def test_only_what_is_new_is_applied(engine: Engine, tmp_path: Path) -> None:
    """A later version of the agent adds its own file to a store that has the others."""
    given = folder(tmp_path / "sql", _0001_a="CREATE TABLE a (n UInt8) ENGINE = MergeTree ORDER BY n; INSERT INTO a VALUES (1)")
    migrate(engine, given, retention=False)
    folder(given, _0002_b="INSERT INTO a VALUES (2)")
    assert migrate(engine, given, retention=False) == [2]
    assert engine.rows("SELECT n FROM a ORDER BY n") == [(1,), (2,)]


def test_a_migration_that_broke_off_is_done_again(engine: Engine) -> None:
    """A crash between the tables and the note that they are there costs nothing."""
    migrate(engine, SCHEMAS)
    ClickHouseJournal(engine).write([entry("kept")])
    engine.command("TRUNCATE TABLE migrations")
    assert migrate(engine, SCHEMAS) == NUMBERS
    assert [row.id for row in ClickHouseJournal(engine).read("note")] == ["kept"]


def test_a_newer_schema_is_refused(engine: Engine) -> None:
    """An old agent does not write into tables that it does not know; the sentence names both versions."""
    migrate(engine, SCHEMAS)
    engine.command("INSERT INTO migrations (version, name) VALUES (9999, 'from_the_future')")
    with pytest.raises(Stop, match=rf"has schema 9999, this babelwatch knows {NUMBERS[-1]}: install a newer one"):
        migrate(engine, SCHEMAS)


AFTER_2 = ("translation_hist", "translation_sums", "untold")
LATER = {1: ("declared", "declared_agrees", "tag_reasons", *AFTER_2), 2: AFTER_2}
"""The columns that each schema did not have."""


def schema(version: int, path: Path) -> Path:
    """The folder as the first release had it (1), or the one before translations were counted by engine (2)."""
    path.mkdir()
    for name in (*("0001_windows_and_journal.sql", "0002_tags.sql")[:version], RETENTION):
        text = (SCHEMAS / name).read_text(encoding="utf-8")
        (path / name).write_text(re.sub(rf" *({'|'.join(LATER[version])}) = sum(Map)?\(\w+\),", "", text), encoding="utf-8")
    return path


def old_agent(engine: Engine, version: int) -> ClickHouseWindows:
    """Windows as they were written then: without the columns."""

    class Old:
        def insert(self, table: str, columns: dict[str, Any], token: str) -> None:
            known = [not kind.endswith("_day") for kind in columns["kind"][1]]
            rows = {name: (type_, list(compress(values, known))) for name, (type_, values) in columns.items()}
            engine.insert(table, {name: rows[name] for name in rows if name not in LATER[version]}, token=token)

    return ClickHouseWindows(cast("Engine", Old()))


@pytest.mark.parametrize("days", [1, 40], ids=["minutes", "hours"])
@pytest.mark.parametrize("version", [1, 2])
def test_an_old_store_keeps_its_sums(engine: Engine, tmp_path: Path, version: int, days: int) -> None:
    """What was counted stays as it was, by the minute or rolled up; translations have engines from then on, in the roll-up too."""
    start = days_ago(days)
    assert migrate(engine, schema(version, tmp_path / "sql")) == NUMBERS[:version]
    old_agent(engine, version).append(flush(*old_windows(start, 60), end=10))
    before = everything_of(engine, version)
    assert migrate(engine, SCHEMAS) == NUMBERS[version:]
    windows, selection = ClickHouseWindows(engine), Selection(start, start + HOUR, {"language": "ko"})
    assert everything_of(engine, version) == before
    (found,) = windows.totals("language", selection, ("language",))
    assert (found.measures.translated, found.measures.translation_hist, found.measures.translation_sums) == (60, {}, {})
    windows.append(flush(*old_windows(start, 60), stored=10, end=20))
    engine.command("OPTIMIZE TABLE windows FINAL")
    (found,) = windows.totals("language", selection, ("language",))
    assert (found.measures.translated, sum(found.measures.translation_hist.values())) == (120, 60 + sum(range(60)) + 2 * 60)
    assert found.measures.translation_sums["nmt-3"] == 870_000 * sum(range(1, 61))
    assert len(stored_minutes(engine, start, start + HOUR)) == (60 if days == 1 else 1)
    for view in ("language_windows", "pair_windows"):
        assert engine.rows(f"SELECT sum(length(translation_hist)) > 0 FROM {view}") == [(1,)]


def everything_of(engine: Engine, version: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The sums of each key and hour in the columns that were there."""
    return everything(engine, [name for name in sql.READABLE if name not in LATER[version]])


def test_comments_are_no_statements(tmp_path: Path) -> None:
    """A semicolon in a comment ends nothing, and a file's last statement needs none."""
    file = tmp_path / "0001_a.sql"
    file.write_text("-- first; and more\nSELECT 1; -- second;\n\n;SELECT\n2 -- third")
    assert list(statements(file)) == ["SELECT 1", "SELECT\n2"]


@pytest.mark.parametrize("retention", [False, True])
def test_rows_grow_old_only_where_it_is_asked(engine: Engine, retention: bool) -> None:  # noqa: FBT001  a table's column
    """A store that `replay` made keeps its minutes for ever."""
    migrate(engine, SCHEMAS, retention=retention)
    assert ["TTL" in definition(engine, table) for table in ("windows", "journal")] == [retention, retention]


def test_retention_can_be_added_later(engine: Engine) -> None:
    """`run` on a store of `replay` gives it a roll-up, and a later replay into it does not take it away."""
    migrate(engine, SCHEMAS, retention=False)
    assert migrate(engine, SCHEMAS, retention=True) == []
    migrate(engine, SCHEMAS, retention=False)
    assert "TTL" in definition(engine, "windows")


def test_retention_that_is_there_is_not_applied_again(engine: Engine) -> None:
    """A start of the agent does not have the engine rewrite the whole table."""
    migrate(engine, SCHEMAS)
    ClickHouseWindows(engine).append(flush(window()))
    before = engine.rows("SELECT table, mutation_id FROM system.mutations")
    migrate(engine, SCHEMAS)
    assert engine.rows("SELECT table, mutation_id FROM system.mutations") == before


def test_the_roll_up_names_every_column(migrated: Engine) -> None:
    """A column outside the key that stands not in SET would keep the value of any one row."""
    ttl, _ = statements(SCHEMAS / RETENTION)
    told = dict(re.findall(r"(\w+) = (\w+)\(\1\)", ttl))
    key = {name.strip() for name in definition(migrated, "windows").split("PRIMARY KEY (")[1].split(")")[0].split(",")}
    summed = {name: AGGREGATE.fullmatch(type_) for name, type_ in columns(migrated).items() if name not in {*key, "session_hashes"}}
    assert told == {name: SUM[found[1]] for name, found in summed.items() if found}
    assert [name for name, found in summed.items() if not found] == ["minute"]
    assert "minute = min(hour)" in ttl
    (grouped,) = re.findall(r"GROUP BY ([\w, ]+?)\s+SET", ttl)
    assert set(grouped.split(", ")) == key


def test_the_columns_are_those_of_the_measures(migrated: Engine) -> None:
    """Each field of `Measures` is a column that merges by adding; nothing else is in the table but keys and the position."""
    found = columns(migrated)
    merging = {name: match for name, type_ in found.items() if (match := AGGREGATE.fullmatch(type_))}
    assert {name: merging[name][2] for name in sql.READABLE} == {name: sql.MEASURES[name] for name in sql.READABLE}
    assert {name: merging[name][1] for name in sql.READABLE} == {name: sql.total(name).split("(")[0] for name in sql.READABLE}
    assert found["session_hashes"] == sql.MEASURES["session_hashes"]
    assert found["kind"] == sql.KIND
    assert set(found) - set(sql.MEASURES) - set(WindowKey._fields) == {"kind", "source", "hour", "minute", "position", "sessions"}


@pytest.mark.parametrize("retention", [False, True])
def test_the_replicated_schema_differs_in_the_engines_only(engine: Engine, retention: bool) -> None:  # noqa: FBT001  a table's column
    """Every table has the Replicated twin and its setting's name, and the engine can read each statement."""
    plain, replicated = told(retention=retention), told(replicated=True, retention=retention)
    for one, other in zip(plain, replicated, strict=True):
        assert other.replace("Replicated", "").replace(" replicated_dedup", " non_replicated_dedup") == one
        engine.rows(f"EXPLAIN AST {other}")
    tables = [statement for statement in replicated if "CREATE TABLE" in statement]
    assert len(tables) == 3
    assert all(re.search(r"ENGINE = Replicated\w+MergeTree", statement) for statement in tables)
    settings = {name for (name,) in engine.rows("SELECT name FROM system.merge_tree_settings")}
    ours = [statement for statement in [*plain, *replicated] if not statement.startswith("INSERT")]  # that one's are of its query
    named = {name for statement in ours for name in re.findall(r"(\w+) = \d+(?=,|$)", statement)}
    assert named <= settings
    assert {"non_replicated_deduplication_window", "replicated_deduplication_window"} <= named


def sums(minutes: int) -> dict[str, Any]:
    """Sums of a window that differ from minute to minute."""
    return {
        "events": 1 + minutes,
        "translated": 1,
        "score_sum": -minutes,
        "recall_sq": 10**12 + minutes,
        "score_hist": {-3: 1, minutes: 2},
        "latency_hist": {90 + minutes % 3: minutes + 1},
        "routes": {"fallback": 1, ("own_index", "translated")[minutes % 2]: 5},
        "translation_hist": {"nmt-3/87": 1 + minutes, f"/{minutes}": 2},
        "translation_sums": {"nmt-3": 870_000 * (1 + minutes), "": 20_000 * minutes},
        "session_hashes": {minutes, minutes + 1, 77},
    }


def old_windows(start: datetime, minutes: int) -> list[Any]:
    """Minutes of two languages and a pair from a time on."""
    first = (start - EPOCH) // timedelta(minutes=1)
    made = (window(n, **sums(n), **changes) for n in range(minutes) for changes in ({}, {"language": "en"}, {"pair": "en"}))
    return [each._replace(minute=first + place // 3) for place, each in enumerate(made)]


def everything(engine: Engine, names: Sequence[str] = sql.READABLE) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The sums of each key and hour, read by name so that no measure is left out."""
    found = engine.rows(
        f"SELECT kind, hour, {', '.join(sql.KEY_COLUMNS)}, {', '.join(map(sql.total, names))}, uniqCombinedMerge(sessions) "
        f"FROM windows WHERE kind IN ('language', 'pair') GROUP BY kind, hour, {', '.join(sql.KEY_COLUMNS)}"
    )
    keys = 2 + len(sql.KEY_COLUMNS)
    return {tuple(row[:keys]): tuple(row[keys:]) for row in found}


def grown_old(engine: Engine) -> None:
    """Let the roll-up act now, as it would some time later."""
    migrate(engine, SCHEMAS, retention=True)
    engine.command("OPTIMIZE TABLE windows FINAL")


def stored_minutes(engine: Engine, start: datetime, end: datetime) -> list[int]:
    """The minutes of the hour in which rows lie, as they lie."""
    found = engine.rows(
        "SELECT DISTINCT toMinute(minute) AS m FROM windows "
        "WHERE kind = 'language' AND hour >= {start:DateTime('UTC')} AND hour < {end:DateTime('UTC')} ORDER BY m",
        {"start": start, "end": end},
    )
    return [int(minute) for (minute,) in found]


def days_ago(days: int) -> datetime:
    """The beginning of an hour, so many days before now."""
    return SystemClock().now().replace(minute=0, second=0, microsecond=0) - days * DAY


def by(engine: Engine, kind: str, hour: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Every sum and the sessions of each key and day, from the rows of a kind."""
    found = engine.rows(
        f"SELECT {hour} AS day, {', '.join(sql.KEY_COLUMNS)}, {', '.join(map(sql.total, sql.READABLE))}, uniqCombinedMerge(sessions) "
        f"FROM windows WHERE kind = '{kind}' GROUP BY day, {', '.join(sql.KEY_COLUMNS)}"
    )
    keys = 1 + len(sql.KEY_COLUMNS)
    return {tuple(row[:keys]): tuple(row[keys:]) for row in found}


def assert_days_are_those_of_the_minutes(engine: Engine, count: int) -> None:
    """So many days and keys in all, of languages and of pairs."""
    days = [by(engine, f"{kind}_day", "hour") for kind in ("language", "pair")]
    assert days == [by(engine, kind, "toStartOfDay(hour)") for kind in ("language", "pair")]
    assert sum(map(len, days)) == count


def test_days_have_every_sum_of_their_minutes(migrated: Engine) -> None:
    """In several flushes, before and after the engine has merged them; one that comes twice counts once."""
    windows, start = ClickHouseWindows(migrated), days_ago(3).replace(hour=23)
    for attempt in (0, 1, 1):
        windows.append(flush(*old_windows(start, 90), attempt=attempt))
    assert_days_are_those_of_the_minutes(migrated, 6)
    migrated.command("OPTIMIZE TABLE windows FINAL")
    assert_days_are_those_of_the_minutes(migrated, 6)


def test_days_follow_when_minutes_grow_old(migrated: Engine) -> None:
    """What is kept by day has the sums of what is kept by minute, after they became hours and after they were deleted."""
    windows = ClickHouseWindows(migrated)
    for attempt, days in enumerate((1, 36, 100, 398, 500, 36, 500)):
        windows.append(flush(*old_windows(days_ago(days).replace(hour=5), 70), attempt=attempt))
    grown_old(migrated)
    assert_days_are_those_of_the_minutes(migrated, 4 * 3)


@pytest.mark.parametrize("old", [True, False], ids=["with minutes", "fresh"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_store_without_days_gets_them(engine: Engine, tmp_path: Path, times: int, old: bool) -> None:  # noqa: FBT001  a table's column
    """From the minutes that it has, once: also where two agents migrate at once, or the first died before it could note it."""
    migrate(engine, schema(2, tmp_path / "sql"))
    if old:
        old_agent(engine, 2).append(flush(*old_windows(days_ago(2), 300), *old_windows(days_ago(50), 60), end=10))
    for _ in range(times):
        engine.command("ALTER TABLE migrations DELETE WHERE version = 4 SETTINGS mutations_sync = 1")
        assert 4 in migrate(engine, SCHEMAS)
        ClickHouseWindows(engine).append(flush(*old_windows(days_ago(1), 10), stored=10, end=20))
    days = {key[0].date() for key in by(engine, "language_day", "hour")}
    assert_days_are_those_of_the_minutes(engine, 3 * len(days))


def test_old_minutes_become_hours_with_the_same_sums(migrated: Engine) -> None:
    """Counts, negative sums, histograms and distinct sessions of each hour and key are equal to the bit."""
    windows = ClickHouseWindows(migrated)
    start = days_ago(40)
    windows.append(flush(*old_windows(start, 70), end=10))
    windows.append(flush(*old_windows(start + timedelta(minutes=50), 40), stored=10, end=20))
    before = everything(migrated)
    assert len(stored_minutes(migrated, start, start + 2 * HOUR)) == 60
    grown_old(migrated)
    assert stored_minutes(migrated, start, start + 2 * HOUR) == [0]
    assert everything(migrated) == before
    assert len(before) == 6
    assert windows.positions() == {"log/0": 20}


def test_minutes_stay_for_five_weeks(migrated: Engine) -> None:
    """What is 34 days old is still told by the minute."""
    start = days_ago(34)
    ClickHouseWindows(migrated).append(flush(*old_windows(start, 30)))
    grown_old(migrated)
    assert stored_minutes(migrated, start, start + HOUR) == list(range(30))


def test_hours_stay_for_four_hundred_days(migrated: Engine) -> None:
    """What is 401 days old is gone, what is 399 days old is an hour."""
    windows = ClickHouseWindows(migrated)
    windows.append(flush(*old_windows(days_ago(401), 3), end=10))
    windows.append(flush(*old_windows(days_ago(399), 3), stored=10, end=20))
    grown_old(migrated)
    assert windows.span() == (days_ago(399), days_ago(399))
    assert windows.position("log/0") == 20


def test_late_events_add_to_an_hour_that_was_rolled_up(migrated: Engine) -> None:
    """A window that comes after its hour was summed is in the sum."""
    windows = ClickHouseWindows(migrated)
    start = days_ago(40)
    windows.append(flush(*old_windows(start, 10), end=10))
    grown_old(migrated)
    windows.append(flush(*old_windows(start, 10), stored=10, end=20))
    totals = windows.totals("language", Selection(start, start + HOUR), ("language",))
    assert {total.key.language: total.measures.events for total in totals} == {"ko": 110, "en": 110}


def test_exemplars_are_kept_for_a_week(migrated: Engine) -> None:
    """Ids of events go after seven days; everything else in the journal stays."""
    journal, old = ClickHouseJournal(migrated), SystemClock().now() - 8 * DAY
    rows = [entry("old", kind=kind)._replace(at=old) for kind in ("exemplars", "transition")]
    journal.write([*rows, entry("new", kind="exemplars")._replace(at=datetime.now(UTC))])
    migrate(migrated, SCHEMAS, retention=True)
    migrated.command("OPTIMIZE TABLE journal FINAL")
    assert [row.id for row in journal.read("exemplars")] == ["new"]
    assert [row.id for row in journal.read("transition")] == ["old"]
