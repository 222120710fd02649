"""The pages of pairs and of data quality as a browser gets them: right numbers, escaped names, links that keep what they show."""

import re
from datetime import timedelta

import pytest

from agent.aggregate.aggregator import Window
from agent.aggregate.histogram import MICRO
from agent.clock import FakeClock
from agent.notify.dedup import Reason
from agent.notify.notification import Delivery
from agent.probing.due import Planned
from agent.records import Partition
from agent.report.pages.quality import InForce
from agent.report.pages.store import StorePages
from agent.runtime.look import Look
from agent.runtime.own import Own
from agent.runtime.remembered import AS_OF
from agent.runtime.tally import Tally
from agent.store.base import Entry
from tests.report.builders import QUALITY, Looking
from tests.runtime.rig import NOW
from tests.store.builders import at, flush, window
from tests.web.rig import Site, said

HOSTILE = '<img src=x onerror="alert(1)">'


def pair(language: str, document: str, n: int, good: int) -> Window:
    """A pair with so many labelled queries, of which so many found it."""
    hits = good * MICRO
    return window(1, language=language, pair=document, events=n, queries=n * MICRO, labelled=n, recall_sum=hits, recall_sq=hits)


class QualitySite(Site):
    """A site of a process that reads the log, with a receiver."""

    def __init__(self, looking: Looking | None = None) -> None:
        self.own = Own(FakeClock(NOW - timedelta(hours=1)).now)
        self.in_force = InForce(receivers=("chat",), checks=Planned(), dead_letters="letters")
        super().__init__(looking=looking)

    def look(self) -> StorePages:
        """With what the process knows."""
        looking = self.looking
        return StorePages(looking.windows, looking.journal, QUALITY, self.clock, in_force=self.in_force, seen=self.own.seen())


@pytest.fixture
def pairs() -> Site:
    """Korean asks in its own documents and in English ones."""
    site = Site(looking=Looking(empty=True))
    windows = [pair("ko", "ko", 100, 90), pair("ko", "en", 100, 60), pair("en", "en", 900, 890), pair("ja", "en", 5, 1)]
    site.looking.windows.append(flush(*windows, window(1, events=9, queries=9 * MICRO)))
    return site


@pytest.fixture
def quality() -> QualitySite:
    """A monitor at work."""
    site = QualitySite(Looking(empty=True))
    site.looking.windows.append(flush(window(25, events=40, queries=40 * MICRO, scored=40, labelled=4, tag_reasons={"unsure": 2})))
    site.looking.journal.write([Entry(AS_OF, AS_OF, at(26), {})])
    return site


def test_each_cell_has_its_number_interval_and_queries(pairs: Site) -> None:
    """Never a colour alone; rows and columns have headers, and the diagonal says what it is."""
    page = pairs.get("/pairs").text
    (cell,) = re.findall(r'<td class="cell heat-3">.*?</td>', page)
    assert said(cell) == "60.0 % 50.2 to 69.1 n 100"
    assert said("".join(re.findall(r'<td class="cell heat-5 same">.*?</td>', page))) == "90.0 % same language 82.6 to 94.5 n 100"
    assert '<th scope="col">English <span class="tag">en</span></th>' in page
    assert "below 20 %" in said(page)
    assert "not shaded: fewer than 30 queries" in said(page)


def test_few_queries_have_a_number_and_no_shade(pairs: Site) -> None:
    """Five of them."""
    (cell,) = re.findall(r'<td class="cell">.*?</td>', pairs.get("/pairs?language=ja").text)
    assert said(cell) == "20.0 % 3.6 to 62.4 n 5"


def test_the_largest_gap_is_the_first_line(pairs: Site) -> None:
    """With its interval, and what it is compared with."""
    text = said(pairs.get("/pairs").text)
    assert "Korean queries do worst across languages: −30.0 points recall on English documents" in text
    assert "−30.0 points −40.8 to −18.3" in text
    assert "90.0 % 82.6 to 94.5 Korean queries, Korean documents" in text


def test_links_keep_range_and_service_and_drop_what_only_this_page_reads(pairs: Site) -> None:
    """The language page knows no measure and no document language."""
    page = pairs.get("/pairs?from=2026-11-01&environment=prod&measure=recall_at_k&document_language=en").text
    assert set(re.findall(r'href="(/languages/ko[^"]*)', page)) == {"/languages/ko?from=2026-11-01&amp;environment=prod"}
    assert 'href="/pairs?from=-24h&amp;environment=prod&amp;measure=recall_at_k&amp;document_language=en"' in page
    assert '<option value="en" selected>English</option>' in page


def test_a_measure_that_does_not_exist_is_a_mistake(pairs: Site) -> None:
    """400 with what was expected, and escaped."""
    answer = pairs.get("/pairs?measure=<b>")
    assert answer.status_code == 400
    assert "expected one of recall_at_k, hit_rate, similarity_mean" in said(answer.text)
    assert "<b>" not in answer.text


def test_without_document_languages_the_page_says_what_to_set() -> None:
    """One column of unknown documents is no map."""
    site = Site(looking=Looking(empty=True))
    site.looking.windows.append(flush(window(1, events=9), window(1, events=9, pair="und")))
    text = said(site.get("/pairs").text)
    assert "The log does not say which language documents are in" in text
    assert "source.document_language" in text


@pytest.mark.parametrize("path", ["/pairs", "/quality"])
def test_an_empty_store_says_so(path: str) -> None:
    """Nothing is a state, too."""
    page = Site(looking=Looking(empty=True)).get(path)
    assert page.status_code == 200
    assert "No queries have been read yet" in said(page.text)


@pytest.mark.parametrize("path", ["/pairs", "/quality", "/pairs?language=%3Cimg%20src%3Dx%20onerror%3D%22alert(1)%22%3E"])
def test_names_from_the_log_are_text(path: str) -> None:
    """Languages, services, receivers and what they answered."""
    site = QualitySite(Looking(empty=True))
    site.in_force = InForce(receivers=(HOSTILE,))
    refused = Delivery(id="1", receiver=HOSTILE, outcome="failed", reason=Reason.FIRST, at=NOW, error=HOSTILE)
    site.looking.journal.write([refused.entry])
    site.looking.windows.append(
        flush(
            window(1, events=30, service=HOSTILE, language=HOSTILE, tag_reasons={HOSTILE: 3}),
            window(1, events=30, service=HOSTILE, language=HOSTILE, pair=HOSTILE),
        )
    )
    page = site.get(path).text
    assert "&lt;img" in page
    assert "<img" not in page


def test_a_healthy_monitor_says_so_first(quality: QualitySite) -> None:
    """The verdict, up to when, and what the log gives."""
    page = quality.get("/quality").text
    text = said(page)
    assert said(re.findall(r"<h1>.*?</h1>", page)[0]) == "The monitor is healthy"
    assert "Alerts are decided up to 2026-11-16 08:26 UTC (4 min ago)" in text
    assert "Labels relevant 10.0 %" in text
    assert "Sessions session none" in text
    assert "too unsure to say 5.0 %" in text


def test_messages_are_counted_by_this_process_and_say_since_when(quality: QualitySite) -> None:
    """Rejected ones by reason, each with the command that shows them."""
    tally = Tally(messages=1000, accepted=980, duplicates=5, excluded=0)
    tally.reasons.update(bad_timestamp=12, not_json=3)
    quality.own.stored(tally)
    quality.own.looked(Look({Partition("logs", 0): 70, Partition("logs", 1): 0}))
    text = said(quality.get("/quality").text)
    assert "Counted by this process since it began, 2026-11-16 07:30 UTC" in text
    assert "Rejected 15 1.5 %" in text
    assert "no usable timestamp 12 babelwatch dead-letters list --reason bad_timestamp" in text
    assert "70 in 2 partitions: logs/0 70" in text
    assert "kept in the topic letters" in text
    assert "The monitor needs attention" in text
    assert "1.5 % of the messages are rejected, most of them for bad_timestamp." in text


def test_a_receiver_that_refuses_is_named_with_its_answer(quality: QualitySite) -> None:
    """In the verdict and in the table."""
    refused = Delivery(id="1", receiver="chat", outcome="failed", reason=Reason.FIRST, at=NOW, error="channel_not_found")
    quality.looking.journal.write([refused.entry])
    text = said(quality.get("/quality").text)
    assert "The receiver “chat” fails: channel_not_found." in text
    assert "chat fails – 2026-11-16 08:30 UTC (0 min ago) channel_not_found 0" in text
