"""Configurations that are wrong just where a secret stands."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.acceptance.canary.world import World

Change = Callable[[dict[str, Any], str], None]


def _receiver(name: str, **others: Any) -> Change:
    def change(settings: dict[str, Any], word: str) -> None:
        receivers = settings["notify"]["receivers"]
        receivers[name] = {**receivers[name], **{key: _filled(value, word) for key, value in others.items()}}

    return change


def _section(name: str, **others: Any) -> Change:
    def change(settings: dict[str, Any], word: str) -> None:
        settings[name] = {**settings[name], **{key: _filled(value, word) for key, value in others.items()}}

    return change


def _filled(value: Any, word: str) -> Any:
    if isinstance(value, str):
        return value.replace("WORD", word)
    return [_filled(one, word) for one in value] if isinstance(value, list) else value


CHANGES: Final[Mapping[str, Change]] = {
    "a list": _section("web", token=["WORD"]),
    "both": _section("web", token="WORD"),
    "no file": _section("web", token_file="/nowhere/at/all"),
    "an address with a password": _section("telemetry", otlp_endpoint="https://me:WORD@collector.example"),
    "an outer address": _section("notify", external_url="https://me:WORD@babelwatch.example"),
    "another key": _receiver("bot", tokn="WORD"),
    "no key of a pager": _receiver("sourpager", routing_key="WORD-"),
    "no address": _receiver("sourchat", webhook_url="hooks.example/WORD"),
    "two ways": _receiver("sourchat", token="WORD"),
    "no proxy": _receiver("chat", proxy="me:WORD@nowhere"),
    "no base64": _receiver("sourhook", secret="whsec_WORD!"),
    "no type": _receiver("sourhook", type="hook", secret="WORD"),
    "no name": _receiver("basic", username=None, password="WORD"),
}
BEGINNINGS: Final = ("*", "&", "!", "%", "@", "`", "{", "[", '"', "'", "|", ">", "? ", "- - : ")
"""What gives a plain text of YAML another meaning, as the first letter of a password may."""


def texts(right: str, world: World) -> Iterator[str]:
    """One after the other; each has a new secret."""
    whole = world.secret("secret of a cut file")
    yield right.replace('"web": {', f'"web": {{"token": "{whole}', 1)
    for name, change in CHANGES.items():
        settings = json.loads(right)
        change(settings, world.secret(f"secret of {name}"))
        yield json.dumps(settings)
    for sign in BEGINNINGS:
        yield f"web:\n  port: x\n  token: {sign}{world.secret(f'secret after {sign}')}\n"
