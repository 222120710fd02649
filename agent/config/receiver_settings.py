"""The settings of receivers: one section for each type, told apart by the key `type`."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from agent.config import values as kind
from agent.config.section import Section, of_its_type
from agent.times import parse_duration

TEN_SECONDS: Final = parse_duration("10s")

Proxy = Annotated[
    kind.SecretProxy | None,
    Field(description="address of a proxy, which may hold its user and password; null: that of the environment"),
]
ProxyFile = Annotated[kind.PlainPath | None, Field(description="file that holds the address of the proxy")]
CaFile = Annotated[
    kind.PlainPath | None,
    Field(description="certificates of the authorities that may sign the receiver's; null: the usual ones"),
]
Timeout = Annotated[kind.Period, Field(description="how long an answer is waited for")]


class SlackSettings(Section):
    """A Slack channel, through an incoming webhook or as a bot."""

    type: Literal["slack"] = Field(description="kind of receiver: slack")
    token: kind.SecretText | None = Field(default=None, description="token of a bot that may write (chat:write)")
    token_file: kind.PlainPath | None = Field(default=None, description="file that holds the token of a bot")
    channel: kind.Text | None = Field(default=None, description="channel that the bot writes to: its id or name")
    webhook_url: kind.SecretAddress | None = Field(
        default=None, description="address of the incoming webhook, instead of token and channel"
    )
    webhook_url_file: kind.PlainPath | None = Field(default=None, description="file that holds the address of the incoming webhook")
    url: kind.Address = Field(default="https://slack.com", description="base of Slack's API, for a bot")
    proxy: Proxy = None
    proxy_file: ProxyFile = None
    ca_file: CaFile = None
    timeout: Timeout = TEN_SECONDS

    @field_validator("channel")
    @classmethod
    def _with_its_token(cls, channel: str | None, info: ValidationInfo) -> str | None:
        token = info.data.get("token", "wrong, so given")
        if (token is None) != (channel is None):
            raise ValueError("a value, which a token needs" if channel is None else "a token beside it")
        return channel

    @field_validator("webhook_url")
    @classmethod
    def _one_of_two_ways(cls, webhook_url: kind.Secret | None, info: ValidationInfo) -> kind.Secret | None:
        bot = any(info.data.get(key, "wrong, so given") is not None for key in ("token", "channel"))
        if webhook_url is None and not bot:
            raise ValueError("a value, or a token and a channel")
        if webhook_url is not None and bot:
            raise ValueError("nothing beside a token or a channel")
        return webhook_url


class PagerDutySettings(Section):
    """A service of PagerDuty, through an Events API v2 integration."""

    type: Literal["pagerduty"] = Field(description="kind of receiver: pagerduty")
    routing_key: kind.RoutingKey = Field(description="integration key of an Events API v2 integration, 32 characters")
    routing_key_file: kind.PlainPath | None = Field(default=None, description="file that holds the integration key")
    url: kind.Address = Field(default="https://events.pagerduty.com", description="base of the Events API")
    proxy: Proxy = None
    proxy_file: ProxyFile = None
    ca_file: CaFile = None
    timeout: Timeout = TEN_SECONDS


class AlertmanagerSettings(Section):
    """All Alertmanagers of one cluster."""

    type: Literal["alertmanager"] = Field(description="kind of receiver: alertmanager")
    urls: tuple[kind.Address, ...] = Field(
        min_length=1, description="addresses of all Alertmanagers of the cluster, with their path prefix; each is sent everything"
    )
    username: kind.Text | None = Field(default=None, description="name for basic authentication")
    password: kind.SecretText | None = Field(default=None, description="password for basic authentication")
    password_file: kind.PlainPath | None = Field(default=None, description="file that holds the password for basic authentication")
    token: kind.SecretText | None = Field(default=None, description="bearer token, instead of name and password")
    token_file: kind.PlainPath | None = Field(default=None, description="file that holds the bearer token")
    proxy: Proxy = None
    proxy_file: ProxyFile = None
    ca_file: CaFile = None
    timeout: Timeout = TEN_SECONDS

    @field_validator("password")
    @classmethod
    def _with_its_name(cls, password: kind.Secret | None, info: ValidationInfo) -> kind.Secret | None:
        return _of_a_pair(password, info)

    @field_validator("token")
    @classmethod
    def _one_of_two_ways(cls, token: kind.Secret | None, info: ValidationInfo) -> kind.Secret | None:
        if token is not None and info.data.get("username") is not None:
            raise ValueError("nothing beside a username")
        return token


class WebhookSettings(Section):
    """Whatever reads Alertmanager's webhook."""

    type: Literal["webhook"] = Field(description="kind of receiver: webhook")
    url: kind.SecretAddress = Field(description="address that is posted to, which may hold a secret")
    url_file: kind.PlainPath | None = Field(default=None, description="file that holds the address")
    secret: kind.SigningSecret | None = Field(
        default=None, description="secret that signs each message: whsec_ and base64, or any other text; null: not signed"
    )
    secret_file: kind.PlainPath | None = Field(default=None, description="file that holds the secret")
    proxy: Proxy = None
    proxy_file: ProxyFile = None
    ca_file: CaFile = None
    timeout: Timeout = TEN_SECONDS


class EmailSettings(Section):
    """People with a mailbox."""

    type: Literal["email"] = Field(description="kind of receiver: email")
    host: kind.Text = Field(description="mail server that takes mail for others")
    port: kind.Port = Field(default=587, description="its port: 587, 465 or 25")
    tls: Literal["starttls", "implicit", "none"] | None = Field(
        default=None, description="encryption: starttls, implicit or none; null: implicit on port 465, else starttls"
    )
    ca_file: kind.PlainPath | None = Field(
        default=None, description="certificates of the authorities that may sign the mail server's; null: the system's"
    )
    username: kind.Text | None = Field(default=None, description="name to log in with at the mail server")
    password: kind.SecretText | None = Field(default=None, description="password to log in with at the mail server")
    password_file: kind.PlainPath | None = Field(
        default=None, description="file that holds the password to log in with at the mail server"
    )
    from_: kind.Mailbox = Field(alias="from", description="sender, such as babelwatch <babelwatch@example.org>")
    to: tuple[kind.Mailbox, ...] = Field(min_length=1, description="recipients, all of the same mail")
    timeout: Timeout = TEN_SECONDS

    @field_validator("password")
    @classmethod
    def _with_its_name(cls, password: kind.Secret | None, info: ValidationInfo) -> kind.Secret | None:
        return _of_a_pair(password, info)


Receiver = SlackSettings | PagerDutySettings | AlertmanagerSettings | WebhookSettings | EmailSettings
RECEIVERS: Final[Mapping[str, type[Receiver]]] = {
    "slack": SlackSettings,
    "pagerduty": PagerDutySettings,
    "alertmanager": AlertmanagerSettings,
    "webhook": WebhookSettings,
    "email": EmailSettings,
}


def _of_a_pair(password: kind.Secret | None, info: ValidationInfo) -> kind.Secret | None:
    username = info.data.get("username", "wrong, so given")
    if (username is None) != (password is None):
        raise ValueError("a value, which a username needs" if password is None else "a username beside it")
    return password


AnyReceiver = Annotated[Receiver, of_its_type(RECEIVERS, "receiver")]
