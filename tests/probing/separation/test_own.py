"""A user's own concepts: both formats say the same, and every mistake is told with its line."""

from pathlib import Path

import pytest

from agent.errors import Misconfigured
from agent.probing.separation.concepts import Concept
from agent.probing.separation.own import load

YAML = """
reset:
  en: [reset my password, new login code]
  lo: ຕັ້ງລະຫັດຜ່ານໃໝ່
iban: {en: bank number, he-IL: מספר בנק}
"""
TSV = """concept\tlanguage\ttext\r
reset\ten\treset my password\r
reset\ten\tnew login code\r
\r
iban\ten\tbank number\r
reset\tlo\tຕັ້ງລະຫັດຜ່ານໃໝ່\r
iban\tiw\tמספר בנק\r
"""
READ = (
    Concept("reset", {"en": ("reset my password", "new login code"), "lo": ("ຕັ້ງລະຫັດຜ່ານໃໝ່",)}),
    Concept("iban", {"en": ("bank number",), "he": ("מספר בנק",)}),
)
HEAD = "concept\tlanguage\ttext\n"
MISTAKES = {
    "another ending": ("a.csv", "", "a.csv: expected a file that ends in .yaml, .yml, .tsv"),
    "an empty YAML": ("a.yaml", "", "a.yaml:1: expected concepts with their wordings, found nothing"),
    "an empty TSV": ("a.tsv", HEAD, "a.tsv:1: expected at least one concept, found none"),
    "no YAML": (
        "a.yaml",
        "a: [",
        "a.yaml:1: expected YAML, found what is none: expected the node content, but found '<stream end>'",
    ),
    "a list": ("a.yaml", "- a", "a.yaml:1: expected concepts with their wordings, found a list"),
    "no languages": ("a.yml", "a: text", "a.yml:1: a: expected languages with their texts, found 'text'"),
    "an unknown language": (
        "a.yaml",
        "a:\n  en: [one, two]\n  english: three",
        "a.yaml:3: a: expected a known language tag, found 'english'",
    ),
    "no text": ("a.yaml", "a:\n  en: [one, two]\n  lo:", "a.yaml:3: a.lo: expected a text, found nothing"),
    "a number": ("a.yaml", "a:\n  en: [one,\n    2, three]", "a.yaml:3: a.en: expected a text, found 2"),
    "an empty list": ("a.yaml", "a:\n  en: [one, two]\n  lo: []", "a.yaml:3: a.lo: expected a text, found nothing in it"),
    "a key twice": (
        "a.yaml",
        "a: {en: [one, two]}\nb: {en: [three, four]}\na: {en: five}",
        "a.yaml:3: a: expected the key once, found it on line 1 too",
    ),
    "one wording": ("a.yaml", "a: {en: one}", "a.yaml:1: a: expected two wordings or more, in one language or several"),
    "a text twice": (
        "a.yaml",
        "a: {en: [one, two]}\nb: {en: [three, One]}",
        "a.yaml:2: b.en: expected each text once, found that of line 1 (concept a) again",
    ),
    "one language under two tags": (
        "a.yaml",
        "a:\n  he: אחד\n  iw: אחד",
        "a.yaml:3: a.he: expected each text once, found that of line 2 (concept a) again",
    ),
    "no header": ("a.tsv", "reset\ten\tone\n", "a.tsv:1: expected a header concept, language, text, with tabs between"),
    "commas": ("a.tsv", f"{HEAD}a,en,one\n", "a.tsv:2: expected 3 columns, found 1"),
    "four columns": ("a.tsv", f"{HEAD}a\ten\tone\ttwo\n", "a.tsv:2: expected 3 columns, found 4"),
    "no concept": ("a.tsv", f"{HEAD}\ten\tone\n", "a.tsv:2: expected the name of a concept, found nothing"),
}


@pytest.mark.parametrize(("file", "text"), [("a.yaml", YAML), ("a.tsv", TSV)])
def test_both_formats_say_the_same(tmp_path: Path, file: str, text: str) -> None:
    """Wordings in one language or several, one text or a list, tags in any spelling, ends of lines of any kind."""
    tmp_path.joinpath(file).write_text(text, encoding="utf-8-sig", newline="")
    assert load(tmp_path / file) == READ


@pytest.mark.parametrize(("file", "text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, file: str, text: str, expected: str) -> None:
    """File, line, key, what was expected and what was found: nothing else."""
    tmp_path.joinpath(file).write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as told:
        load(tmp_path / file)
    assert str(told.value).replace(f"{tmp_path}/", "") == expected


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """In the order of the lines, those of one line and those of several together."""
    file = tmp_path / "a.tsv"
    file.write_text(f"{HEAD}a\txx-unknown\tone\na\ten\ttwo\nb\ten\tTwo\nb\tde\t \n", encoding="utf-8")
    with pytest.raises(Misconfigured) as told:
        load(file)
    assert [mistake.file.removeprefix(f"{file}:") for mistake in told.value.mistakes] == ["2", "3", "4", "4", "5"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Neither that, nor one in another encoding, is a stack trace."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: {de: [Käse, Käselaib]}".encode("latin-1"))
    for file in (tmp_path / "none.yaml", latin):
        with pytest.raises(Misconfigured, match=f"{file.name}: expected a file of concepts that can be read, in UTF-8"):
            load(file)
