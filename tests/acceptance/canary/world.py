"""Everyone whom a configured agent talks to, on this machine; and the configuration, in which each secret is a canary."""

import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Self

import trustme

from tests.acceptance.canary.seen import Canary, Seen, canary
from tests.acceptance.canary.traffic import MAPPING
from tests.notify import mail_server
from tests.notify.mail_server import MailServer
from tests.notify.stubs import AlertmanagerStub, Answer, PagerDutyStub, Request, SlackApiStub, SlackStub, Stub
from tests.probing.embedding.endpoints import plain
from tests.probing.server import Server, said
from tests.support.otlp_receiver import Receiver
from tests.support.secured import PASSWORD, USER, SecuredBroker

EVERY_MINUTE = "* * * * *"
GOOD = ("chat", "bot", "pager", "hook", "mail", "am", "basic")
SOUR = ("sourchat", "sourbot", "sourpager", "sourhook", "odd", "souram", "sourmail")


class Parrot(Stub):
    """Refuses, and says again all that it was told: the address, each header, the body."""

    path = ""

    def __init__(self, status: int = 403, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__()
        self._status, self._headers = status, headers

    def usual(self, request: Request) -> Answer:
        """As bad services do, in prose."""
        told = {"ok": False, "error": {"code": request.path, "message": dict(request.headers)}, "you": request.body.decode()}
        return Answer(self._status, json.dumps(told), self._headers)


class World:
    """Started with the block. `secrets` are the canaries by name; what is told to a server is asked of `heard`."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.folder, self._random = folder, random
        self.secrets: dict[str, Canary] = {}
        self.files: list[Path] = []
        self.otlp: list[bytes] = []
        self._stack = ExitStack()
        authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        authority.cert_pem.write_to_path(str(folder / "mail-ca.pem"))
        self.chat, self.bot, self.pager, self.hook = SlackStub(), SlackApiStub(), PagerDutyStub(), Stub()
        self.am, self.basic = AlertmanagerStub(), AlertmanagerStub()
        self.mail, self.sourmail = MailServer(context, log_in=True), MailServer(context, log_in=True)
        self.parrot, self.odd = Parrot(), Parrot(headers=(("not a header", self.secret("odd url")),))
        self.search = Server(lambda _: said({"results": [{"doc_id": "article-1", "score": 0.5}]}))
        self.embedder = Server(plain)
        self.receiver = Receiver(self.otlp.append, self.otlp.append)
        self.golden, self.concept = (canary(f"query of {kind}", random) for kind in ("the golden set", "the concepts"))

    def __enter__(self) -> Self:
        self.sourmail.answers.extend([f"554 5.7.1 no, {mail_server.PASSWORD}"] * 99)
        servers = (self.chat, self.bot, self.pager, self.hook, self.am, self.basic, self.mail, self.sourmail, self.parrot, self.odd)
        for server in (*servers, self.search, self.embedder, self.receiver):
            self._stack.enter_context(server)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def secret(self, name: str) -> str:
        """A new one; asked again the same."""
        return self.secrets.setdefault(name, canary(name, self._random)).word

    def known(self, name: str, word: str) -> str:
        """One that a server insists on."""
        return self.secrets.setdefault(name, Canary(name, word)).word

    def file(self, name: str, content: str) -> str:
        """A file that holds it; its name."""
        path = self.folder / "".join(filter(str.isalnum, name))
        path.write_text(f"{content}\n", encoding="utf-8")
        return str(path)

    def environment(self) -> Mapping[str, str]:
        """What is not said in the file."""
        return {
            "BABELWATCH_SOURCE__KAFKA__SECURITY__PASSWORD": self.known("broker password", PASSWORD),
            "BABELWATCH_NOTIFY__RECEIVERS__MAIL__PASSWORD": self.known("mail password", mail_server.PASSWORD),
            "BABELWATCH_PROBES__0__EMBEDDER__TOKEN": self.secret("probe token"),
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-key={self.secret('collector key')}",
        }

    def settings(self, broker: SecuredBroker, topic: str, store: Path) -> dict[str, Any]:
        """As an operator writes them; some secrets stand in it, some in files of their own."""
        security = {"protocol": "SASL_SSL", "ca_file": str(broker.ca_file), "sasl_mechanism": "SCRAM-SHA-512", "username": USER}
        kafka = {"bootstrap_servers": [broker.at("SASL_SSL")], "topics": [topic], "dead_letter_topic": f"{topic}-dead"}
        return {
            "source": {
                "kafka": {**kafka, "group_id": topic, "security": security},
                "exclude": [{"field": "service", "equals": "loadtest"}],
                "mapping": MAPPING,
            },
            "store": {"path": str(store), "flush_interval": "1s"},
            "quality": {"hit_threshold": {"default": 0.35}, "similarity": {"floor": 0.21}},
            "notify": {
                "external_url": "https://babelwatch.example",
                "trace_url": "https://traces.example/{trace_id}",
                "group_wait": "0s",
                "group_interval": "1s",
                "templates": str(self._templates()),
                "receivers": {**self._good(), **self._sour()},
            },
            "report": {"schedule": EVERY_MINUTE, "receivers": ["chat", "bot", "hook", "mail", "sourhook"]},
            "golden": [self._searched("good", self.search.url, "golden"), self._searched("sour", self.parrot.base, "sour golden")],
            "probes": [self._probed("own", self.embedder.url, ""), self._probed("sour", self.parrot.base, "sour probe token")],
            "web": {"port": 0, "token_file": self.file("web token", self.secret("web token"))},
            "telemetry": {"otlp_endpoint": self.receiver.url, "logs": "json"},
        }

    def _good(self) -> dict[str, Any]:
        address = f"http://hooks.example/services/{self.secret('chat webhook')}"  # through a proxy, which answers itself
        whole = f"{self.hook.base}/{self.secret('hook url')}"
        mailer = {"port": self.mail.port, "host": self.mail.host, "ca_file": str(self.folder / "mail-ca.pem"), "username": "ann"}
        return {
            "chat": {
                "type": "slack",
                "webhook_url_file": self.file("chat webhook", address),
                "proxy": f"http://me:{self.secret('chat proxy')}@{self.chat.base.removeprefix('http://')}",
            },
            "bot": {"type": "slack", "token": self.known("bot token", "xoxb-SECRET"), "channel": "#search", "url": self.bot.base},
            "pager": {
                "type": "pagerduty",
                "routing_key_file": self.file("pager key", self._key("pager key")),
                "url": self.pager.base,
            },
            "hook": {
                "type": "webhook",
                "url_file": self.file("hook url", whole),
                "secret_file": self.file("hook secret", f"whsec_{b64encode(self.secret('hook secret').encode()).decode()}"),
            },
            "mail": {"type": "email", **mailer, "from": "b@x.org", "to": ["ann@x.org"]},
            "am": {"type": "alertmanager", "urls": [self.am.url], "token_file": self.file("am token", self.secret("am token"))},
            "basic": {
                "type": "alertmanager",
                "urls": [self.basic.url],
                "username": "me",
                "password": self.secret("basic password"),
            },
        }

    def _sour(self) -> dict[str, Any]:
        mailer = {"port": self.sourmail.port, "host": self.sourmail.host, "ca_file": str(self.folder / "mail-ca.pem")}
        return {
            "sourchat": {"type": "slack", "webhook_url": f"{self.parrot.base}/{self.secret('sourchat webhook')}"},
            "sourbot": {"type": "slack", "token": self.secret("sourbot token"), "channel": "#search", "url": self.parrot.base},
            "sourpager": {"type": "pagerduty", "routing_key": self._key("sourpager key"), "url": self.parrot.base},
            "sourhook": {
                "type": "webhook",
                "url": f"{self.parrot.base}/{self.secret('sourhook url')}",
                "secret": self.secret("sourhook secret"),
            },
            "odd": {"type": "webhook", "url": f"{self.odd.base}/{self.secret('odd url')}"},
            "souram": {"type": "alertmanager", "urls": [self.parrot.base], "token": self.secret("souram token")},
            "sourmail": {
                "type": "email",
                **mailer,
                "username": "ann",
                "password": mail_server.PASSWORD,
                "from": "b@x.org",
                "to": ["ann@x.org"],
            },
        }

    def _key(self, name: str) -> str:
        """As PagerDuty's are: 32 letters and digits."""
        return self.known(name, canary("", self._random).word.ljust(32, "z")[:32])

    def _templates(self) -> Path:
        """One of our own, which breaks while it is filled in."""
        folder = self.folder / "templates"
        folder.mkdir(exist_ok=True)
        (folder / "deployment.txt.j2").write_text("{{ change.version }} {{ change.version.nothing.at_all }}", encoding="utf-8")
        return folder

    def _searched(self, name: str, url: str, secret: str) -> dict[str, Any]:
        dataset = self.folder / "golden.tsv"
        dataset.write_text(f"language\tquery\tdoc_id\nes\t¿dónde está mi pedido? {self.golden.word}\tarticle-1\n", encoding="utf-8")
        endpoint = {
            "url": url,
            "token_file": self.file(f"{secret} token", self.secret(f"{secret} token")),
            "headers": {"X-Api-Key": self.secret(f"{secret} header")},
        }
        return {"name": name, "dataset": str(dataset), "endpoint": endpoint}  # a deployment has it run

    def _probed(self, name: str, url: str, token: str) -> dict[str, Any]:
        pairs = self.folder / "pairs.yaml"
        pairs.write_text(
            f"reset:\n  es: [nueva clave {self.concept.word}]\n  en: [new password {self.concept.word}]\n", encoding="utf-8"
        )
        own = {"token": self.secret(token)} if token else {}
        embedder = {"type": "http", "url": url, "model": "m", "headers": {"X-Api-Key": self.secret(f"{name} probe header")}, **own}
        cache = self.folder / "temporary" / f"vectors-{name}"
        return {"name": name, "embedder": embedder, "languages": ["es"], "pairs": str(pairs), "cache": str(cache)}

    def heard(self, seen: Seen) -> None:
        """Note what each server was told."""
        for name in ("chat", "bot", "pager", "hook", "am", "basic", "parrot", "odd"):
            for request in getattr(self, name).requests:
                seen.note(f"told {name}", f"{request.path}\n{json.dumps(dict(request.headers))}\n")
                seen.note(f"told {name}", request.body)
        for name in ("search", "embedder"):
            for asked in getattr(self, name).requests:
                seen.note(
                    f"told {name}", f"{asked.path}\n{json.dumps(dict(asked.headers))}\n{json.dumps(asked.body, ensure_ascii=False)}"
                )
        for mail in (*self.mail.mails, *self.sourmail.mails):
            seen.note("told mail", mail.as_bytes())
            for part in mail.walk():
                content = part.get_payload(decode=True)
                seen.note("told mail", content if isinstance(content, bytes) else b"")
        for body in self.otlp:
            seen.note("told collector", body)

    def meant_for(self) -> Mapping[str, set[str]]:
        """Where each secret belongs; those that are not named nowhere in clear: they prove something, or go through TLS."""
        parrot, odd = {"told parrot"}, {"told odd"}
        return {
            "chat webhook": {"told chat"},
            "chat proxy": {"told chat"},
            "bot token": {"told bot"},
            "pager key": {"told pager"},
            "hook url": {"told hook"},
            "am token": {"told am"},
            "basic password": {"told basic"},
            "golden token": {"told search"},
            "golden header": {"told search"},
            "probe token": {"told embedder"},
            "own probe header": {"told embedder"},
            "odd url": odd,
            **dict.fromkeys((name for name in self.secrets if name.startswith("sour") and name != "sourhook secret"), parrot),
        }
