"""Golden sets as people write them: both layouts, every mistake with its line, what is only weak as a warning."""

from pathlib import Path

import pytest

from agent.aggregate.documents import DocumentLanguages
from agent.errors import Misconfigured
from agent.probing.golden.dataset import load
from tests.probing.golden.builders import beir, write

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "golden"
ONE = {"_id": "q1", "text": "where is my parcel", "language": "en"}
TWO = {"_id": 2, "text": "wo ist mein Paket", "metadata": {"language": "de_DE"}}
HEADER = "query_id\tlanguage\tquery\tdoc_id\tgrade\tdocument_language"


def mistakes_of(path: Path) -> list[str]:
    """What is wrong with a set, files without their folder."""
    with pytest.raises(Misconfigured) as told:
        load(path)
    folder = path if path.is_dir() else path.parent
    return [str(mistake).removeprefix(f"{folder}/") for mistake in told.value.mistakes]


def test_the_layout_of_beir(tmp_path: Path) -> None:
    """Languages stand in the line or its metadata, in any spelling; ids may be numbers; grades of 0 are kept, and not relevant."""
    documents = [{"_id": "d1", "text": "…", "language": "en"}, {"_id": "d2", "metadata": {"language": "de"}}, {"_id": "d3"}]
    found = load(beir(tmp_path / "set", [ONE, TWO], ["q1\td1\t2", "q1\td2\t0", "2\td2\t1"], documents))
    first, second = found.queries
    assert first[:3] == ("q1", "en", "where is my parcel")
    assert (first.grades, first.relevant, first.document_language) == ({"d1": 2, "d2": 0}, {"d1": 2}, "en")
    assert (second.id, second.language, second.document_language) == ("2", "de", "de")
    assert found.languages() == {"en": 1, "de": 1}


def test_a_table(tmp_path: Path) -> None:
    """Lines of one id are one query; the grade is 1 where it is left out; documents in two languages are in no pair."""
    lines = [HEADER, "q1\ten\tparcel\td1\t\ten", "q1\ten\tparcel\td2\t3\tde", "q2\tko\t택배\td2\t1\tde"]
    found = load(write(tmp_path / "set.tsv", lines))
    assert [(one.id, one.relevant, one.document_language) for one in found.queries] == [
        ("q1", {"d1": 1, "d2": 3}, ""),
        ("q2", {"d2": 1}, "de"),
    ]
    assert found.warnings == (
        "fewer than 50 queries, so that intervals are wide: en (1), ko (1)",
        "relevant documents in several languages, or in an unknown one, so that these queries are in no pair: en (1)",
    )


def test_a_table_without_ids(tmp_path: Path) -> None:
    """The same text in the same language is one query, named after its first line; in another language it is another."""
    lines = ["language\tquery\tdoc_id", "en\ttaxi\td1", "de\ttaxi\td2", "en\ttaxi\td3"]
    found = load(write(tmp_path / "set.tsv", ["\ufefflanguage\tquery\tdoc_id", *lines[1:]]))
    assert [(one.id, one.language, [*one.relevant]) for one in found.queries] == [
        ("line 2", "en", ["d1", "d3"]),
        ("line 3", "de", ["d2"]),
    ]


def test_documents_get_their_language_from_id_or_collection(tmp_path: Path) -> None:
    """The corpus says it, else the pattern of the source's settings, else the collection."""
    documents = [{"_id": "de/1", "language": "fr"}, {"_id": "de/2"}, {"_id": "x", "collection": "kb-es"}]
    asked = [{"_id": f"q{n}", "text": f"t{n}", "language": "en"} for n in range(3)]
    path = beir(tmp_path / "set", asked, ["q0\tde/1\t1", "q1\tde/2\t1", "q2\tx\t1"], documents)
    found = load(path, DocumentLanguages({"kb-es": "es"}, "^(..)/"))
    assert [one.document_language for one in found.queries] == ["fr", "de", "es"]


def test_every_mistake_of_a_folder_is_told(tmp_path: Path) -> None:
    """Ids that come twice, unknown languages, no text, no JSON, no query, documents that are not there: file and line of each."""
    queries = [
        ONE,
        {"_id": "q1", "text": "again", "language": "en"},
        {"_id": "q3", "text": "x", "language": "english"},
        {"_id": "q4", "text": " ", "language": "en"},
        {"_id": "q5", "text": "no language"},
        "{",
        {"text": "no id", "language": "en"},
    ]
    documents = [{"_id": "d1", "language": "xx"}, {"_id": "d1", "language": "en"}]
    path = beir(tmp_path / "set", queries, ["q1\td1\t1", "q1\td9\t1", "q1\td1\tgood", "q1\td1", "q1\td1\t2"], documents)
    known = "expected a known language tag such as en or zh-Hant"
    assert mistakes_of(path) == [
        "queries.jsonl:2: _id: expected each id once, found 'q1' again",
        f"queries.jsonl:3: language: {known}, found 'english'",
        "queries.jsonl:4: text: expected the text of a query, found none",
        f"queries.jsonl:5: language: {known}, found nothing",
        "queries.jsonl:6: expected a JSON object with _id, text and language: Input data was truncated",
        "queries.jsonl:7: expected a JSON object with _id, text and language: Object missing required field `_id`",
        "qrels/test.tsv:4: grade: expected a whole number of at most four digits, found 'good'",
        "qrels/test.tsv:5: expected 3 filled cells between tabs, found 2",
        f"qrels/test.tsv:6: expected one grade for 'd1', found 1 in {path}/qrels/test.tsv:2 and 2",
        f"corpus.jsonl:1: language: {known}, found 'xx'",
        "corpus.jsonl:2: _id: expected each id once, found 'd1' again",
        "qrels/test.tsv:3: corpus-id: expected a document of corpus.jsonl, found 'd9'",
    ]


def test_every_mistake_of_a_table_is_told(tmp_path: Path) -> None:
    """Cells, ids of two queries, languages, grades, documents of two languages, bytes that are no text."""
    lines = [
        HEADER,
        "q1\ten\tparcel\td1\t1\ten",
        "q1\ten\tanother\td1\t1\ten",
        "q2\ten\tshort",
        "\ten\tno id\td1\t1\ten",
        "q3\tqqz\tnuqneH\td1\t1\ten",
        "q4\ten\tgrade\td1\t1.5\ten",
        "q5\ten\tdocument\td1\t1\tde",
        b"q6\ten\t\xff\td1\t1\ten",
    ]
    file = write(tmp_path / "set.tsv", lines)
    assert mistakes_of(file) == [
        f"set.tsv:3: query_id: expected one query by the id 'q1', found another in {file}:2",
        "set.tsv:4: expected 6 cells between tabs, found 3",
        "set.tsv:5: query_id: expected an id, found nothing",
        "set.tsv:6: language: expected a known language tag such as en or zh-Hant, found 'qqz'",
        "set.tsv:7: grade: expected a whole number of at most four digits, found '1.5'",
        "set.tsv:8: expected one language for 'd1', found 'en' and 'de'",
        "set.tsv:9: expected text in UTF-8, found other bytes",
    ]


def test_a_query_of_no_list_is_a_mistake(tmp_path: Path) -> None:
    """Judgements name queries that are there."""
    path = beir(tmp_path / "set", [ONE], ["q1\td1\t1", "q7\td1\t1"])
    assert mistakes_of(path) == ["qrels/test.tsv:3: query-id: expected a query of queries.jsonl, found 'q7'"]


def test_one_query_with_two_judgements_is_a_mistake(tmp_path: Path) -> None:
    """White space and composition make no other query; with the same judgements it is left out and named."""
    decomposed = {"_id": "q2", "text": " cafe\u0301 ", "language": "fr"}
    asked = [{"_id": "q1", "text": "caf\u00e9", "language": "fr"}, decomposed]
    same = load(beir(tmp_path / "same", asked, ["q1\td1\t1", "q2\td1\t1", "q2\td2\t0"]))
    assert [one.id for one in same.queries] == ["q1"]
    assert same.warnings[0] == "left out, since another query says the same, with the same judgements (1): q2"
    path = beir(tmp_path / "other", asked, ["q1\td1\t1", "q2\td2\t1"])
    said = f"queries.jsonl:2: expected the judgements of the same query 'q1' in {path}/queries.jsonl:1, found others for 'q2'"
    assert mistakes_of(path) == [said]


def test_queries_without_a_relevant_document_are_named_and_left_out(tmp_path: Path) -> None:
    """Nobody judged the one, nothing is relevant for the other: neither has a measure."""
    asked = [{"_id": f"q{n}", "text": f"t{n}", "language": "en"} for n in range(3)]
    found = load(beir(tmp_path / "set", asked, ["q0\td1\t1", "q1\td1\t0"]))
    assert [one.id for one in found.queries] == ["q0"]
    assert found.warnings[0] == "left out, since nothing relevant is judged (2): q1, q2"


def test_languages_are_weak_under_fifty_queries(tmp_path: Path) -> None:
    """Fifty are enough, forty-nine are named; of many ids the first twenty are."""
    lines = [f"{language}\t{language} {n}\td1" for language, many in (("en", 50), ("de", 49)) for n in range(many)]
    lines += [f"en\tunjudged {n}\t" for n in range(22)]
    warnings = load(write(tmp_path / "set.tsv", ["language\tquery\tdoc_id", *lines])).warnings
    assert warnings[0].endswith("line 119, line 120 and 2 more")
    assert warnings[1] == "fewer than 50 queries, so that intervals are wide: de (49)"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "qrels: expected judgements in *.tsv, found none"),
        ({"qrels/test.tsv": ""}, "queries.jsonl: cannot be read: No such file or directory"),
        (
            {"qrels/test.tsv": "q1 0 d1 1\n", "queries.jsonl": ""},
            "qrels/test.tsv:1: expected a header with query-id, corpus-id, score",
        ),
        ({"qrels/test.tsv": "", "queries.jsonl": ""}, "expected queries with relevant documents, found none"),
    ],
    ids=["no qrels", "no queries", "no header", "nothing"],
)
def test_a_folder_that_is_no_set(tmp_path: Path, files: dict[str, str], said: str) -> None:
    """What is missing is told by its name."""
    tmp_path.joinpath("set", "qrels").mkdir(parents=True)
    for name, text in files.items():
        tmp_path.joinpath("set", name).write_text(text, encoding="utf-8")
    assert said in mistakes_of(tmp_path / "set")[0]


def test_a_table_with_another_header(tmp_path: Path) -> None:
    """Missing, unknown and doubled columns come together; a file that is not there is told too."""
    assert mistakes_of(write(tmp_path / "set.tsv", ["language\tlanguage\ttext\tdoc_id"])) == [
        "set.tsv:1: expected a column query",
        "set.tsv:1: expected one of query_id, language, query, doc_id, grade, document_language, found 'text'",
        "set.tsv:1: expected each column once, found language again",
    ]
    assert mistakes_of(tmp_path / "none.tsv") == ["none.tsv: cannot be read: No such file or directory"]


def test_of_many_mistakes_the_first_hundred_are_told(tmp_path: Path) -> None:
    """And how many more there are."""
    told = mistakes_of(write(tmp_path / "set.tsv", ["language\tquery\tdoc_id", *["en\tshort"] * 130]))
    assert (len(told), told[-1]) == (101, "and 30 further mistakes")


def test_a_set_can_be_narrowed_to_languages() -> None:
    """Only what is there: a language without queries is a mistake, not an empty run."""
    found = load(EXAMPLE)
    assert {one.language for one in found.only(["ko", "de"]).queries} == {"ko", "de"}
    with pytest.raises(Misconfigured, match="expected queries in lo, found none"):
        found.only(["ko", "lo"])


def test_the_fingerprint_says_which_questions_these_are(tmp_path: Path) -> None:
    """The order of the lines does not matter; any text, judgement or language does."""

    def of(*queries: tuple[str, str, str, int]) -> str:
        lines = [f"{name}\t{language}\t{text}\td1\t{grade}" for name, language, text, grade in queries]
        return load(write(tmp_path / "set.tsv", ["query_id\tlanguage\tquery\tdoc_id\tgrade", *lines])).fingerprint()

    first = of(("a", "en", "one", 1), ("b", "en", "two", 1))
    assert first == of(("b", "en", "two", 1), ("a", "en", "one", 1))
    others = [of(("a", *said), ("b", "en", "two", 1)) for said in (("en", "One", 1), ("de", "one", 1), ("en", "one", 2))]
    assert len({first, *others}) == 4


def test_the_example_is_a_good_set() -> None:
    """Ten queries in three languages, all with documents of one known language."""
    found = load(EXAMPLE)
    assert found.languages() == {"en": 4, "de": 3, "ko": 3}
    assert all(one.document_language for one in found.queries)
    assert found.warnings == ("fewer than 50 queries, so that intervals are wide: de (3), en (4), ko (3)",)


def test_the_table_of_the_page_is_a_good_set(tmp_path: Path) -> None:
    """`docs/golden.md` shows what can be loaded."""
    table = (ROOT / "docs" / "golden.md").read_text(encoding="utf-8").split("```tsv\n")[1].split("```")[0]
    found = load(write(tmp_path / "set.tsv", table.splitlines()))
    assert [(one.id, one.relevant, one.document_language) for one in found.queries] == [
        ("en-2", {"en/refunds": 2, "en/returns": 1}, "en"),
        ("ko-3", {"en/refunds": 1}, "en"),
    ]
