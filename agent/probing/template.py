"""A template is JSON in whose texts {word} is filled in; a text that is one word alone becomes its value, of whatever kind that is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

Words = Mapping[str, Any]


def filled(template: Any, words: Words) -> Any:
    """The template with its words filled in; keys stay."""
    if isinstance(template, Mapping):
        return {key: filled(value, words) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, words) for value in template]
    return _text(template, words) if isinstance(template, str) else template


def filled_url(url: str, words: Words) -> str:
    """The address with its words filled in, escaped."""
    named = {f"{{{name}}}": value for name, value in words.items()}
    return _replaced(url, {mark: quote(str(value), safe="", errors="replace") for mark, value in named.items() if mark in url})


def _text(template: str, words: Words) -> Any:
    for name, value in words.items():
        if template == f"{{{name}}}":
            return value
    return _replaced(template, {f"{{{name}}}": str(value) for name, value in words.items()}) if "{" in template else template


def _replaced(text: str, marked: Mapping[str, str]) -> str:
    """All at once: what was filled in is not looked at again."""
    for mark, value in marked.items():
        head, found, tail = text.partition(mark)
        if found:
            return _replaced(head, marked) + value + _replaced(tail, marked)
    return text
