"""Fit what the tagger knows beside lid.176 and cld2: `make fit`, about half a minute, from ../shared/data/lid alone.

Two files come out: short.ftz, a fastText model of two to five words (quantised, as lid.176.ftz is), and answers.json, how
often cld2 gave which answer for texts in each language. The same input gives the same files.
"""

import hashlib
import itertools
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import floret

from agent.language import codes
from agent.language.cld2 import Cld2
from agent.language.evidence import ANSWERS, FITTED, MODEL
from agent.language.normalise import normalise
from agent.language.scripts import writing
from scripts import tatoeba

EACH = 1_500  # texts of each language: as many of a rare one as of English
SHARED_SCRIPTS = ("Arab", "Cyrl", "Deva", "Hebr", "Latn")  # the others have one language each here, and need no model
LEAST = 20  # sentences: texts that are drawn from fewer are the same ones again and again
ATTRIBUTION = "Counted on sentences of Tatoeba (https://tatoeba.org), CC BY 2.0 FR."


def fit(texts: Iterable[tatoeba.Text], folder: Path) -> Mapping[str, int]:
    """Write both files into the folder; returns how many sentences of each language they are fitted on."""
    by_language = _by_language(texts)
    drawn = {language: list(itertools.islice(tatoeba.spans(some), EACH)) for language, some in sorted(by_language.items())}
    _write_model(drawn, folder / MODEL)
    _write_answers(drawn, folder)
    return {language: len(some) for language, some in by_language.items()}


def _by_language(texts: Iterable[tatoeba.Text]) -> Mapping[str, list[tatoeba.Text]]:
    found: defaultdict[str, list[tatoeba.Text]] = defaultdict(list)
    for text in texts:
        script = writing(normalise(text.text)).script
        if script in SHARED_SCRIPTS and script in codes.scripts(text.language):
            found[text.language].append(text)
    return {language: some for language, some in found.items() if len(some) >= LEAST}


def _write_answers(drawn: Mapping[str, list[tatoeba.Text]], folder: Path) -> None:
    """The counts, and the digest by which a damaged model is found out."""
    second = Cld2()
    answers = {language: Counter(second.answer(text.text) or "" for text in texts) for language, texts in drawn.items()}
    counts = {language: dict(sorted(n.items())) for language, n in answers.items()}
    told = {"attribution": ATTRIBUTION, "sha256": hashlib.sha256((folder / MODEL).read_bytes()).hexdigest(), "answers": counts}
    (folder / ANSWERS).write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _write_model(drawn: Mapping[str, list[tatoeba.Text]], file: Path) -> None:
    """Train and quantise on one thread: more would make it another model each time."""
    lines = [f"__label__{text.language} {text.text}\n" for texts in zip(*drawn.values(), strict=True) for text in texts]
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "texts")
        path.write_text("".join(lines), encoding="utf-8")
        model = floret.train_supervised(
            str(path), dim=16, minn=1, maxn=4, bucket=32_768, epoch=8, lr=0.3, minCount=1, thread=1, verbose=0
        )
        model.quantize(str(path), qnorm=True, thread=1, verbose=0)
        model.save_model(str(Path(made, "model")))
        file.write_bytes(_as_fasttext(Path(made, "model").read_bytes()))


def _as_fasttext(model: bytes) -> bytes:
    """Floret writes two integers of its own (mode, number of hashes) between maxn and the rate; fastText has none there."""
    return model[:52] + model[60:]


def main() -> None:
    """Fit on everything there is."""
    fitted = fit(tatoeba.read(), FITTED)
    print(f"fitted on {sum(fitted.values()):,} sentences in {len(fitted)} languages: {FITTED}", file=sys.stderr)


if __name__ == "__main__":
    main()
