"""The settings of this run: one YAML file, overridden by the environment; all mistakes are told at once.

`BABELWATCH_WEB__PORT=9090` is `web.port`, `BABELWATCH_PROBES__0__NAME` that of the first probe, which the file must have; a value
is read as YAML, that of a secret as it stands. A key `x_file` of a secret `x` names the file that holds it. Relative paths start from
the working folder.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from agent.config.mistakes import Problem, is_secret, kind_of, problems_of
from agent.config.settings import TWINS, Settings
from agent.errors import Misconfigured, Mistake
from agent.yaml_text import Document, Keys, Place, UnreadableError, parse_yaml

DEFAULT: Final = Path("babelwatch.yaml")
PREFIX: Final = "BABELWATCH_"
FOR_TESTS: Final = "BABELWATCH_TEST_"

Tree = dict[Any, Any]


class _Given(NamedTuple):
    """What the file and the environment say together, which variable gave which value, and what is wrong so far."""

    tree: Tree
    variables: Mapping[Keys, str]
    problems: tuple[Problem, ...]


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings; without a path `babelwatch.yaml` in the working folder if it is there, else the defaults.

    Raises Misconfigured with every mistake, those of the file first and in its order.
    """
    file = path or (DEFAULT if DEFAULT.exists() else None)
    document = _document(file) if file else Document({}, {}, {})
    given = _with_secrets(_with_environment(_Given(_top_level(document.data, file), {}, ()), environ))
    settings, wrong = _checked(given.tree)
    told = {_secret_of(problem.at) for problem in given.problems}
    repeated = [Problem(at, _repeated(lines)) for at, lines in document.repeated.items()]
    problems = [*repeated, *given.problems, *(problem for problem in wrong if problem.at not in told)]
    if settings is None or problems:
        raise Misconfigured(_mistakes(problems, str(file or "environment"), document.places, given.variables))
    return settings


def _checked(tree: Tree) -> tuple[Settings | None, list[Problem]]:
    try:
        return Settings.model_validate(tree), []
    except ValidationError as error:
        return None, problems_of(error)


def _document(file: Path) -> Document:
    try:
        return parse_yaml(file.read_text(encoding="utf-8-sig"))
    except OSError as wrong:
        raise Misconfigured([Mistake(str(file), "", f"expected a file that can be read, found: {wrong.strerror}")]) from None
    except UnicodeDecodeError:
        raise Misconfigured([Mistake(str(file), "", "expected text in UTF-8, found other bytes")]) from None
    except UnreadableError as wrong:
        place = f"{file}:{wrong.line}" if wrong.line else str(file)
        raise Misconfigured([Mistake(place, "", f"expected YAML, found what is none: {wrong}")]) from None


def _top_level(data: object, file: Path | None) -> Tree:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Misconfigured([Mistake(str(file), "", f"expected keys with values, found {kind_of(data)}")])
    return data


def _repeated(lines: tuple[int, ...]) -> str:
    return f"expected the key once, found it on lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"


def _with_environment(given: _Given, environ: Mapping[str, str]) -> _Given:
    """Lay the variables over the file's values, in the order of their names."""
    for name in sorted(environ):
        keys = name[len(PREFIX) :].split("__")
        if name.upper().startswith(PREFIX) and not name.upper().startswith(FOR_TESTS) and len(keys) > 1:
            given = _with_variable(given, name, _spelled(given.tree, keys), environ[name])
    return given


def _with_variable(given: _Given, name: str, at: Keys, text: str) -> _Given:
    try:
        _must_have(given.tree, at)
        value = (text or None) if is_secret(at) else parse_yaml(text).data
    except UnreadableError as wrong:
        return _with_problem(given, name, at, f"a YAML value, found what is none: {wrong}; quotes make it text")
    except LookupError as wrong:
        return _with_problem(given, name, at, str(wrong))
    return given._replace(
        tree=_laid(given.tree, at, value), variables={**given.variables, **dict.fromkeys(_leaves(at, value), name)}
    )


def _with_problem(given: _Given, name: str, at: Keys, expected: str) -> _Given:
    problems = (*given.problems, Problem(at, f"expected {expected}"))
    return given._replace(variables={**given.variables, at: name}, problems=problems)


def _must_have(tree: object, at: Keys) -> None:
    """A list has the entry that a path leads through; raises LookupError that says what was expected."""
    if isinstance(tree, list) and at and at[0] not in _counted(tree):
        raise LookupError(f"the number of an entry, counted from 0, of a list of {len(tree)}")
    if at:
        _must_have(_below(tree, at[0]), at[1:])


def _spelled(tree: object, keys: list[str]) -> Keys:
    """The keys as the file spells them, in lower case where it has none."""
    if not keys:
        return ()
    known = tree if isinstance(tree, dict) else {}
    key = next((key for key in known if str(key).lower() == keys[0].lower()), keys[0].lower())
    return (str(key), *_spelled(_below(tree, str(key)), keys[1:]))


def _laid(tree: object, at: Keys, value: object) -> Any:
    """The tree with a value over what stands at a path; a list on it has the entry."""
    if not at:
        return _merged(tree, value)
    laid = _laid(_below(tree, at[0]), at[1:], value)
    if isinstance(tree, list):
        return [laid if number == at[0] else entry for number, entry in _counted(tree).items()]
    return {**(tree if isinstance(tree, dict) else {}), at[0]: laid}


def _below(tree: object, key: str) -> Any:
    table = _counted(tree) if isinstance(tree, list) else tree
    return table.get(key) if isinstance(table, dict) else None


def _counted(entries: list[Any]) -> dict[str, Any]:
    return {str(number): entry for number, entry in enumerate(entries)}


def _merged(below: object, above: object) -> Any:
    """Mappings key by key; of anything else what lies above."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def _leaves(at: Keys, value: object) -> Iterator[Keys]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves((*at, str(key)), below)
    else:
        yield at


def _with_secrets(given: _Given) -> _Given:
    """Put the content of each file that holds a secret at the secret's own key."""
    for twin, file in list(_twins((), given.tree)):
        secret = _secret_of(twin)
        try:
            text = _content(Path(file), beside=_value(given.tree, secret))
            given = given._replace(tree=_laid(given.tree, secret, text))
        except ValueError as wrong:
            given = given._replace(problems=(*given.problems, Problem(twin, f"expected {wrong}")))
    return given


def _twins(at: Keys, tree: Tree) -> Iterator[tuple[Keys, str]]:
    for key, value in tree.items():
        if isinstance(key, str) and isinstance(value, dict | list):
            yield from _twins((*at, key), value if isinstance(value, dict) else _counted(value))
        elif isinstance(value, str) and value and key in TWINS:
            yield (*at, key), value


def _secret_of(at: Keys) -> Keys:
    return (*at[:-1], TWINS.get(at[-1], at[-1]))


def _value(tree: Any, at: Keys) -> object:
    return tree if not at else _value(_below(tree, at[0]), at[1:])


def _content(file: Path, beside: object) -> str:
    """The text of a file without the line's end; raises ValueError that says what was expected and found."""
    if beside is not None:
        raise ValueError("either the secret or the file that holds it, found both")
    try:
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as wrong:
        raise ValueError(f"a file that can be read, found: {wrong.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("a file of text in UTF-8, found other bytes") from None
    if not text:
        raise ValueError("a file that holds the secret, found an empty one")
    return text


def _mistakes(problems: list[Problem], file: str, places: Mapping[Keys, Place], variables: Mapping[Keys, str]) -> list[Mistake]:
    """Say where each problem comes from: the file's in the order of its lines, then the variables' in that of their names."""
    told = []
    for at, expected in problems:
        found = _variables_of(at, variables, places)
        place = next((places[at[:n]] for n in range(len(at), 0, -1) if at[:n] in places), None)
        where = f"{file}:{place.line}" if place else file
        told += [((1, 0, 0, name), Mistake(name, _dotted(at), expected)) for name in found]
        told += [] if found else [((0, *(place or (0, 0)), ""), Mistake(where, _dotted(at), expected))]
    return list(dict.fromkeys(mistake for _, mistake in sorted(told, key=lambda pair: pair[0])))


def _variables_of(at: Keys, variables: Mapping[Keys, str], places: Mapping[Keys, Place]) -> list[str]:
    """The variables that gave what is wrong; none where the file did."""
    for n in range(len(at), 0, -1):
        if at[:n] in variables:
            return [variables[at[:n]]]
    for n in range(len(at), 0, -1):
        below = [name for keys, name in variables.items() if keys[:n] == at[:n]]
        if at[:n] in places or below:
            return [] if at[:n] in places else below[: None if n == len(at) else 1]
    return []


def _dotted(at: Keys) -> str:
    return "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in at).removeprefix(".")
