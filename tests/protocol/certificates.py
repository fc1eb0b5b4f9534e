"""Certificates for servers on loopback, good and bad ones."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_A_DAY = timedelta(days=1)


@dataclass
class Authority:
    """Somebody who signs certificates; `file` is its own, as PEM."""

    folder: Path
    name: str = "Test authority"

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = self.folder / f"{self.name}.pem"
        mine = self._sign(
            self.key, self.name, x509.BasicConstraints(ca=True, path_length=0)
        )
        self.file.write_bytes(mine.public_bytes(serialization.Encoding.PEM))

    def _sign(
        self,
        key: ec.EllipticCurvePrivateKey,
        name: str,
        *extensions: x509.ExtensionType,
        ends: timedelta = _A_DAY,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            issuer_name=_named(self.name),
            subject_name=_named(name),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - 2 * _A_DAY,
            not_valid_after=now + ends,
        )
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        for extension in (own, signer, *extensions):
            critical = isinstance(extension, x509.BasicConstraints)
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def server(
        self, address: str = "127.0.0.1", *, ends: timedelta = _A_DAY
    ) -> ssl.SSLContext:
        """Return what a server at an address shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))])
        signed = self._sign(key, address, names, ends=ends)
        chain = self.folder / f"{self.name} {address} {ends.days}.pem"
        chain.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
