"""One example for each mistake in the settings of active checks, named after it."""

from pathlib import Path

import pytest

from agent.config.configuration import load
from agent.errors import Misconfigured
from tests.config.test_mistakes import ADDRESS, TAG, Case, check

URL = "https://embeddings.example"
OPENAI = f"type: openai, url: '{URL}', model: m"
HTTP = f"type: http, url: '{URL}', model: m"
SEARCH = "url: 'https://search.example'"


def _probe(keys: str, key: str, expected: str) -> Case:
    """A probe with one mistake."""
    return Case(f"probes: [{{name: own, {keys}}}]", 1, f"probes[0].{key}", expected)


def _embedder(keys: str, key: str, expected: str) -> Case:
    """An embedder with one mistake."""
    return _probe(f"embedder: {{{keys}}}", f"embedder.{key}", expected)


def _endpoint(keys: str, key: str, expected: str) -> Case:
    """A search with one mistake."""
    text = f"golden: [{{name: support, dataset: ./golden, endpoint: {{{keys}}}}}]"
    return Case(text, 1, f"golden[0].endpoint.{key}", expected)


NOTHING = "expected a value, found nothing"
TYPES = "expected a type of embedder that is there (openai, http, sentence_transformers)"
CASES = {
    "probes_that_are_no_list": Case("probes: {own: {}}", 1, "probes", "expected a list, found keys with values"),
    "probe_without_a_name": Case(f"probes: [{{embedder: {{{OPENAI}}}}}]", 1, "probes[0].name", NOTHING),
    "probe_without_an_embedder": Case("probes: [{name: own}]", 1, "probes[0].embedder", NOTHING),
    "probes_of_one_name": Case(
        f"probes:\n- {{name: own, embedder: {{{OPENAI}}}}}\n- {{name: own, embedder: {{{HTTP}}}}}",
        3,
        "probes[1].name",
        "expected a name that is there once, found 'own'",
    ),
    "golden_sets_of_one_name": Case(
        f"golden:\n- {{name: a, dataset: b, endpoint: {{{SEARCH}}}}}\n- {{name: a, dataset: c, endpoint: {{{SEARCH}}}}}",
        3,
        "golden[1].name",
        "expected a name that is there once, found 'a'",
    ),
    "golden_set_with_the_name_of_an_earlier_run": Case(
        f"golden: [{{name: a~1, dataset: b, endpoint: {{{SEARCH}}}}}]",
        1,
        "golden[0].name",
        "expected a name without ~, found 'a~1'",
    ),
    "golden_set_without_its_data": Case(f"golden: [{{name: a, endpoint: {{{SEARCH}}}}}]", 1, "golden[0].dataset", NOTHING),
    "embedder_of_an_unknown_type": _embedder("type: cohere", "type", f"{TYPES}, found 'cohere'"),
    "embedder_without_type": _embedder("", "type", f"{TYPES}, found nothing"),
    "embedder_that_is_text": Case(
        "probes: [{name: own, embedder: hunter2}]", 1, "probes[0].embedder", "expected keys with values, found other text"
    ),
    "embedder_without_address": _embedder("type: openai, model: m", "url", NOTHING),
    "embedder_without_model": _embedder(f"type: http, url: '{URL}'", "model", NOTHING),
    "embedder_address_that_is_none": _embedder(
        "type: openai, model: m, url: api.example", "url", f"{ADDRESS}, found 'api.example'"
    ),
    "embedder_address_with_a_password": _embedder(
        "type: openai, model: m, url: 'https://u:hunter2@a'",
        "url",
        "expected an address without user name and password, which have settings of their own, found other text",
    ),
    "embedder_key_of_another_type": _embedder(
        f"{OPENAI}, device: cpu",
        "device",
        "expected one of batch, body, ca_file, document_prefix, headers, model, query_prefix, timeout, token, token_file, type, url, "
        "vectors, found 'device'",
    ),
    "embedder_token_that_is_a_number": _embedder(
        f"{OPENAI}, token: 12345", "token", "expected text, found a number or a truth value (quotes make it text)"
    ),
    "embedder_token_of_a_file_that_is_missing": _embedder(
        f"{OPENAI}, token_file: away", "token_file", "expected a file that can be read, found: No such file or directory"
    ),
    "embedder_token_given_twice": _embedder(
        f"{OPENAI}, token: hunter2, token_file: empty",
        "token_file",
        "expected either the secret or the file that holds it, found both",
    ),
    "header_that_is_a_number": _embedder(
        f"{HTTP}, headers: {{X-Key: 12345}}",
        "headers.X-Key",
        "expected text, found a number or a truth value (quotes make it text)",
    ),
    "header_that_is_empty": _embedder(
        f"{HTTP}, headers: {{X-Key: ''}}", "headers.X-Key", "expected text that is not empty, found empty text"
    ),
    "headers_that_are_text": _embedder(f"{HTTP}, headers: hunter2", "headers", "expected keys with values, found other text"),
    "batch_of_nothing": _embedder(f"{OPENAI}, batch: 0", "batch", "expected 1 or more, found 0"),
    "batch_that_no_endpoint_takes": _embedder(f"{OPENAI}, batch: 5000", "batch", "expected 2048 or less, found 5000"),
    "batch_beside_one_text": _embedder(
        f"{HTTP}, body: {{input: ['{{text}}']}}", "batch", "expected 1, because the body has {text}, found 32"
    ),
    "body_that_asks_for_nothing": _embedder(
        f"{HTTP}, body: {{'{{texts}}': 1}}", "body", 'expected "{texts}" or {text} in it, found keys with values'
    ),
    "body_with_texts_in_a_text": _embedder(
        f"{HTTP}, body: {{input: 'passage: {{texts}}'}}",
        "body",
        'expected "{texts}" as a value of its own, since it becomes a list, found keys with values',
    ),
    "body_that_is_a_list": _embedder(f"{HTTP}, body: ['{{texts}}']", "body", "expected keys with values, found a list"),
    "body_that_is_no_json": _embedder(
        f"{HTTP}, body: {{input: '{{texts}}', top: .inf}}", "body", "expected what JSON can hold, found keys with values"
    ),
    "body_with_a_key_that_is_no_text": _embedder(
        f"{HTTP}, body: {{1: '{{texts}}'}}", "body[1]", "expected text, found 1 (quotes make it text)"
    ),
    "vectors_that_are_no_expression": _embedder(f"{HTTP}, vectors: 'a['", "vectors", "expected a JMESPath expression, found 'a['"),
    "timeout_of_nothing": _embedder(f"{OPENAI}, timeout: 0s", "timeout", "expected a duration longer than zero, found '0s'"),
    "prefix_that_is_no_text": _embedder(
        f"{OPENAI}, query_prefix: 1", "query_prefix", "expected text, found 1 (quotes make it text)"
    ),
    "model_that_is_nothing": _embedder(
        "type: sentence_transformers, model: ''", "model", "expected text that is not empty, found ''"
    ),
    "probe_of_an_unknown_language": _probe(f"embedder: {{{OPENAI}}}, languages: [en, xx]", "languages[1]", f"{TAG}, found 'xx'"),
    "probe_of_no_language": _probe(
        f"embedder: {{{OPENAI}}}, documents: []", "documents", "expected a list of at least 1, found an empty list"
    ),
    "probe_at_no_time": _probe(
        f"embedder: {{{OPENAI}}}, schedule: daily",
        "schedule",
        'expected a cron line such as "0 4 * * *" or "0 8 * * mon", found \'daily\'',
    ),
    "probe_with_a_search_of_no_address": _probe(f"embedder: {{{OPENAI}}}, endpoint: {{}}", "endpoint.url", NOTHING),
    "golden_set_on_a_day_that_never_comes": Case(
        f"golden: [{{name: a, dataset: b, endpoint: {{{SEARCH}}}, schedule: '0 4 30 2 *'}}]",
        1,
        "golden[0].schedule",
        "expected a cron line that is due some day, found '0 4 30 2 *'",
    ),
    "search_that_gets_without_its_query": _endpoint(
        f"{SEARCH}, method: GET", "method", "expected POST, or {query} in the url, found 'GET'"
    ),
    "search_that_posts_without_its_query": _endpoint(
        f"{SEARCH}, body: {{q: query}}", "body", "expected {query} in it, or in the url, found keys with values"
    ),
    "search_by_another_method": _endpoint(f"{SEARCH}, method: PUT", "method", "expected 'POST' or 'GET', found 'PUT'"),
    "search_without_address": _endpoint("method: GET", "url", NOTHING),
    "search_of_no_results": _endpoint(f"{SEARCH}, results: 'hits['", "results", "expected a JMESPath expression, found 'hits['"),
    "search_to_no_depth": _endpoint(f"{SEARCH}, depth: 0", "depth", "expected 1 or more, found 0"),
    "search_at_no_rate": _endpoint(f"{SEARCH}, rate: 0.0", "rate", "expected more than 0, found 0.0"),
    "search_by_too_many_at_once": _endpoint(f"{SEARCH}, concurrency: 100", "concurrency", "expected 64 or less, found 100"),
    "search_header_that_is_a_truth_value": _endpoint(
        f"{SEARCH}, headers: {{X-Debug: true}}",
        "headers.X-Debug",
        "expected text, found a number or a truth value (quotes make it text)",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_mistake_is_told_once_with_its_place_and_what_was_expected(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of mistake alone: file and line, key, one sentence, and nothing that may be a secret."""
    monkeypatch.chdir(tmp_path)
    check(case, tmp_path)


def test_all_mistakes_of_embedders_are_told_together(tmp_path: Path) -> None:
    """One wrong key hides no other, of the same embedder or of the next."""
    file = tmp_path / "a.yaml"
    one = "{type: openai, url: hunter2, token: 1, batch: 0, extra: 1}"
    file.write_text(f"probes: [{{name: a, embedder: {one}}}, {{name: b, embedder: {{type: http}}}}]", encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load(file, {})
    keys = {mistake.key.removeprefix("probes") for mistake in caught.value.mistakes}
    first = {f"[0].embedder.{key}" for key in ("url", "model", "token", "batch", "extra")}
    assert keys == first | {"[1].embedder.url", "[1].embedder.model"}


@pytest.mark.parametrize(
    "endpoint",
    [
        {"url": "https://a?q={query}&n={k}", "method": "GET"},
        {"url": "https://a/{query}", "body": {}},
        {"url": "https://a", "body": {"query": {"match": {"text": "find {query}"}}, "size": "{k}"}},
        {"url": "https://a"},
    ],
)
def test_ways_to_ask_a_search(endpoint: dict[str, object], tmp_path: Path) -> None:
    """The query stands in the address, or anywhere in the body."""
    file = tmp_path / "a.yaml"
    file.write_text(f"golden: [{{name: a, dataset: b, endpoint: {endpoint!r}}}]", encoding="utf-8")
    assert load(file, {}).golden[0].endpoint.url == endpoint["url"]
