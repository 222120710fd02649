"""What a comparison says: to a person, to a pull request, to a CI system; names from logs are text and never markup."""

from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console

from agent.probing.comparing import words
from agent.probing.comparing.comparison import Asked, Comparison, compare
from agent.probing.comparing.junit import junit
from agent.probing.comparing.markdown import markdown
from agent.probing.comparing.terminal import table
from tests.probing.comparing.examples import BAD, EVERY_VERDICT, GOOD, RECALL, WOBBLY, compared, side

HOSTILE = "x|y`<img src=x>@all\n# *b*\x00\ufffe"


def shown(comparison: Comparison) -> str:
    """The table on a terminal of eighty columns."""
    console = Console(width=80, file=StringIO())
    with console.capture() as captured:
        console.print(table(comparison))
    return captured.get()


def test_the_summary_says_how_many_and_what_is_missing() -> None:
    """One sentence, which says of the open ones what they need."""
    assert words.summary(compared(*EVERY_VERDICT)) == (
        "1 language fails, 1 passes, 1 is inconclusive, 1 is insufficient: zh needs 2,200 judged queries, lo needs 690 judged queries."
    )


def test_the_summary_of_what_passes() -> None:
    """Nothing more is said."""
    assert words.summary(compared({"en": GOOD, "de": GOOD}, {"en": GOOD, "de": GOOD})) == "2 languages pass."


def test_the_summary_names_three_and_counts_the_others() -> None:
    """The largest first; with a handful of queries nobody knows how many are needed."""
    few = {"lo": [1.0], "th": [1.0] * 2, "km": [1.0] * 3, "my": [1.0] * 4, "zz": [1.0] * 5}
    assert words.summary(compared(few, {name: values for name, values in few.items() if name != "zz"})) == (
        "5 languages are insufficient: my has 4 queries only, km has 3 queries only, th has 2 queries only, and 2 more."
    )


def test_more_queries_than_needed_are_not_asked_for() -> None:
    """A fall at the very limit stays open however many queries there are."""
    base = [1.0] * 5_000
    candidate = [0.0] * 135 + [1.0] * 4_865
    assert words.summary(compared({"en": base}, {"en": candidate})) == (
        "1 language is inconclusive: en is too close to 3 points to tell."
    )


def test_the_summary_of_pairs() -> None:
    """They are called pairs, and named by both languages."""
    found = compared({("ko", "en"): GOOD}, {("ko", "en"): WOBBLY}, by="pair")
    assert words.summary(found) == "1 pair is inconclusive: ko → en needs 1,400 judged queries."


def test_bias_is_said_wherever_a_verdict_is() -> None:
    """In the sentence that all forms have."""
    found = compared({"en": GOOD}, {"en": GOOD}, clicks=True)
    assert all(words.BIASED in " ".join(text.split()) for text in (words.summary(found), shown(found)))
    assert "biased against" in markdown(found)
    assert b"biased against" in junit(found, strict=False)


@pytest.mark.parametrize(("count", "said"), [(7, 7), (99, 99), (454, 460), (2_479, 2_500), (16_001, 17_000), (2_500, 2_500)])
def test_needed_queries_are_rounded_up(count: int, said: int) -> None:
    """To two digits."""
    assert words.about(count) == said


def test_notes_say_what_was_not_compared() -> None:
    """Lines that could not be read, events that say nothing, and languages of which much is on one side only."""
    found = compared(
        {"en": GOOD, "ko": GOOD, "de": GOOD},
        {"en": GOOD, "ko": GOOD[:400], "de": GOOD[:550]},
        rejected={"not_json": 2},
        left_out={"unlabelled": 1_000},
    )
    assert words.notes(found) == [
        "base.jsonl: 2 lines could not be read (not_json 2).",
        "base.jsonl: 1,000 events say nothing (unlabelled 1,000).",
        "Many queries are on one side only, and are not compared: ko 200 of 600.",
    ]


def test_the_table_has_the_figures_in_points() -> None:
    """The worst first; what is needed stands where it is open."""
    lines = shown(compared(*EVERY_VERDICT)).splitlines()
    spanish, chinese, lao, english = lines[5:9]
    assert spanish.split() == ["Spanish", "600", "50.0", "33.3", "16.7", "13.9", "to", "19.9", "fail", "–"]
    assert chinese.split()[-2:] == ["inconclusive", "2,200"]
    assert lao.split()[-2:] == ["insufficient", "690"]
    assert english.split()[-2:] == ["pass", "–"]
    assert max(map(len, lines)) <= 80


def test_a_table_of_pairs_fits_eighty_columns() -> None:
    """Each pair on one line, also the longest, whatever figures stand beside it."""
    pairs = [("zh-Hant", "pt-BR"), ("ko", "en"), ("vi", "id"), ("es", "en")]
    base, candidate = [GOOD * 20, GOOD, GOOD[:20], [1.0] * 600], [WOBBLY * 20, WOBBLY, BAD[-20:][::-1], [0.0] * 600]
    lines = shown(compared(dict(zip(pairs, base, strict=True)), dict(zip(pairs, candidate, strict=True)), by="pair")).splitlines()
    assert max(map(len, lines)) <= 80
    rows = {line[:15].strip(): line.split() for line in lines if "→" in line[:12]}
    assert rows.keys() == {"zh-Hant → pt-BR", "ko → en", "vi → id", "es → en"}
    assert rows["es → en"][3:] == ["600", "100.0", "0.0", "100.0", "98.7", "to", "100.0", "fail", "–"]
    assert rows["vi → id"][-2:] == ["insufficient", "12,000"]


def test_when_a_golden_run_was_made_is_said_in_every_form() -> None:
    """Its name alone may be that of another run tomorrow; in UTC, wherever it was made. A log is of no one time."""
    at = datetime(2026, 11, 16, 5, 3, 59, tzinfo=timezone(timedelta(hours=1)))
    run = side("golden:support", {"en": GOOD}, at=at.astimezone(UTC))
    found = compare(run, side("candidate.jsonl", {"en": GOOD}), Asked(RECALL, 0.03))
    assert "golden:support (2026-11-16T04:03Z) → candidate.jsonl\n" in shown(found)
    assert "`golden:support` (2026-11-16T04:03Z) → `candidate.jsonl`;" in markdown(found)
    told = found.document("")
    assert (told["base"]["at"], told["candidate"]["at"]) == ("2026-11-16T04:03:59.000+00:00", None)


def test_a_language_without_a_common_query_has_no_figures() -> None:
    """In no form, and none of them breaks."""
    found = compared({"en": GOOD, "ko": GOOD}, {"en": GOOD})
    assert "Korean" in shown(found)
    assert "| `ko` | 0 | – | – | – | – | – | insufficient |" in markdown(found)
    assert b"ko has no query on both sides" in junit(found, strict=False)


def test_the_comment_has_a_row_a_language() -> None:
    """A table that GitHub draws: as many cells in each row as in its head."""
    said = markdown(compared(*EVERY_VERDICT))
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {9}
    assert rows[2] == "| `es` | 600 | 50.0 | 33.3 | 16.7 | 13.9 to 19.9 | < 0.001 | **fail** |"
    assert said.startswith("### babelwatch compare: fail\n")


def test_names_from_logs_are_no_markup() -> None:
    """A language's name cannot end a cell, begin a heading, hold a tag or tell somebody."""
    found = compared({HOSTILE: GOOD}, {HOSTILE: [*BAD, 1.0]})
    lines = markdown(found).splitlines()
    [row] = [line for line in lines if line.startswith("| `x")]
    assert row.startswith("| `x\\|y'<img src=x>@all # *b*\ufffe` |")
    assert [line for line in lines if line.startswith("#")] == ["### babelwatch compare: fail"]


def test_open_names_are_no_markup_in_the_sentence_either() -> None:
    """It is text, and not quoted."""
    found = compared({HOSTILE: GOOD}, {HOSTILE: WOBBLY})
    sentence = markdown(found).splitlines()[2]
    assert "\\<img src=x\\>@<!-- -->all \\# \\*b\\*" in sentence


@pytest.mark.parametrize(
    ("strict", "failures", "skipped"), [(False, ["es"], ["zh", "lo"]), (True, ["es", "zh", "lo"], [])], ids=["lenient", "strict"]
)
def test_the_report_has_a_case_a_language(strict: bool, failures: list[str], skipped: list[str]) -> None:  # noqa: FBT001 - a case of the table
    """What closes the gate has failed, what nobody knows is skipped, and the counts are those of the cases."""
    [suite] = Xml.fromstring(junit(compared(*EVERY_VERDICT), strict=strict))
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert [name for name, case in cases.items() if case.find("failure") is not None] == failures
    assert [name for name, case in cases.items() if case.find("skipped") is not None] == skipped
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", str(len(failures)), str(len(skipped)))
    failure = cases["es"].find("failure")
    assert failure is not None
    assert failure.get("message") == (
        "fail: recall@10 of es fell by 16.7 points (95 % interval of the fall 13.9 to 19.9), from 50.0 to 33.3 on 600 queries; 3 are allowed."
    )


def test_the_report_says_how_many_queries_are_missing() -> None:
    """Of what is open, whether it closes the gate or not; of the others nothing more."""
    for strict in (False, True):
        [suite] = Xml.fromstring(junit(compared(*EVERY_VERDICT), strict=strict))
        said = {case.get("name"): case[0].get("message", "") for case in suite.iter("testcase") if len(case)}
        assert said["zh"].endswith("3 are allowed. zh needs 2,200 judged queries, 1,600 more than it has.")
        assert said["lo"].endswith("3 are allowed. lo needs 690 judged queries, 660 more than it has.")
        assert said["es"].endswith("3 are allowed.")


def test_a_report_asks_for_no_number_that_nobody_knows() -> None:
    """With a handful of queries, and where a fall lies at the limit itself."""
    at_the_limit = [0.0] * 135 + [1.0] * 4_865
    found = compared({"en": [1.0] * 5_000, "my": [1.0] * 4}, {"en": at_the_limit, "my": [1.0] * 4})
    [suite] = Xml.fromstring(junit(found, strict=False))
    said = {case.get("name"): case[0].get("message", "") for case in suite.iter("testcase")}
    assert said["en"].endswith("are allowed. en is too close to 3 points to tell.")
    assert said["my"].endswith("are allowed. my has 4 queries only.")


@pytest.mark.parametrize(("p_value", "said"), [(0.0, "< 0.001"), (0.0009, "< 0.001"), (0.001, "0.001"), (1.0, "1.000")])
def test_no_probability_is_printed_as_none(p_value: float, said: str) -> None:
    """What is too small for three digits is below the smallest of them."""
    found = compared({"en": GOOD}, {"en": GOOD})
    [row] = found.rows
    assert row.judged
    rare = found._replace(rows=(row._replace(judged=row.judged._replace(p_adjusted=p_value)),))
    assert f"| {said} | pass |" in markdown(rare)


def test_the_report_is_xml_whatever_a_language_is_called() -> None:
    """XML has no way to write a control character."""
    [suite] = Xml.fromstring(junit(compared({HOSTILE: GOOD}, {HOSTILE: BAD}), strict=False))
    [case] = suite.iter("testcase")
    assert case.get("name") == "x|y`<img src=x>@all # *b*"
