"""The API asked by a machine that has read its description (schemathesis): whatever it thinks of, the answer is one that is described.

The plugin of pytest that comes with it is left out (`addopts`): it costs each run of any test two seconds.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from agent.report.remote import API
from agent.web.openapi import document
from tests.notify.examples import KOREAN
from tests.web.rig import HERE, Site

TOKEN = "a-token-of-the-api"
OPERATIONS = [(method, path) for path, methods in document()["paths"].items() for method in methods]
WAYS = [
    (*operation, mode)
    for operation in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if operation[0] != "delete" or mode is GenerationMode.POSITIVE  # it has an id alone, and any text may be one
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
bounded = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # to make a request smaller takes minutes
    suppress_health_check=[*HealthCheck],
)


def described(site: Site) -> Any:
    """The description, asked of this site."""
    read = schemathesis.openapi.from_dict(document())
    read.app = site.app
    return read


@pytest.fixture(scope="module", params=["with a token", "on this machine"])
def asked(request: pytest.FixtureRequest) -> tuple[Any, dict[str, str], dict[str, str]]:
    """A site with something of everything, the headers of who may ask, and the names of what is there."""
    token = TOKEN if request.param == "with a token" else ""
    site, headers = Site(*filter(None, [token])), {"Authorization": f"Bearer {token}"} if token else {}
    said = {"match": {"language": "ko"}, "for": "4h", "reason": "x"}
    mute = site.request("POST", f"{API}/mutes", json=said, headers=headers).json()
    return described(site), headers, {"fingerprint": KOREAN.fingerprint, "id": mute["id"]}


@pytest.mark.parametrize(("method", "path", "mode"), WAYS)
def test_every_answer_is_described(method: str, path: str, mode: GenerationMode, asked: Any) -> None:
    """To what the description allows and to what it does not: no failure of the server, a status, a type and a body that it names."""
    read, headers, names = asked
    cases = read[path][method.upper()].as_strategy(generation_mode=mode)

    @bounded
    @given(cases, st.booleans())
    def ask(case: Case[Any], is_there: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        if is_there:  # else a name that nothing has
            case.path_parameters = {name: names[name] for name in case.path_parameters or {}}
        case.call_and_validate(HERE, headers=headers, checks=CHECKS)

    ask()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nobody_is_answered_without_the_token(method: str, path: str) -> None:
    """Whatever else is said: 401, as it is described."""
    read = described(Site(TOKEN))

    @bounded
    @given(read[path][method.upper()].as_strategy())
    def ask(case: Case[Any]) -> None:
        answer = case.call_and_validate(HERE, checks=CHECKS)
        assert answer.status_code == 401

    ask()
