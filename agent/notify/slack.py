"""Slack: through an incoming webhook, or as a bot with a token, which can also answer in a thread.

The URL of a webhook is its secret, and the answer `ok` its only success; it knows no threads, so what follows is a new
message. A bot answers under the thread's first message, and gives that one the title of the end when all is over. Slack
answers a bot with HTTP 200 even when it refuses: `ok` in the JSON is the success.
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/methods/chat.postMessage
https://docs.slack.dev/reference/methods/chat.update
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self, Unpack

import httpx

from agent.notify import slack_blocks
from agent.notify.base import Message, Receipt, TransportError
from agent.notify.post import ERROR_CODE, Poster, Way
from agent.notify.slack_blocks import Block, payload

API: Final = "https://slack.com"
PERMANENT: Final = frozenset({
    # who asks
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
    "not_allowed_token_type", "access_denied", "org_login_required", "ekm_access_denied", "two_factor_setup_required",
    "enterprise_is_restricted", "team_access_not_granted",
    # where to
    "channel_not_found", "not_in_channel", "is_archived", "channel_type_not_supported", "messages_tab_disabled",
    "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel", "restricted_action_thread_locked",
    # what
    "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format",
    "invalid_arguments", "invalid_arg_name", "invalid_array_arg", "invalid_charset", "invalid_json", "json_not_object",
    "invalid_form_data", "invalid_post_type", "missing_post_type",
    # how
    "method_deprecated", "deprecated_endpoint", "unknown_method", "as_user_not_supported",
})  # fmt: skip
"""Answers that another try cannot change. All others, also those that Slack may yet think of, are tried again: tries are
bounded, a lost alert is not mended."""
GONE: Final = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
"""The thread is not there any more."""
TRANSIENT: Final = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
})  # fmt: skip
"""What surely passes: a new title of the first message waits for it, and for nothing else."""

_NOT_OK: Final = "Slack's answer was not ok: is this the URL of"

logger = logging.getLogger(__name__)


class RefusedError(TransportError):
    """Slack's own code for what it does not do."""

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        known = code if ERROR_CODE.fullmatch(code) else "an unknown error"
        permanent = known in PERMANENT | GONE
        super().__init__(f"Slack answered {known}", permanent=permanent, retry_after=None if permanent else retry_after)
        self.code = known


class Root(NamedTuple):
    """The first message of a thread, as Slack knows it."""

    channel: str
    ts: str
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, message: Message) -> Self | None:
        """None where the message begins its thread, or nothing is known of the first one."""
        receipt = message.thread.receipt
        if message.begins or not receipt.get("ts") or not receipt.get("channel"):
            return None
        return cls(receipt["channel"], receipt["ts"], _blocks(receipt.get("blocks", "")))


class SlackNotifier:
    """Posts to one channel: with `webhook_url`, or with `token` and `channel`; `url` is the base of the API."""

    def __init__(
        self,
        name: str,
        webhook_url: str | None = None,
        *,
        token: str | None = None,
        channel: str | None = None,
        url: str = API,
        **way: Unpack[Way],
    ) -> None:
        self.name = name
        self._poster = Poster(to="Slack", **way)
        self._webhook_url = webhook_url
        self._token = token or ""
        self._channel = channel or ""
        self._api = f"{url.rstrip('/')}/api"

    def __repr__(self) -> str:
        return f"SlackNotifier({self.name!r}, <secret>)"

    def escape(self, text: str) -> str:
        """Slack's three control characters."""
        return slack_blocks.escape(text)

    def send(self, message: Message) -> Receipt:
        """Post the message, or raise `TransportError`; a bot's receipt says where the thread's first message is."""
        return self._through_webhook(self._webhook_url, message) if self._webhook_url is not None else self._as_bot(message)

    def send_report(self, message: Message) -> None:
        """Post a report: its text, as far as Slack's limits go, and where the whole of it is."""
        self.send(message)

    def preview(self, message: Message) -> str:
        """The body of the request, as JSON."""
        return json.dumps(payload(message), ensure_ascii=False, indent=2)

    def _through_webhook(self, url: str, message: Message) -> Receipt:
        answer = self._poster.post(url, payload(message))
        if answer.text.strip() != "ok":
            raise TransportError(f"{_NOT_OK} an incoming webhook?", permanent=True)
        return {}

    def _as_bot(self, message: Message) -> Receipt:
        root = Root.of(message)
        if root is not None and self._followed(root, message):
            return {}
        return self._begun(message)

    def _begun(self, message: Message) -> Receipt:
        body = payload(message)
        said = self._call("chat.postMessage", {"channel": self._channel, **body})
        found = {key: said[key] for key in ("channel", "ts") if isinstance(said.get(key), str)}
        return {**found, "blocks": json.dumps(body["blocks"], ensure_ascii=False)} if len(found) == 2 else {}  # noqa: PLR2004  both

    def _followed(self, root: Root, message: Message) -> bool:
        """Answer in the thread; False where there is none any more."""
        try:
            if message.kind == "resolved":
                self._retitle(root, message.title)
            self._call("chat.postMessage", {"channel": root.channel, "thread_ts": root.ts, **payload(message)})
        except RefusedError as refused:
            if refused.code not in GONE:
                raise
            return False
        return True

    def _retitle(self, root: Root, title: str) -> None:
        """Give the first message the title of the end, once more being the same; where that cannot be, the end is told anyway."""
        try:
            self._call("chat.update", {"channel": root.channel, "ts": root.ts, **slack_blocks.retitled(root.blocks, title)})
        except RefusedError as refused:
            if refused.code in GONE | TRANSIENT:
                raise
            logger.info("%s: the first message of the thread keeps its title: %s", self.name, refused)

    def _call(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._poster.post(f"{self._api}/{method}", body, {"Authorization": f"Bearer {self._token}"})
        said = _json(answer)
        if said.get("ok") is True:
            return said
        if isinstance(said.get("error"), str):
            raise RefusedError(said["error"], self._poster.asked_wait(answer))
        raise TransportError(f"{_NOT_OK} Slack's API?", permanent=True)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _blocks(text: str) -> tuple[Block, ...]:
    try:
        blocks = json.loads(text)
    except ValueError:
        return ()
    return tuple(block for block in blocks if isinstance(block, dict)) if isinstance(blocks, list) else ()
