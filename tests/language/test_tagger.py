"""The policy: declared, then script, then model, else und."""

import json
import time
import unicodedata
from collections import Counter
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.language.fasttext import FastTextModel
from agent.language.memory import MemoryModel
from agent.language.normalise import normalise
from agent.language.tagger import Asked, Tagger, asked_of
from agent.records import Event, Tag
from tests.language.conftest import Question, tagger_of

PLANES = (0x80, 0x600, 0x3000, 0x11_0000)
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
    assert tagger_of(few_words).tag("where is the station", declared)[:3] == (language, 1.0, "declared")


def test_a_declared_language_needs_no_text(few_words: MemoryModel) -> None:
    """The service knows, and may keep the text to itself."""
    assert tagger_of(few_words).tag(None, "de")[:3] == ("de", 1.0, "declared")


def test_a_declared_language_need_not_be_allowed(few_words: MemoryModel) -> None:
    """The list bounds what is guessed."""
    assert tagger_of(few_words, frozenset({"en"})).tag("wo", "de")[:3] == ("de", 1.0, "declared")


@pytest.mark.parametrize("declared", ["", "english", "und", "unknown", "xx-klingon"])
def test_an_unreadable_declaration_is_none(few_words: MemoryModel, declared: str) -> None:
    """The text is asked instead."""
    assert tagger_of(few_words).tag("wo ist der bahnhof", declared).language == "de"


@pytest.mark.parametrize(
    "text",
    [None, "", "   ", "__REDACTED__", "12 345", "gpt-4", "a@b.example", "https://de.example/wo-ist", "C:\\wo\\ist", "wo.txt", "🙂"],
)
def test_a_text_without_words_is_undetermined(few_words: MemoryModel, text: str | None) -> None:
    """Absent, redacted, numbers, codes, addresses and file names are in no language."""
    assert tagger_of(few_words).tag(text).language == "und"


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
        ("das ist z.\u2009b. gut.", "das ist z b gut"),
        ("«Wo» ist (der) „Bahnhof“?!", "wo ist der bahnhof"),
        ("don't fuß\u00adball 'x'", "don't fussball 'x"),
    ],
)
def test_only_words_that_tell_a_language_are_left(text: str, words: str) -> None:
    """Lower case, one kind of spaces and letters, no codes, no addresses, no marks."""
    assert normalise(text).strip() == words


@pytest.mark.parametrize("form", ["{}?", "({})", '"{}"', "{}.", "„{}“", "¿{}?", "{}!!!"])
def test_punctuation_changes_no_tag(tagger: Tagger, form: str) -> None:
    """A word with a question mark is none that a model has met."""
    texts = ["als", "wo ist", "donde puedo", "hvor ligger", "reset password", "где", "كيف"]
    assert [text for text in texts if tagger.tag(text) != tagger.tag(form.format(text))] == []


def test_normalising_is_idempotent_for_plain_text() -> None:
    """Clean words are left as they are."""
    assert normalise(normalise("Wo ist der Bahnhof?")) == "wo ist der bahnhof"


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
    assert tagger.tag("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ").language == "und"


def test_latin_names_do_not_change_the_language(tagger: Tagger) -> None:
    """The other script wins, and the text is mixed."""
    assert tagger.tag("πώς ανοίγω το Microsoft Excel") == Tag("el", 1.0, "script", mixed=True, reason="second_script")


def test_declared_texts_are_mixed_too(tagger: Tagger) -> None:
    """The flag is about the text, whoever named the language."""
    assert tagger.tag("πώς ανοίγω το Microsoft Excel", "el").mixed


@pytest.mark.parametrize(("allowed", "language"), [("nb", "no"), ("nn", "no"), ("bs", "hr"), ("sr", "hr"), ("iw", "he")])
def test_an_allowed_language_may_be_any_of_a_merged_group(lid: FastTextModel, allowed: str, language: str) -> None:
    """What is allowed is spelled and merged as what is answered."""
    text = {"no": "hvor ligger innsjøen", "hr": "kako mogu promijeniti lozinku", "he": "איפה התחנה"}[language]
    assert tagger_of(lid, frozenset({allowed})).tag(text).language == language


def test_a_script_with_one_allowed_language_names_it(lid: FastTextModel) -> None:
    """With Yiddish not expected, Hebrew letters are Hebrew."""
    assert tagger_of(lid).tag("שלום").source == "model"
    assert tagger_of(lid, frozenset({"he", "en"})).tag("שלום") == Tag("he", 1.0, "script")


@pytest.mark.parametrize("cache_size", [0, 1, 100])
def test_the_cache_changes_no_answer(few_words: MemoryModel, cache_size: int) -> None:
    """A text is looked up together with what was declared for it."""
    tagger = tagger_of(few_words, cache_size=cache_size)
    asked = [("wo", None), ("wo", "en"), ("station", None), ("wo", None)]
    assert [tagger.tag(text, declared).language for text, declared in asked] == ["de", "en", "en", "de"]


@pytest.mark.parametrize("cache_size", [0, 1, 100])
def test_many_are_tagged_as_each_alone(lid: FastTextModel, tagger: Tagger, xquad: list[Question], cache_size: int) -> None:
    """In their order, whatever stands beside them, repeats and what was declared included."""
    texts = [question.text[:length] for question in xquad[::97] for length in (0, 4, 16, 60)] * 2
    asked = [Asked(text, declared) for text, declared in zip(texts, cycle([None, None, "de"]), strict=False)]
    assert tagger_of(lid, cache_size=cache_size).tag_all(asked) == [tagger.tag(each.text, each.declared) for each in asked]


def test_only_the_beginning_of_a_text_counts(few_words: MemoryModel) -> None:
    """What stands behind the first 2,000 characters is not looked at."""
    assert tagger_of(few_words).tag("wo " + "x" * 1_997 + " station").language == "de"


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: ascii(text[:3]))
def test_a_huge_text_takes_no_time(lid: FastTextModel, text: str) -> None:
    """A megabyte of anything is answered within what a hundred queries take."""
    tagger = tagger_of(lid, cache_size=0)
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


@pytest.fixture(scope="module")
def tagged(tagger: Tagger, xquad: list[Question]) -> list[tuple[Question, Tag]]:
    """The real questions with their tags."""
    return [(question, tagger.tag(question.text)) for question in xquad]


def test_each_language_of_real_questions_is_counted_within_three_percent(tagged: list[tuple[Question, Tag]]) -> None:
    """1,190 questions in each of twelve languages."""
    counted = Counter(tag.language for _, tag in tagged)
    for language, asked in Counter(question.language for question, _ in tagged).items():
        assert counted[language] == pytest.approx(asked, rel=0.03), language


def test_few_real_questions_are_tagged_wrongly(tagged: list[tuple[Question, Tag]]) -> None:
    """Of 14,280, at most one in 200 in a language that it is not in, and as many in none."""
    wrong = Counter(tag.language for question, tag in tagged if tag.language != question.language)
    assert wrong["und"] <= 70
    assert wrong.total() - wrong["und"] <= 70


def test_a_latin_word_stands_in_a_quarter_of_the_greek_questions(tagged: list[tuple[Question, Tag]]) -> None:
    """Mixed are 23 % of them, and none of the English ones."""
    mixed = Counter(question.language for question, tag in tagged if tag.mixed)
    assert mixed["el"] / 1_190 == pytest.approx(0.23, abs=0.01)
    assert mixed["en"] == 0


def test_the_tag_below_the_cut_is_undetermined(lid: FastTextModel) -> None:
    """With the reason, and named where the cut is lower."""
    text = "hotel menu pdf kontakt"
    sure, bold = tagger_of(lid, min_confidence=1.0).tag(text), tagger_of(lid, min_confidence=0.0).tag(text)
    assert (sure.language, sure.reason) == ("und", "unsure")
    assert bold.language != "und"
    assert 0 < bold.confidence < 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "no_text"), ("", "no_text"), ("404 gpt-4", "no_letters"), ("KeyError", "no_letters"), ("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "not_allowed")],
)
def test_an_undetermined_text_has_a_reason(tagger: Tagger, text: str | None, reason: str) -> None:
    """It is counted, so that somebody can see what the traffic is made of."""
    tag = tagger.tag(text)
    assert (tag.language, tag.reason) == ("und", reason)


@pytest.mark.parametrize(
    "text",
    [
        "NullPointerException",
        "ECONNREFUSED",
        "ValueError:",
        "SIGSEGV",
        "ERR_CONNECTION_REFUSED",
        "0x80070005",
        "user@example.com",
        "HTTP 404",
        "NaN",
        "Ⅷ",
        "№ 5",
        "20 ℃",
        "👍🏽 🇩🇪",
    ],
)
def test_what_programs_write_is_in_no_language(tagger: Tagger, text: str) -> None:
    """Whatever its case."""
    assert {tagger.tag(spelled).language for spelled in (text, text.lower(), text.upper())} == {"und"}


def test_names_of_errors_do_not_hide_the_question_about_them(tagger: Tagger) -> None:
    """They are codes only when they stand alone."""
    assert tagger.tag("what does NullPointerException mean in my program").language == "en"


def test_merged_languages_share_one_tag(lid: FastTextModel) -> None:
    """Both kinds of Norwegian are no, unless the operator wants them apart."""
    text = "kva heiter denne songen, og kvar kan eg finne han"
    assert tagger_of(lid).tag(text).language == "no"
    assert tagger_of(lid, merge=()).tag(text).language == "nn"
    assert tagger_of(lid, merge=(("sv", "no", "nn"),)).tag(text).language == "sv"


def test_languages_that_are_not_allowed_do_not_turn_into_allowed_ones(lid: FastTextModel) -> None:
    """A short list absorbs nothing, and und says why."""
    tagger = tagger_of(lid, frozenset({"en", "ru", "zh"}))
    for text in ("wo ist der nächste bahnhof", "як змінити пароль облікового запису", "駅はどこですか"):
        assert (tagger.tag(text).language, tagger.tag(text).reason) == ("und", "not_allowed")
    assert tagger.tag("where is the next station").language == "en"


def test_norwegian_is_norwegian_where_danish_is_not_expected(lid: FastTextModel) -> None:
    """What the list says decides between neighbours."""
    assert tagger_of(lid, frozenset({"no", "sv"})).tag("jeg har glemt passordet").language == "no"


def test_a_locale_is_a_hint(lid: FastTextModel) -> None:
    """It decides what the text leaves open, and the tag says so; what is plain it does not change."""
    tagger = tagger_of(lid)
    hinted = tagger.tag("jeg har glemt passordet", locale="nb-NO")
    assert (hinted.language, hinted.source) == ("no", "prior")
    assert tagger.tag("jeg har glemt passordet", locale="da").language == "da"
    assert tagger.tag("where is the next station", locale="nb-NO").language == "en"
    assert tagger.tag("where is the next station", locale="klingon") == tagger.tag("where is the next station")


@pytest.mark.parametrize(
    ("declared", "text", "agrees"),
    [
        ("de", "wo ist der nächste bahnhof", True),
        ("en", "wo ist der nächste bahnhof", False),
        ("zh-TW", "如何重置密码", True),
        ("sr", "kako mogu da promenim lozinku za svoj nalog", True),
        ("de", "404", None),
        ("ru", "как настроить how do i change my password", None),
        (None, "wo ist der nächste bahnhof", None),
    ],
)
def test_what_is_declared_is_compared_with_the_text(tagger: Tagger, declared: str | None, text: str, agrees: bool | None) -> None:  # noqa: FBT001  a case's value
    """A service that declares the locale of the browser is found out."""
    assert tagger.tag(text, declared).agrees is agrees


def test_one_in_eight_of_those_that_declare_is_compared(tagger: Tagger) -> None:
    """The same ones wherever the log is read; the others have language and mixed all the same, and whoever declares nothing is tagged."""
    events = [
        Event(f"event-{number}", 0, query="πώς μπορώ to download the latest version", query_language="el") for number in range(800)
    ]
    tags = tagger.tag_all([asked_of(event) for event in events])
    assert {(tag.language, tag.mixed, tag.reason) for tag in tags} == {("el", True, "second_script")}
    assert sum(asked_of(event).compared for event in events) == 102
    assert all(asked_of(Event(event.event_id, 0)).compared for event in events)


@pytest.mark.parametrize("declared", ["english", "und", "no idea"])
def test_what_is_declared_and_is_no_language_is_not_taken_for_one(tagger: Tagger, declared: str) -> None:
    """The text is asked, whether it was to be compared or not."""
    for text in ("wo ist der nächste bahnhof", "how do i change my password"):
        found = tagger.tag_all([Asked(text, declared, compared=compared) for compared in (True, False)])
        assert found == [tagger.tag(text)] * 2


@pytest.mark.parametrize(
    "text", [None, "", "how do i change my password", "404", "wo ist der nächste bahnhof", "πώς μπορώ to download"]
)
def test_what_is_not_compared_has_its_declared_language_and_whether_it_is_mixed(tagger: Tagger, text: str | None) -> None:
    """As compared, but for whether the text agrees."""
    compared, told = tagger.tag_all([Asked(text, "de-AT"), Asked(text, "de-AT", compared=False)])
    assert told == compared._replace(agrees=None)


@pytest.mark.parametrize("text", ["как настроить how do i change my password", "πώς μπορώ to download the latest version"])
def test_words_of_two_languages_are_multiple(tagger: Tagger, text: str) -> None:
    """Names alone are not: see the Greek questions."""
    assert tagger.tag(text) == Tag("mul", 0.9, "model", mixed=True, reason="two_languages")


@pytest.mark.parametrize(
    "text", ["what does привет mean in english", "how to pronounce Достоевский properly", "how do you say 你好 in english please"]
)
def test_a_foreign_word_in_an_english_question_leaves_it_english(tagger: Tagger, text: str) -> None:
    """It is asked about, not in."""
    tag = tagger.tag(text)
    assert (tag.language, tag.mixed, tag.reason) == ("en", True, "second_script")


def test_han_that_two_languages_write_is_not_told_by_its_letters(lid: FastTextModel) -> None:
    """Where only Japanese is expected, Chinese is none of it."""
    assert tagger_of(lid, frozenset({"en", "ja"})).tag("上海交通大学在哪里").language == "und"
    assert tagger_of(lid, frozenset({"en", "ja"})).tag("北京大学").source != "script"


def test_a_locale_of_taiwan_is_chinese(tagger: Tagger) -> None:
    """Whatever the script of the few letters."""
    assert tagger.tag("世界上的", locale="zh-TW,zh;q=0.9").language == "zh"
    assert tagger.tag("世界上的", locale="zh-TW").language == tagger.tag("世界上的", locale="zh-CN").language == "zh"


def test_plain_questions_are_not_in_two_languages(tagged: list[tuple[Question, Tag]]) -> None:
    """Of 14,280 questions, many with Latin names in them, at most 0.3 % are called mul."""
    assert sum(tag.language == "mul" for _, tag in tagged) <= 0.003 * len(tagged)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_case_and_form_do_not_change_a_tag(tagger: Tagger, xquad: list[Question], form: Literal["NFC", "NFD", "NFKD"]) -> None:
    """Letters without a capital of their own (ß, ı) included."""
    texts = ["groß", "küçük ışık", "Işık nasıl açılır", "İstanbul hava durumu", *(question.text for question in xquad[::14])]
    assert [text for text in texts if tagger.tag(text) != tagger.tag(unicodedata.normalize(form, text.upper()))] == []


def test_a_seeded_fuzz_is_tagged(tagger: Tagger) -> None:
    """20,000 strings of any code points, surrogates and marks of direction among them: a tag for each."""
    draw = Random(1)
    for _ in range(40):
        lengths = [draw.randrange(30) for _ in range(500)]
        texts = ["".join(map(chr, draw.choices(range(draw.choice(PLANES)), k=length))) for length in lengths]
        tags = tagger.tag_all([Asked(text, locale=text[:5]) for text in texts])
        assert len(tags) == len(texts)
        assert all(0.0 <= tag.confidence <= 1.0 for tag in tags)


def test_recall_by_own_tags_is_the_truth(lid: FastTextModel, xquad: list[Question], shared: Path) -> None:
    """With the twelve allowed: counts within 3 %, and recall@10 within one point of that of the true languages."""
    truth = json.loads((shared / "data/xquad/truth.json").read_text())["paragraphs-v1"]
    tagger = tagger_of(lid, frozenset(truth))
    tags = [tagger.tag(question.text).language for question in xquad]
    found = Counter(tag for tag, question in zip(tags, xquad, strict=True) if question.found)
    counted = Counter(tags)
    for language, figures in truth.items():
        assert counted[language] == pytest.approx(1_190, rel=0.03)
        assert found[language] / counted[language] == pytest.approx(figures["recall_at_10"], abs=0.01), language
