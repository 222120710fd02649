"""A broker that asks who you are: listeners with TLS and SASL beside the plain one, with which the tests set it up."""

from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from tests.support.broker import HOST, Broker, free_port

USER: Final = "babelwatch"
PASSWORD: Final = "canary-of-the-password"
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_LOGIN: Final = "org.apache.kafka.common.security"


class SecuredBroker(Broker):
    """`at("SASL_SSL")` is the address for a protocol; the certificate is signed by `authority`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.authority = trustme.CA()
        self._ports = {name: free_port() for name in ("SSL", "SASL_SSL", "SASL_PLAINTEXT")}

    def at(self, protocol: str) -> str:
        """Where it speaks this protocol."""
        return f"{HOST}:{self._ports[protocol]}"

    @property
    def ca_file(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.pem"

    def start(self, patience: float = 90.0) -> None:
        """Start it, with its certificate and its user."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.certify(self.authority.issue_cert(HOST))
        super().start(patience)
        self._know_user()

    def certify(self, certificate: trustme.LeafCert) -> None:
        """Show this certificate from the next start on. Kafka reads keys as PKCS 8."""
        key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
        chain = b"".join(one.bytes() for one in certificate.cert_chain_pems)
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "server.pem").write_bytes(own + chain)

    def _know_user(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        for each in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):  # one user, one alteration a request
            assert admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, each, PASSWORD)]) == {USER: None}
        admin.close()

    def _settings(self) -> dict[str, object]:
        plain = super()._settings()
        listeners = ",".join(f"{name}://{self.at(name)}" for name in self._ports)
        protocols = ",".join(f"{name}:{name}" for name in (*self._ports, "PLAINTEXT"))
        logins: dict[str, object] = {}
        for name in ("sasl_ssl", "sasl_plaintext"):
            logins[f"listener.name.{name}.plain.sasl.jaas.config"] = (
                f'{_LOGIN}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
            )
            for scram in ("scram-sha-256", "scram-sha-512"):
                logins[f"listener.name.{name}.{scram}.sasl.jaas.config"] = f"{_LOGIN}.scram.ScramLoginModule required;"
        return {
            **plain,
            "listeners": f"{plain['listeners']},{listeners}",
            "advertised.listeners": f"{plain['advertised.listeners']},{listeners}",
            "listener.security.protocol.map": f"{protocols},CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": ",".join(MECHANISMS),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.folder / "server.pem",
            **logins,
        }
