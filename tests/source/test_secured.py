"""Kafka with TLS and SASL on a real broker: reading, dead letters, and a clear word where it is not let in."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from kafka import KafkaProducer

from agent import opening, parts
from agent.config.settings import Settings
from agent.decode.dead_letter import DeadLetter, Reason
from agent.errors import Unreachable
from agent.records import Partition, RawMessage
from agent.source.clients import KafkaAddress, admin
from tests.source.builders import begin, read, until
from tests.support import broker
from tests.support.broker import HOST
from tests.support.secured import MECHANISMS, PASSWORD, USER, SecuredBroker

ENCRYPTED = [("SASL_SSL", mechanism) for mechanism in MECHANISMS]
LOG = Partition("log", 0)
WAYS = [*ENCRYPTED, ("SASL_PLAINTEXT", "SCRAM-SHA-512"), ("SSL", None)]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """A broker with one topic `log`, which holds one record."""
    ours = SecuredBroker(tmp_path_factory.mktemp("secured") / "kafka")
    try:
        ours.start()
    except broker.UnavailableError as error:
        pytest.skip(str(error))
    producer = KafkaProducer(bootstrap_servers=ours.bootstrap)
    producer.send("log", b"one").get(10)
    producer.close()
    yield ours
    ours.kill()


def settings(ours: SecuredBroker, protocol: str, mechanism: str | None, folder: Path, **others: Any) -> Settings:
    """As an operator writes them."""
    security = {"protocol": protocol} | ({"ca_file": str(ours.ca_file)} if protocol.endswith("SSL") else {})
    if mechanism:
        security |= {"sasl_mechanism": mechanism, "username": USER, "password": PASSWORD}
    kafka = {
        "bootstrap_servers": [ours.at(protocol)],
        "topics": ["log"],
        "group_id": f"{protocol}-{mechanism}",
        "dead_letter_topic": f"dead-{protocol}-{mechanism}",
        "security": security | others,
    }
    return Settings.model_validate({"source": {"kafka": kafka}, "store": {"path": str(folder)}})


@pytest.mark.parametrize(("protocol", "mechanism"), WAYS)
def test_the_log_is_read_and_dead_letters_are_kept(
    secured: SecuredBroker, protocol: str, mechanism: str | None, tmp_path: Path
) -> None:
    """Consumer, producer and admin each show who they are."""
    with ExitStack() as stack:
        source, sink = opening.kafka(stack, settings(secured, protocol, mechanism, tmp_path))
        until(lambda: bool(source.poll(100, 0.1).assigned))
        begin(source, LOG)
        assert read(source, 1) == {LOG: [(0, b"one")]}
        sink.write("log-of-a-test/0", [DeadLetter(RawMessage(LOG, 0, b"one"), Reason.NOT_JSON, "")])


def impatient(given: Settings) -> KafkaAddress:
    """The broker's address, for somebody who waits three seconds instead of thirty."""
    return replace(parts.kafka_address(given), bootstrap_timeout_ms=3_000)


@pytest.mark.parametrize(("protocol", "mechanism"), ENCRYPTED)
def test_a_wrong_password_is_told_and_not_repeated(secured: SecuredBroker, protocol: str, mechanism: str, tmp_path: Path) -> None:
    """The agent ends with a sentence that names the broker, and neither password."""
    given = settings(secured, protocol, mechanism, tmp_path, password=f"{PASSWORD}-and-more")
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        admin(impatient(given))
    assert PASSWORD not in str(caught.value)


def test_an_authority_that_nobody_knows_is_told(secured: SecuredBroker, tmp_path: Path) -> None:
    """Nothing is sent to a broker that cannot prove who it is."""
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        admin(impatient(settings(secured, "SASL_SSL", "PLAIN", tmp_path, ca_file=str(other))))


def test_a_certificate_that_has_expired_is_told(tmp_path: Path) -> None:
    """By its name; once the broker shows a renewed one, the next start is let in."""
    ours = SecuredBroker(tmp_path / "kafka")
    try:
        ours.start()
    except broker.UnavailableError as error:
        pytest.skip(str(error))
    try:
        ours.kill()
        yesterday = datetime.now(UTC) - timedelta(days=1)
        ours.certify(ours.authority.issue_cert(HOST, not_before=yesterday - timedelta(days=9), not_after=yesterday))
        super(SecuredBroker, ours).start()
        given = settings(ours, "SASL_SSL", "PLAIN", tmp_path)
        with pytest.raises(Unreachable, match="certificate has expired"):
            admin(impatient(given))
        ours.kill()
        ours.certify(ours.authority.issue_cert(HOST))
        super(SecuredBroker, ours).start()
        admin(parts.kafka_address(given)).close()
    finally:
        ours.kill()


def test_an_address_shows_no_password() -> None:
    """Whoever logs one by mistake."""
    assert PASSWORD not in repr(KafkaAddress(("kafka:9093",), {"sasl_plain_password": PASSWORD}))
