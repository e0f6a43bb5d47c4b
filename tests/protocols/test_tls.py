"""The lab's CA and its broken certificates, judged by OpenSSL: through memory, and by `openssl` itself."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.record.explain import explain
from protocols.tls import (
    FLAWS,
    Flaw,
    TLSError,
    client_context,
    context_of_pem,
    describe_certificate,
    describe_chain,
    lab_ca,
    names_for,
    server_context,
    server_pem,
)

Ends = tuple[ssl.SSLObject, ssl.SSLObject]


@pytest.fixture(autouse=True)
def no_file_stays() -> Iterator[None]:
    yield
    lab_ca().remove_file()


def shake(server: ssl.SSLContext, client: ssl.SSLContext, name: str = "localhost") -> Ends:
    """A whole handshake through memory; raises what the client or else the server raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=name)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [here, there]
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
        if not waiting:
            here.write(b"x")  # TLS 1.3: a refused client certificate is only told with the next record
            assert there.read(1) == b"x"
            return here, there
    raise AssertionError("the handshake does not end")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_the_labs_client_trusts_the_labs_server(name: str) -> None:
    here, _ = shake(server_context(), client_context(), name)
    assert here.version() == "TLSv1.3"


def test_the_ca_is_the_same_for_the_whole_process() -> None:
    assert lab_ca() is lab_ca()
    assert lab_ca().path() == lab_ca().path()
    assert lab_ca().path().read_bytes() == lab_ca().pem
    assert lab_ca().path().parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("flaw", "part"),
    [
        ("expired", "past its last day"),
        ("not yet valid", "later day"),
        ("wrong host", "another name"),
        ("self-signed", "signed itself"),
    ],
)
def test_each_broken_certificate_fails_for_its_own_reason(flaw: Flaw, part: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        shake(server_context(flaw=flaw), client_context())
    said = explain(refused.value, call="handshake", address=("127.0.0.1", 4433))
    assert said.errno == "CERTIFICATE_VERIFY_FAILED"
    assert part in said.why
    shake(server_context(flaw=flaw), client_context(verify=False))


def test_every_flaw_is_tested() -> None:
    assert set(FLAWS) == {"expired", "not yet valid", "wrong host", "self-signed"}


def test_a_client_that_does_not_know_the_ca_refuses() -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        shake(server_context(), client_context(trust_lab=False))
    assert "CA that this client does not" in explain(refused.value, call="handshake").why


def test_a_server_may_ask_who_the_client_is() -> None:
    shake(server_context(ask_client=True), client_context(present=True))
    with pytest.raises(ssl.SSLError) as refused:
        shake(server_context(ask_client=True), client_context())
    assert "certificate" in explain(refused.value, call="handshake").title.lower()


def test_versions_that_do_not_meet_are_explained() -> None:
    old, new = server_context(), client_context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(ssl.SSLError) as refused:
        shake(old, new)
    assert "No common TLS version" in explain(refused.value, call="handshake").title


def test_the_key_log_lets_others_decrypt(tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    shake(server_context(), client_context(key_log=str(log)))
    assert "CLIENT_TRAFFIC_SECRET_0" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_certificate_view_says_what_is_in_it() -> None:
    here, _ = shake(server_context(["lab.example", "192.0.2.7"]), client_context())
    facts, ca = describe_chain(here)
    assert facts.names == ("lab.example", "192.0.2.7", "localhost", "127.0.0.1", "::1")
    assert (facts.is_ca, facts.self_signed, ca.is_ca, ca.self_signed) == (False, False, True, True)
    assert facts.issuer == ca.subject
    assert facts.days_left in (29, 30)
    assert "29 days left" in facts.validity or "30 days left" in facts.validity
    assert "secp256r1, 256 bits" in facts.key
    assert len(facts.fingerprint) == 95
    assert dict(facts.rows())["May sign others"] == "no"


def test_a_broken_certificate_can_be_looked_at_all_the_same() -> None:
    here, _ = shake(server_context(flaw="expired"), client_context(verify=False))
    assert describe_chain(here)[0].validity.startswith("Expired")
    assert describe_chain(here)[0].days_left < 0
    here, _ = shake(server_context(flaw="self-signed"), client_context(verify=False))
    assert [facts.self_signed for facts in describe_chain(here)] == [True]
    here, _ = shake(server_context(flaw="not yet valid"), client_context(verify=False))
    assert describe_chain(here)[0].validity.startswith("Not yet")


@pytest.mark.parametrize("der", [b"", b"hello", bytes(1000)])
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(TLSError):
        describe_certificate(der)


def test_a_flipped_byte_never_does_more_than_refuse() -> None:
    der = ssl.PEM_cert_to_DER_cert(lab_ca().pem.decode())
    for at in range(0, len(der), 3):
        broken = bytearray(der)
        broken[at] ^= 0x55
        try:
            describe_certificate(bytes(broken)).rows()
        except TLSError as refused:
            assert str(refused)  # noqa: PT017 - both outcomes are right


def test_names_of_a_bind_address() -> None:
    assert names_for(["0.0.0.0"]) == names_for([""]) == names_for(["::"]) == ("localhost", "127.0.0.1", "::1")
    assert names_for(["fe80::1%eth0"])[0] == "fe80::1"
    with pytest.raises(TLSError, match="No certificate"):
        server_pem(["a b\0c..ü" * 30])


def test_a_child_makes_its_context_of_pem() -> None:
    shake(context_of_pem(server_pem(["localhost"])), client_context())
    with pytest.raises(ssl.SSLError):
        context_of_pem(b"no pem")


def test_openssl_itself_believes_the_chain(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(server_pem())
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-verify_ip", "127.0.0.1", "-CAfile", lab_ca().path(), leaf],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.stdout.strip().endswith("OK"), done.stderr


def test_nothing_heavy_is_imported_before_it_is_used_and_nothing_stays_behind(tmp_path: Path) -> None:
    probe = (
        "import sys, protocols.tls as tls; assert not {'cryptography', 'trustme'} & set(sys.modules)\n"
        "print(tls.lab_ca().path())"
    )
    home = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=home)
    assert done.stdout.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
