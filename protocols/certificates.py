"""Certificates in plain words: what a peer's certificate says, and the chain that it showed.

A certificate from the wire is believed nothing and may be broken in any way. cryptography is
imported when first used. It must not know who shows the facts.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509


class TLSError(ValueError):
    """A certificate or a name that can't be used; the message says why."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A certificate in plain words.

    names: for whom it is, the subject alternative names. since, until: UTC. days_left: whole days
    until the end, negative when it is over. key: kind and size. fingerprint: SHA-256 with colons.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    since: datetime
    until: datetime
    days_left: int
    key: str
    signature: str
    serial: str
    fingerprint: str
    is_ca: bool
    self_signed: bool

    @property
    def validity(self) -> str:
        """One sentence about its dates."""
        span = f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"
        now = datetime.now(UTC)
        if now < self.since:
            return f"Not yet valid: {span}."
        if now > self.until:
            return f"Expired: {span}."
        return f"Valid: {span}, {self.days_left} days left."

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Label and text of each fact, for a table."""
        return (
            ("Subject", self.subject), ("Issuer", self.issuer + (" (itself)" if self.self_signed else "")),
            ("Names", ", ".join(self.names) or "none"), ("Validity", self.validity), ("Key", self.key),
            ("Signature", self.signature), ("Serial number", self.serial), ("SHA-256", self.fingerprint),
            ("May sign others", "yes, it is a CA" if self.is_ca else "no"),
        )  # fmt: skip


def describe_certificate(der: bytes) -> CertificateFacts:
    """The facts of a certificate as it came over the wire. Raises TLSError if it can't be read."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        certificate = x509.load_der_x509_certificate(der)
        return CertificateFacts(
            subject=_name_text(certificate.subject),
            issuer=_name_text(certificate.issuer),
            names=_alternative_names(certificate),
            since=certificate.not_valid_before_utc,
            until=certificate.not_valid_after_utc,
            days_left=(certificate.not_valid_after_utc - datetime.now(UTC)).days,
            key=_key_text(certificate),
            signature=certificate.signature_algorithm_oid._name,
            serial=f"{certificate.serial_number:x}",
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":"),
            is_ca=_is_ca(certificate),
            self_signed=_is_self_signed(certificate),
        )
    except Exception as error:  # noqa: BLE001  a hostile certificate may fail in any part of the parser
        raise TLSError(f"The certificate can't be read: {error}") from None


def _name_text(name: x509.Name) -> str:
    return name.rfc4514_string() or "(empty)"


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names: Any = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(getattr(name, "value", name)) for name in names)


def _is_ca(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _is_self_signed(certificate: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _key_text(certificate: x509.Certificate) -> str:
    key: Any = certificate.public_key()
    curve, size = getattr(key, "curve", None), getattr(key, "key_size", None)
    kind = type(key).__name__.removeprefix("_").removesuffix("PublicKey")
    if curve is not None:
        return f"{kind} {curve.name}, {size} bits"
    return f"{kind}, {size} bits" if size else kind


def chain_of(connection: object) -> list[bytes]:
    """The chain that a TLS peer showed, its own certificate first, as DER; also where verification is off.

    connection: an ssl.SSLSocket or ssl.SSLObject after its handshake. [] if the peer showed none.
    """
    inner = getattr(connection, "_sslobj", None) or connection
    get_chain = getattr(connection, "get_unverified_chain", None) or getattr(inner, "get_unverified_chain", None)
    if get_chain is None:
        own = connection.getpeercert(True)  # type: ignore[attr-defined]
        return [own] if own else []
    chain = get_chain() or ()
    return [each if isinstance(each, bytes) else ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in chain]


def describe_chain(connection: object) -> list[CertificateFacts]:
    """The facts of every certificate that a TLS peer showed. Raises TLSError."""
    return [describe_certificate(der) for der in chain_of(connection)]
