"""TLS for the lab: a certificate authority made on the spot, and contexts for both ends.

The CA lives as long as the process and is trusted by nobody else. Certificates can be broken on
purpose. cryptography and trustme are imported when first used. It must not know sockets or
services; why a handshake failed is explained in protocols/record/explain.py.
"""

from __future__ import annotations

import atexit
import os
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from protocols.certificates import CertificateFacts as CertificateFacts
from protocols.certificates import TLSError as TLSError
from protocols.certificates import describe_certificate as describe_certificate
from protocols.certificates import describe_chain as describe_chain
from protocols.record.filelock import CLOEXEC

if TYPE_CHECKING:
    import trustme
    from cryptography import x509

Flaw = Literal["expired", "not yet valid", "wrong host", "self-signed"]
FLAWS: Final[tuple[Flaw, ...]] = get_args(Flaw)
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
WRONG_NAME: Final = "other.example"
_WILDCARDS: Final = frozenset(("", "0.0.0.0", "::", "*"))


class LabCA:
    """The lab's certificate authority. Get it by `lab_ca()`; thread-safe.

    pem: its certificate, for whoever is to trust it.
    """

    def __init__(self) -> None:
        import trustme

        self._ca: trustme.CA = trustme.CA(organization_name="NetLab", organization_unit_name="made for this run only")
        self.pem: Final[bytes] = self._ca.cert_pem.bytes()
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def issue(self, hosts: Iterable[str] = (), *, flaw: Flaw | None = None) -> bytes:
        """A private key and its certificate chain as PEM, for these names and this machine's own.

        flaw: what is to be wrong with it. Raises TLSError for a name that can't be in a certificate.
        """
        return _issued(self, names_for(hosts), flaw)

    def path(self) -> Path:
        """A file with the CA's certificate, in a private folder; it goes with the process or by `remove_file`."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="netlab-ca-"))
                (self._folder / "lab-ca.pem").write_bytes(self.pem)
                atexit.register(self.remove_file, os.getpid())
            return self._folder / "lab-ca.pem"

    def remove_file(self, owner: int = 0) -> None:
        """Remove what `path()` made; owner: only in this process, a forked child leaves its parent's files alone."""
        if owner and owner != os.getpid():
            return
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            atexit.unregister(self.remove_file)
            shutil.rmtree(folder, ignore_errors=True)


_ca_lock: Final = threading.Lock()
_ca: LabCA | None = None


def lab_ca() -> LabCA:
    """The one CA of this process, made when first asked for (some milliseconds)."""
    global _ca
    with _ca_lock:
        if _ca is None:
            _ca = LabCA()
        return _ca


def names_for(hosts: Iterable[str]) -> tuple[str, ...]:
    """The names of a certificate for a server bound to `hosts`: this machine's own, and what was asked for."""
    asked = [host.strip("[]").partition("%")[0] for host in hosts]
    return tuple(dict.fromkeys([*(name for name in asked if name not in _WILDCARDS), *LOCAL_NAMES]))


@lru_cache(maxsize=64)
def _issued(ca: LabCA, names: tuple[str, ...], flaw: Flaw | None) -> bytes:
    now = datetime.now(UTC)
    if flaw == "self-signed":
        return _self_signed(names, now)
    since, until = now - timedelta(minutes=5), now + timedelta(days=30)
    if flaw == "expired":
        since, until = now - timedelta(days=30), now - timedelta(days=1)
    elif flaw == "not yet valid":
        since = now + timedelta(days=1)
    if flaw == "wrong host":
        names = (WRONG_NAME,)
    try:
        leaf = ca._ca.issue_cert(
            *names, common_name=names[0][:64], organization_name="NetLab", organization_unit_name="lab certificate",
            not_before=since, not_after=until,
        )  # fmt: skip
    except (ValueError, UnicodeError) as error:
        raise TLSError(f"No certificate can be made for {', '.join(names)}: {error}") from None
    return b"".join([leaf.private_key_pem.bytes(), *(blob.bytes() for blob in leaf.cert_chain_pems), ca.pem])


def _self_signed(names: Sequence[str], now: datetime) -> bytes:
    """A certificate that vouches for itself; trustme makes none of these."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{names[0]} (signed by itself)"[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem)


def _general_name(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise TLSError(f"No certificate can be made for {name}: {error}") from None


def server_pem(hosts: Iterable[str] = (), *, flaw: Flaw | None = None) -> bytes:
    """Private key and chain for a server bound to `hosts`, as PEM; a child process is handed this."""
    return lab_ca().issue(hosts, flaw=flaw)


def server_context(
    hosts: Iterable[str] = (), *, flaw: Flaw | None = None, ask_client: bool = False, key_log: str | None = None
) -> ssl.SSLContext:
    """A server's context with a certificate for `hosts` and this machine.

    flaw: break the certificate on purpose. ask_client: demand a certificate of the lab's CA from
    clients. key_log: a file that gets the session keys, so that Wireshark can decrypt a capture.
    """
    context = context_of_pem(server_pem(hosts, flaw=flaw))
    if ask_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=lab_ca().pem.decode("ascii"))
    return _logging_keys(context, key_log)


def client_context(
    *, trust_lab: bool = True, verify: bool = True, present: bool = False, key_log: str | None = None
) -> ssl.SSLContext:
    """A client's context that trusts the lab's CA and nobody else (`load_default_certs()` adds the system's).

    trust_lab False: trusts nobody. verify False: takes any certificate, for looking at it only.
    present: show a client certificate. key_log: as for `server_context`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust_lab:
        context.load_verify_locations(cadata=lab_ca().pem.decode("ascii"))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if present:
        _load_chain(context, lab_ca().issue(("client.netlab",)))
    return _logging_keys(context, key_log)


def believing(believed: str) -> ssl.SSLContext:
    """A client's context by a word: "lab" (the lab's CA and the system's), "system", or "none" (takes any)."""
    context = client_context(trust_lab=believed == "lab", verify=believed != "none")
    context.load_default_certs()
    return context


def context_of_pem(pem: bytes) -> ssl.SSLContext:
    """A server's context from a private key and chain. Raises ssl.SSLError for bad PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load_chain(context, pem)
    return context


def _load_chain(context: ssl.SSLContext, pem: bytes) -> None:
    """OpenSSL takes keys from files only: a private one, for the blink of an eye."""
    handle, name = tempfile.mkstemp(prefix="netlab-", suffix=".pem")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        context.load_cert_chain(name)
    finally:
        os.unlink(name)


def _logging_keys(context: ssl.SSLContext, key_log: str | None) -> ssl.SSLContext:
    if key_log is not None:
        os.close(os.open(key_log, os.O_CREAT | os.O_APPEND | os.O_WRONLY | CLOEXEC, 0o600))
        context.keylog_filename = key_log
    return context
