"""The agent that holds the store, asked over HTTP on this machine: what goes wrong there is raised here."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from agent.errors import Misconfigured, Mistake, NotFound, Unreachable

ANSWER_SECONDS = 30
API = "/api/v1"


class Remote:
    """The API of a running agent."""

    def __init__(self, address: str, token: str) -> None:
        self._base = address + API
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, words: Mapping[str, str]) -> Any:
        """Read; raises Misconfigured for a mistake in the words, Unreachable for an agent that does not answer."""
        return self._answer("GET", path, params=dict(words))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Have something written; raises as `get` does."""
        content = json.dumps(dict(body)).encode()  # ASCII: what a shell passed on and is no text is a mistake, not a crash
        return self._answer("POST", path, content=content, headers={"Content-Type": "application/json"})

    def delete(self, path: str) -> Any:
        """Have something ended; raises as `get` does."""
        return self._answer("DELETE", path)

    def _answer(self, method: str, path: str, **said: Any) -> Any:
        try:
            # No proxy of the environment: the agent is on this machine, and the token is for it alone.
            with httpx.Client(headers=self._headers, timeout=ANSWER_SECONDS, trust_env=False) as client:
                answer = client.request(method, self._base + path, **said)
        except httpx.HTTPError as error:
            raise Unreachable(f"the agent that holds the store does not answer: {type(error).__name__}") from error
        if answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND}:
            raise _refused(answer)
        if not answer.is_success:
            raise Unreachable(f"the agent that holds the store answers {answer.status_code}")
        return answer.json()


def _refused(answer: httpx.Response) -> Exception:
    """What was wrong with the question, or, where the answer does not say, an agent that knows no such path."""
    try:
        mistakes = [Mistake(*mistake) for mistake in answer.json()["mistakes"]]
    except (ValueError, TypeError, KeyError):
        return Unreachable(f"the agent that holds the store answers {answer.status_code}")
    return (NotFound if answer.status_code == httpx.codes.NOT_FOUND else Misconfigured)(mistakes)
