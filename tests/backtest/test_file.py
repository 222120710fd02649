"""Tables of minutes: what a line becomes, and what a wrong one is told."""

import gzip
from pathlib import Path

import pytest

from agent.alerting.measures import Quality, Thresholds, first_hit_bin, readings
from agent.alerting.sums import Minute
from agent.backtest import file
from agent.backtest.table import TableMinutes
from agent.errors import Misconfigured

MONDAY = 29_459_520  # 2026-01-05T00:00Z
FULL = (
    "timestamp,language,queries,hits,proxy_hits,similarity_sum,similarity_sum_sq,embedding_model,index_version,service,collection"
)


def table(folder: Path, *lines: str) -> TableMinutes:
    """The table with these lines."""
    path = folder / "minutes.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return file.read(path)


def rows(minutes: TableMinutes) -> list[Minute]:
    """All rows of a table."""
    return list(minutes.rows(minutes.span()))


def test_a_line_becomes_a_row(tmp_path: Path) -> None:
    """Every column stands where the rules look for it, sums in millionths."""
    read = table(tmp_path, FULL, "2026-01-05T00:01:59Z,ko,10,8,7,4.25,2.5,m1,v2,help,kb")
    (row,) = rows(read)
    assert row.minute == MONDAY + 1
    assert row.key == ("help", "", "kb", "ko", "", "m1", "v2", "cosine")
    assert (row.events, row.scored, row.score_sum, row.score_sq) == (10, 10, 4_250_000, 2_500_000)
    assert (row.labelled, row.recall_sum, row.recall_sq) == (10, 8_000_000, 8_000_000)


def test_each_measure_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Labels, the score proxy and the mean score, whatever threshold is configured; empty cells are no measure, not zero."""
    read = table(tmp_path, FULL, "0,ko,10,8,7,4.25,2.5,m1,v2,help,kb", "0,de,10,,,,,m1,v2,help,kb")
    quality = read.quality(Quality(hit_threshold=Thresholds(default=0.9), floor=0.2))
    korean, german = (list(readings(row, first_hit_bin(row.key, quality))) for row in rows(read))
    assert [(one.measure, one.sums.n, one.sums.total) for one in korean] == [
        ("recall_at_k", 10, 8_000_000),
        ("hit_rate", 10, 7_000_000),
        ("has_results", 10, 10_000_000),
        ("similarity_mean", 10, 4_250_000),
    ]
    assert [one.measure for one in german] == ["has_results"]
    assert quality.floor is None


@pytest.mark.parametrize(
    "stamp",
    ["2026-01-05T00:02:00Z", "2026-01-05T01:02:30+01:00", "1767571320", "1767571320.5", "1767571320000", "2026-01-05 00:02:00Z"],
)
def test_a_time_is_rfc_3339_or_an_epoch(tmp_path: Path, stamp: str) -> None:
    """Seconds and milliseconds are told apart by their size; seconds within a minute do not matter."""
    assert [row.minute for row in rows(table(tmp_path, "timestamp,language,queries,hits", f"{stamp},ko,1,1"))] == [MONDAY + 2]


def test_lines_may_stand_in_any_order(tmp_path: Path) -> None:
    """One language after the other, as many exports have it, gives the same rows by time; lines without queries only tell the span."""
    lines = [f"{60 * minute},{language},1,1" for language in ("ko", "de") for minute in (1, 0)]
    read = table(tmp_path, "timestamp,language,queries,hits", *lines, "300,ko,0,0")
    assert [(row.minute, row.key.language) for row in rows(read)] == [(0, "ko"), (0, "de"), (1, "ko"), (1, "de")]
    assert read.span() == (0, 6)


def test_spreadsheets_and_compressed_files_are_read(tmp_path: Path) -> None:
    """A byte order mark, CRLF, quoted cells, blank lines, whole numbers written as 5.0, no end of the last line, gzip by its content."""
    path = tmp_path / "minutes"
    text = '\ufefftimestamp,language,queries,hits\r\n\r\n"0","ko",5.0,\r\n60,"de",3,2'
    path.write_bytes(gzip.compress(text.encode()))
    assert [(row.key.language, row.events, row.labelled) for row in rows(file.read(path))] == [("ko", 5, 0), ("de", 3, 3)]


def test_a_large_file_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a block ends changes nothing, and a mistake after many blocks has its line."""
    monkeypatch.setattr(file, "BLOCK", 37)
    lines = [f"{60 * minute},{language},9,{minute % 9}" for minute in range(50) for language in ("ko", "de")]
    read = rows(table(tmp_path, "timestamp,language,queries,hits", *lines))
    assert [(row.minute, row.recall_sum // 1_000_000) for row in read] == [
        (minute, minute % 9) for minute in range(50) for _ in "ab"
    ]
    with pytest.raises(Misconfigured) as wrong:
        table(tmp_path, "timestamp,language,queries,hits", *lines[:60], "", "x,ko,1,1", *lines[60:])
    assert [mistake.file for mistake in wrong.value.mistakes] == [f"{tmp_path / 'minutes.csv'}:63"]


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("0,ko,1", "", "expected 6 cells, found 3"),
        ("0,ko,1,1,,,7", "", "expected 6 cells, found 7"),
        ("yesterday,ko,1,1,,", "timestamp", "expected RFC 3339"),
        ("-7d,ko,1,1,,", "timestamp", "expected RFC 3339"),
        ("-60,ko,1,1,,", "timestamp", "expected RFC 3339"),
        ("nan,ko,1,1,,", "timestamp", "expected RFC 3339"),
        ("2026-01-05T00:00:00,ko,1,1,,", "timestamp", "expected RFC 3339"),
        ("1901-01-05T00:00:00Z,ko,1,1,,", "timestamp", "expected RFC 3339"),
        ("9999-12-31T23:59:59Z,ko,1,1,,", "timestamp", "expected RFC 3339"),
        ("0,,1,1,,", "language", "expected a language"),
        ("0,ko,,1,,", "queries", "expected a count, found ''"),
        ("0,ko,-1,1,,", "queries", "expected a count"),
        ("0,ko,1.5,1,,", "queries", "expected a count, found '1.5'"),
        ("0,ko,many,1,,", "queries", "expected a number, found 'many'"),
        ("0,ko,nan,1,,", "queries", "expected a number, found 'nan'"),
        ("0,ko,inf,1,,", "queries", "expected a count"),
        ("0,ko,3,4,,", "hits", "expected at most the queries of the line, found '4'"),
        ("0,ko,3,2,1.0,", "similarity_sum_sq", "expected a value where similarity_sum has one"),
        ("0,ko,3,2,1.0,-1", "similarity_sum_sq", "expected a sum of squares"),
        ("0,ko,3,2,inf,1", "similarity_sum", "expected a sum of scores"),
    ],
)
def test_a_wrong_line_is_told(tmp_path: Path, line: str, column: str, expected: str) -> None:
    """Its file, its line, its column and what was expected there, between good lines."""
    with pytest.raises(Misconfigured) as wrong:
        table(tmp_path, "timestamp,language,queries,hits,similarity_sum,similarity_sum_sq", "0,ko,3,2,1.0,.5", line, "0,ko,3,2,,")
    (mistake,) = wrong.value.mistakes
    assert (mistake.file, mistake.key) == (f"{tmp_path / 'minutes.csv'}:3", column)
    assert mistake.expected.startswith(expected)


def test_all_mistakes_come_together_but_not_by_the_million(tmp_path: Path) -> None:
    """The first twenty are told."""
    with pytest.raises(Misconfigured) as wrong:
        table(tmp_path, "timestamp,language,queries,hits", *["0,ko,1,2"] * 3)
    assert len(wrong.value.mistakes) == 3
    with pytest.raises(Misconfigured) as wrong:
        table(tmp_path, "timestamp,language,queries,hits", *["0,ko,1,2"] * 300)
    assert len(wrong.value.mistakes) == file.MOST_MISTAKES


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("timestamp,queries,hits", "expected a column language"),
        ("timestamp,language,queries", "expected one of the columns hits, proxy_hits, similarity_sum"),
        ("timestamp,language,queries,hits,similarity_sum", "expected similarity_sum and similarity_sum_sq, or none of them"),
        ("timestamp,language,queries,hits,hits", "expected each column once, found 'hits' again"),
        ("timestamp,language,queries,hits,lang", "expected one of timestamp, "),
    ],
)
def test_a_wrong_header_is_told(tmp_path: Path, header: str, expected: str) -> None:
    """It is the mistake of line 1, and of no other."""
    with pytest.raises(Misconfigured) as wrong:
        table(tmp_path, header, "nothing", "of this is read")
    (mistake,) = wrong.value.mistakes
    assert mistake.file.endswith(":1")
    assert mistake.expected.startswith(expected)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"timestamp,language,queries,hits\n",
        b"timestamp,language,queries,hits\n\n\n",
        b"\xff\xfe\x00",
        gzip.compress(b"x" * 999)[:-9],
    ],
    ids=["empty", "header only", "blank lines", "not text", "cut off"],
)
def test_a_file_that_is_no_table_is_told(tmp_path: Path, content: bytes) -> None:
    """A mistake with the file's name, never a stack trace."""
    path = tmp_path / "minutes.csv"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"minutes\.csv"):
        file.read(path)


def test_a_proxy_is_there_for_a_language_or_not(tmp_path: Path) -> None:
    """Where some lines of a language have the proxy and others not, an empty cell would read as no hit: it is a mistake."""
    with pytest.raises(Misconfigured, match="ko"):
        table(tmp_path, "timestamp,language,queries,hits,proxy_hits", "0,ko,3,2,1", "60,ko,3,2,")
