"""The policy: declared, then script, then model, else und."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import Misconfigured
from agent.language.fasttext import FastTextModel
from agent.language.memory import MemoryModel
from agent.language.tagger import Tagger, normalise
from agent.records import Tag
from tests.language.conftest import Question

UND = Tag("und", 0.0, "none")
AWKWARD = [
    "a" * 1_000_000,
    "ж" * 1_000_000,
    "漢" * 1_000_000,
    "a." * 500_000,
    "@" * 1_000_000,
    "://" * 300_000,
    "\ud800" * 1_000_000,
    "ﷺ" * 1_000_000,
]


@pytest.mark.parametrize(
    ("declared", "language"), [("de-AT", "de"), ("zh_TW", "zh-Hant"), ("nn", "nn"), ("bs", "bs"), ("ti", "ti")]
)
def test_what_a_service_declares_wins(few_words: MemoryModel, declared: str, language: str) -> None:
    """In its canonical spelling, also where the model says otherwise, merges or does not know the language."""
    assert Tagger(few_words).tag("where is the station", declared) == Tag(language, 1.0, "declared")


def test_a_declared_language_needs_no_text(few_words: MemoryModel) -> None:
    """The service knows, and may keep the text to itself."""
    assert Tagger(few_words).tag(None, "de") == Tag("de", 1.0, "declared")


def test_a_declared_language_need_not_be_allowed(few_words: MemoryModel) -> None:
    """The list bounds what is guessed."""
    assert Tagger(few_words, frozenset({"en"})).tag("wo", "de") == Tag("de", 1.0, "declared")


@pytest.mark.parametrize("declared", ["", "english", "und", "unknown", "xx-klingon"])
def test_an_unreadable_declaration_is_none(few_words: MemoryModel, declared: str) -> None:
    """The text is asked instead."""
    assert Tagger(few_words).tag("wo ist der bahnhof", declared) == Tag("de", 1.0, "model")


@pytest.mark.parametrize(
    "text",
    [None, "", "   ", "__REDACTED__", "12 345", "gpt-4", "a@b.example", "https://de.example/wo-ist", "C:\\wo\\ist", "wo.txt", "🙂"],
)
def test_a_text_without_words_is_undetermined(few_words: MemoryModel, text: str | None) -> None:
    """Absent, redacted, numbers, codes, addresses and file names are in no language."""
    assert Tagger(few_words).tag(text) == UND


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("WO Ist\tder\u00a0Bahnhof", "wo ist der bahnhof"),
        ("wo\nist\u2028der\x85bahnhof", "wo ist der bahnhof"),
        ("Ｗｏ ist ﬁlm", "wo ist film"),
        ("wo ist error 0x80070005 gpt-4 c# a=b snake_case x@y.example", "wo ist error"),
        ("siehe https://example.com/wo?q=1 und www.example.com oder setup.exe", "siehe und oder"),
        ("https://ru.example/wiki/Москва где", "где"),
        ("ดูที่https://example.com/aดูที่", "ดูที่ ดูที่"),
        ("安装windows11的方法", "安装 的方法"),
        ("\u200f\u202bשלום\u202c", "שלום"),
        ("\ufeffwo \ud800ist", "wo ist"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("das ist z.\u2009b. gut.", "das ist z. b. gut."),
    ],
)
def test_only_words_that_tell_a_language_are_left(text: str, words: str) -> None:
    """Lower case, one kind of spaces and letters, no codes, no addresses, no marks."""
    assert normalise(text).strip() == words


def test_normalising_is_idempotent_for_plain_text() -> None:
    """Clean words are left as they are."""
    assert normalise("wo ist der bahnhof?") == "wo ist der bahnhof?"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("สถานี", "th"),
        ("ສະຖານີ", "lo"),
        ("ស្ថានីយ៍", "km"),
        ("ဘူတာ", "my"),
        ("πού", "el"),
        ("역은", "ko"),
        ("駅はどこ", "ja"),
        ("経済産業省", "ja"),
        ("重置密码", "zh"),
        ("信用卡帳單查詢", "zh"),
        ("կայարան", "hy"),
        ("ጣቢያ", "am"),
        ("நிலையம்", "ta"),
        ("స్టేషన్", "te"),
        ("ನಿಲ್ದಾಣ", "kn"),
        ("സ്റ്റേഷൻ", "ml"),
        ("સ્ટેશન", "gu"),
        ("ਸਟੇਸ਼ਨ", "pa"),
        ("දුම්රියපල", "si"),
        ("ଷ୍ଟେସନ", "or"),
        ("ས་ཚིགས", "bo"),
        ("ސްޓޭޝަން", "dv"),
    ],
)
def test_a_script_with_one_language_names_it(tagger: Tagger, text: str, language: str) -> None:
    """No model is asked, one word is enough."""
    assert tagger.tag(text) == Tag(language, 1.0, "script")


def test_a_script_that_the_model_knows_no_language_in_is_undetermined(tagger: Tagger) -> None:
    """Cherokee is not English with strange letters."""
    assert tagger.tag("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ") == UND


def test_latin_names_do_not_change_the_language(tagger: Tagger) -> None:
    """The other script wins, and the text is mixed."""
    assert tagger.tag("πώς ανοίγω το Microsoft Excel") == Tag("el", 1.0, "script", mixed=True)


def test_declared_texts_are_mixed_too(tagger: Tagger) -> None:
    """The flag is about the text, whoever named the language."""
    assert tagger.tag("πώς ανοίγω το Microsoft Excel", "el").mixed


def test_confidence_is_the_share_of_the_candidates_in_the_script(few_words: MemoryModel) -> None:
    """Words of another script weigh nothing."""
    assert Tagger(few_words).tag("wo ist der station") == Tag("de", 0.75, "model")
    assert Tagger(few_words).tag("где де що wo ist der") == Tag("uk", 2 / 3, "model", mixed=True)


def test_below_the_cut_is_undetermined(few_words: MemoryModel) -> None:
    """The cut itself is enough."""
    assert Tagger(few_words, min_confidence=0.6).tag("wo station") == UND
    assert Tagger(few_words, min_confidence=0.5).tag("wo station").confidence == 0.5


def test_no_evidence_is_undetermined_whatever_the_cut(lid: FastTextModel) -> None:
    """Of `hola` and `login` the model keeps nothing: that is not English."""
    tagger = Tagger(lid, min_confidence=0.0)
    assert [tagger.tag(text) for text in ("hola", "login", "windows 11")] == [UND] * 3


def test_merged_languages_share_one_tag(few_words: MemoryModel) -> None:
    """Both kinds of Norwegian add up; Serbian in Latin letters is hr, in its own sr."""
    tagger = Tagger(few_words)
    assert tagger.tag("hva kva der") == Tag("no", 2 / 3, "model")
    assert tagger.tag("sta") == Tag("hr", 1.0, "model")
    assert tagger.tag("где") == Tag("sr", 1.0, "model")


@pytest.mark.parametrize(("allowed", "language"), [("nb", "no"), ("nn", "no"), ("bs", "hr"), ("sr", "hr"), ("iw", "he")])
def test_an_allowed_language_may_be_any_of_a_merged_group(lid: FastTextModel, allowed: str, language: str) -> None:
    """What is allowed is spelled and merged as what is answered."""
    text = {"no": "hvor ligger innsjøen", "hr": "kako mogu promijeniti lozinku", "he": "איפה התחנה"}[language]
    assert Tagger(lid, frozenset({allowed})).tag(text).language == language


def test_languages_that_are_not_allowed_do_not_turn_into_allowed_ones(lid: FastTextModel) -> None:
    """A short list absorbs nothing: not by letters that many languages share, not by weights that are left over."""
    tagger = Tagger(lid, frozenset({"en", "ru", "zh"}))
    assert tagger.tag("wo ist der nächste bahnhof") == UND
    assert tagger.tag("як змінити пароль облікового запису") == UND
    assert tagger.tag("駅はどこですか") == UND
    assert tagger.tag("where is the next station").language == "en"


def test_a_script_with_one_allowed_language_names_it(lid: FastTextModel) -> None:
    """With Yiddish not expected, Hebrew letters are Hebrew."""
    assert Tagger(lid).tag("שלום").source == "model"
    assert Tagger(lid, frozenset({"he", "en"})).tag("שלום") == Tag("he", 1.0, "script")


def test_allowed_languages_that_the_model_does_not_know_are_a_mistake(lid: FastTextModel) -> None:
    """All of them are named, in one sentence."""
    with pytest.raises(Misconfigured, match=r"language\.allowed: .* it has no klingon, ti ") as caught:
        Tagger(lid, frozenset({"en", "ti", "klingon", "nb"}))
    assert len(caught.value.mistakes) == 1


def test_the_locale_has_no_effect_yet(tagger: Tagger) -> None:
    """It is a hint for a prior that is not there."""
    assert tagger.tag("where is the station", locale="de") == tagger.tag("where is the station")


@pytest.mark.parametrize("cache_size", [0, 1, 100])
def test_the_cache_changes_no_answer(few_words: MemoryModel, cache_size: int) -> None:
    """A text is looked up together with what was declared for it."""
    tagger = Tagger(few_words, cache_size=cache_size)
    asked = [("wo", None), ("wo", "en"), ("station", None), ("wo", None)]
    assert [tagger.tag(text, declared).language for text, declared in asked] == ["de", "en", "en", "de"]


def test_only_the_beginning_of_a_text_counts(few_words: MemoryModel) -> None:
    """What stands behind the first 2,000 characters is not looked at."""
    assert Tagger(few_words).tag("wo " + "x" * 1_997 + " station") == Tag("de", 1.0, "model")


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: ascii(text[:3]))
def test_a_huge_text_takes_no_time(lid: FastTextModel, text: str) -> None:
    """A megabyte of anything is answered within what a hundred queries take."""
    tagger = Tagger(lid, cache_size=0)
    started = time.process_time()
    tagger.tag(text)
    assert time.process_time() - started < 0.1


@settings(max_examples=300)
@given(st.text(st.characters(), max_size=400), st.none() | st.text(max_size=20))
def test_any_text_gets_a_tag(tagger: Tagger, text: str, declared: str | None) -> None:
    """Nothing is raised, and the tag is well-formed."""
    tag = tagger.tag(text, declared)
    assert 0.0 <= tag.confidence <= 1.0
    assert (tag.language == "und") == (tag.source == "none")


def test_each_language_of_real_questions_is_counted_within_three_percent(tagger: Tagger, xquad: list[Question]) -> None:
    """1,190 questions in each of twelve languages."""
    counted = Counter(tagger.tag(question.text).language for question in xquad)
    for language, asked in Counter(question.language for question in xquad).items():
        assert counted[language] == pytest.approx(asked, rel=0.03), language


def test_few_real_questions_are_tagged_wrongly(tagger: Tagger, xquad: list[Question]) -> None:
    """Of 14,280, at most one in 200 in a language that it is not in, and as many in none."""
    wrong = Counter(tag for question in xquad if (tag := tagger.tag(question.text).language) != question.language)
    assert wrong["und"] <= 70
    assert wrong.total() - wrong["und"] <= 70


def test_recall_by_own_tags_is_the_truth(tagger: Tagger, xquad: list[Question], shared: Path) -> None:
    """Recall@10 per language, grouped by the tags, is within .3 points of the one grouped by the true language."""
    truth = json.loads((shared / "data/xquad/truth.json").read_text())["paragraphs-v1"]
    tags = [tagger.tag(question.text).language for question in xquad]
    found = Counter(tag for tag, question in zip(tags, xquad, strict=True) if question.found)
    counted = Counter(tags)
    for language, figures in truth.items():
        assert found[language] / counted[language] == pytest.approx(figures["recall_at_10"], abs=0.003), language


def test_a_latin_word_stands_in_a_quarter_of_the_greek_questions(tagger: Tagger, xquad: list[Question]) -> None:
    """Mixed are 23 % of them, and none of the English ones."""
    mixed = Counter(question.language for question in xquad if tagger.tag(question.text).mixed)
    assert mixed["el"] / 1_190 == pytest.approx(0.23, abs=0.01)
    assert mixed["en"] == 0
