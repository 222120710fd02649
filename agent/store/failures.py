"""What a request to ClickHouse that failed means: the same again later, or a person has to change something, and what."""

import re
from collections.abc import Mapping
from typing import Final

from clickhouse_connect.driver.exceptions import ClickHouseError, DataError, ProgrammingError
from urllib3.exceptions import HTTPError

from agent.errors import RetryLater, Stop, Unreachable

_PASSWORD = "check store.clickhouse.username and password"  # noqa: S105 - a sentence about one
_TABLES = "`babelwatch migrate` makes the tables"
_RIGHTS = "store.clickhouse.username needs the right to make, read and write the tables"
_SETTINGS = "this server or its profile for store.clickhouse.username refuses a setting that babelwatch needs"
REFUSALS: Final[Mapping[int, str]] = {  # the engine's codes that no wait mends
    16: _TABLES,  # NO_SUCH_COLUMN_IN_TABLE
    36: "",  # BAD_ARGUMENTS
    46: "this ClickHouse is too old",  # UNKNOWN_FUNCTION
    47: _TABLES,  # UNKNOWN_IDENTIFIER
    60: _TABLES,  # UNKNOWN_TABLE
    62: "",  # SYNTAX_ERROR
    81: "make the database, or name another in store.clickhouse.database",  # UNKNOWN_DATABASE
    115: _SETTINGS,  # UNKNOWN_SETTING
    164: _RIGHTS,  # READONLY
    192: _PASSWORD,  # UNKNOWN_USER
    193: _PASSWORD,  # WRONG_PASSWORD
    194: _PASSWORD,  # REQUIRED_PASSWORD
    452: _SETTINGS,  # SETTING_CONSTRAINT_VIOLATION
    497: _RIGHTS,  # ACCESS_DENIED
    516: _PASSWORD,  # AUTHENTICATION_FAILED
    691: _TABLES,  # UNKNOWN_ELEMENT_OF_ENUM
}
TLS: Final[Mapping[str, str]] = {  # what OpenSSL says, and what to do
    "CERTIFICATE_VERIFY_FAILED": "does store.clickhouse.ca_file hold the authority of this server's certificate?",
    "WRONG_VERSION_NUMBER": "the port of store.clickhouse.url speaks no TLS",
}
LONGEST: Final = 300
HIDDEN: Final = "<secret>"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # whatever answers there may say anything
_POOL = re.compile(r"^HTTPS?Connection(Pool)?\(.*?\): ")
_RESPONSE = re.compile(r"^.*?, server response: (?=Code:)|, server response: (?!Code:).*$| \(for url [^)]*\)$")


def ours(error: ClickHouseError, name: str, secret: str = "") -> RetryLater | Stop:
    """Our error for one of the client's; what answers there may repeat the password, which is the `secret`."""
    code: int = getattr(error, "code", None) or 0
    what = _sentence(error, secret)
    if "Unable to open" in what:
        return Unreachable(f"{name} cannot be reached: {what}")
    if code in REFUSALS:
        return Stop(f"{name}: {_with(what, REFUSALS[code])}")
    if isinstance(error, DataError | ProgrammingError):
        return Stop(f"{name}: {what}")
    advice = next((advice for sign, advice in TLS.items() if sign in what), "")
    return RetryLater(f"{name}: {what}") if code else Unreachable(f"{name} cannot be reached: {_with(what, advice)}")


def _sentence(error: ClickHouseError, secret: str) -> str:
    """One short line: what the server said, or why there was no answer; a gateway's page tells nothing."""
    cause = error.__cause__ if isinstance(error.__cause__, HTTPError) else error
    reason = _CONTROL.sub("", str(getattr(cause, "reason", cause)).strip().split("\n", 1)[0])
    if reason.startswith("<"):
        return "what answers there is not ClickHouse"
    said = _RESPONSE.sub("", _POOL.sub("", reason))
    return (said.replace(secret, HIDDEN) if secret else said)[:LONGEST]


def _with(what: str, advice: str) -> str:
    return f"{what} ({advice})" if advice else what
