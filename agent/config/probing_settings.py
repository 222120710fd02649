"""The settings of active checks: embedders and search endpoints that are asked, and when."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from agent.config import values as kind
from agent.config.checks import texts_in
from agent.config.section import Section, of_its_type
from agent.times import parse_duration

Batch = Annotated[kind.Whole, Field(ge=1, le=2048)]
Prefix = Annotated[str, Field(strict=True)]
THIRTY_SECONDS: Final = parse_duration("30s")


class OpenAiSettings(Section):
    """Any endpoint that speaks OpenAI's embeddings API."""

    type: Literal["openai"] = Field(description="kind of embedder: openai")
    url: kind.Address = Field(description="address that ends in /v1, or the whole of it with /embeddings")
    model: kind.Text = Field(description="name of the model, as the endpoint knows it")
    token: kind.SecretText | None = Field(default=None, description="API key, sent as bearer token")
    token_file: kind.PlainPath | None = Field(default=None, description="file that holds the API key")
    query_prefix: Prefix = Field(default="", description='text before each query, such as "query: " for E5 models')
    document_prefix: Prefix = Field(default="", description='text before each document, such as "passage: " for E5 models')
    batch: Batch = Field(default=64, description="how many texts one request holds")
    ca_file: kind.PlainPath | None = Field(
        default=None, description="authorities that may sign its certificate; null: the system's"
    )
    timeout: kind.Period = Field(default=THIRTY_SECONDS, description="how long one request may take")


class HttpEmbedderSettings(Section):
    """Any other endpoint that answers texts with vectors."""

    type: Literal["http"] = Field(description="kind of embedder: http")
    url: kind.Address = Field(description="address that is posted to")
    model: kind.Text = Field(description="name of the model, for reports")
    body: kind.Body = Field(
        default={"inputs": "{texts}"},
        description='JSON that is posted; "{texts}" becomes the list of texts, {text} the only one (batch 1), {role} query or document',
    )
    vectors: kind.Expression = Field(
        default="@", description="where the vectors stand in the answer, one a text, a JMESPath expression"
    )
    token: kind.SecretText | None = Field(default=None, description="bearer token")
    token_file: kind.PlainPath | None = Field(default=None, description="file that holds the bearer token")
    headers: kind.Table[kind.Text, kind.SecretText] = Field(default={}, description="further headers")
    query_prefix: Prefix = Field(default="", description='text before each query, such as "query: "')
    document_prefix: Prefix = Field(default="", description='text before each document, such as "passage: "')
    batch: Batch = Field(default=32, description="how many texts one request holds")
    ca_file: kind.PlainPath | None = Field(
        default=None, description="authorities that may sign its certificate; null: the system's"
    )
    timeout: kind.Period = Field(default=THIRTY_SECONDS, description="how long one request may take")

    @field_validator("body")
    @classmethod
    def _asks_for_texts(cls, body: Mapping[str, Any]) -> Mapping[str, Any]:
        texts = [*texts_in(body)]
        if any("{texts}" in text and text != "{texts}" for text in texts):
            raise ValueError('"{texts}" as a value of its own, since it becomes a list')
        if not any("{texts}" in text or "{text}" in text for text in texts):
            raise ValueError('"{texts}" or {text} in it')
        return body

    @field_validator("batch")
    @classmethod
    def _as_the_body_says(cls, batch: int, info: ValidationInfo) -> int:
        if batch != 1 and any("{text}" in text for text in texts_in(info.data.get("body"))):
            raise ValueError("1, because the body has {text}")
        return batch


class SentenceTransformersSettings(Section):
    """A model that sentence-transformers loads (extra `probes`)."""

    type: Literal["sentence_transformers"] = Field(description="kind of embedder: sentence_transformers")
    model: kind.Text = Field(description="folder of the model, or its name")
    query_prefix: Prefix = Field(default="", description='text before each query, such as "query: "')
    document_prefix: Prefix = Field(default="", description='text before each document, such as "passage: "')
    device: kind.Text | None = Field(default=None, description="where it runs, such as cpu or cuda; null: what there is")
    batch: Batch = Field(default=64, description="how many texts are encoded at once")


Embedder = OpenAiSettings | HttpEmbedderSettings | SentenceTransformersSettings
EMBEDDERS: Final[dict[str, type[Embedder]]] = {
    "openai": OpenAiSettings,
    "http": HttpEmbedderSettings,
    "sentence_transformers": SentenceTransformersSettings,
}


AnyEmbedder = Annotated[Embedder, of_its_type(EMBEDDERS, "embedder")]


class EndpointSettings(Section):
    """The search of the service."""

    url: kind.Address = Field(description="address of the search; with method GET it holds {query}")
    method: Literal["POST", "GET"] = Field(default="POST", description="POST or GET")
    body: kind.Body = Field(
        default={"query": "{query}", "top_k": "{k}"},
        description='JSON that is posted; {query}, {language} and {k} are filled in, "{k}" alone becomes a number',
    )
    results: kind.Expression = Field(
        default="results",
        description="where the ranked results stand in the answer, a JMESPath expression that gives {doc_id, score}, or ids alone",
    )
    token: kind.SecretText | None = Field(default=None, description="bearer token")
    token_file: kind.PlainPath | None = Field(default=None, description="file that holds the bearer token")
    headers: kind.Table[kind.Text, kind.SecretText] = Field(default={}, description="further headers")
    depth: Annotated[kind.Whole, Field(ge=1, le=1000)] = Field(default=100, description="how many results are asked for, as {k}")
    rate: Annotated[kind.Number, Field(gt=0, le=10_000)] = Field(default=10.0, description="how many queries a second at most")
    concurrency: Annotated[kind.Whole, Field(ge=1, le=64)] = Field(default=4, description="how many queries at once")
    ca_file: kind.PlainPath | None = Field(
        default=None, description="authorities that may sign its certificate; null: the system's"
    )
    timeout: kind.Period = Field(default=THIRTY_SECONDS, description="how long one search may take")

    @field_validator("method")
    @classmethod
    def _asks_in_its_address(cls, method: str, info: ValidationInfo) -> str:
        if method == "GET" and "{query}" not in info.data.get("url", "wrong, so {query}"):
            raise ValueError("POST, or {query} in the url")
        return method

    @field_validator("body")
    @classmethod
    def _asks_the_query(cls, body: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        asked = (*texts_in(body), info.data.get("url", "wrong, so {query}"))
        if info.data.get("method") == "POST" and not any("{query}" in text for text in asked):
            raise ValueError("{query} in it, or in the url")
        return body


class ProbeSettings(Section):
    """One separation probe: whether a model tells what means the same from what does not, in each language."""

    name: kind.Text = Field(description="what the probe is called")
    embedder: AnyEmbedder = Field(description="who makes the vectors: the service's own model")
    embedding_model: kind.Text | None = Field(
        default=None, description="what the log calls this model; null: the embedder's own name"
    )
    languages: tuple[kind.LanguageTag, ...] | None = Field(
        default=None, min_length=1, description="query languages that are probed; null: all of the lists"
    )
    documents: tuple[kind.LanguageTag, ...] = Field(
        default=("en",), min_length=1, description="languages that the documents are in"
    )
    pairs: kind.PlainPath | None = Field(
        default=None, description="file of your own concepts, YAML or TSV, besides the bundled ones"
    )
    endpoint: EndpointSettings | None = Field(
        default=None,
        description="search that is asked unrelated queries, to measure the floor of the index; null: a floor of the lists",
    )
    cache: kind.PlainPath | None = Field(
        default=None, description="file that keeps vectors by model and text; null: every run asks for all of them"
    )
    schedule: kind.Cron | None = Field(default=None, description="when it runs, a cron line in UTC; null: when it is triggered")


class GoldenSettings(Section):
    """One golden set: labelled queries, sent to the search of the service."""

    name: kind.RunName = Field(description="what its runs are called")
    dataset: kind.PlainPath = Field(description="folder in BEIR's layout, or a TSV")
    endpoint: EndpointSettings = Field(description="the search that is asked")
    service: kind.Text | None = Field(
        default=None, description="service of the log that this search serves: of others no deployment and no alert has it run"
    )
    schedule: kind.Cron | None = Field(default=None, description="when it runs, a cron line in UTC; null: when it is triggered")
