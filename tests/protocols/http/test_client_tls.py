"""TLS as the client sees it: chains that are refused, certificates of its own, session keys for Wireshark."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from protocols.http.client import keylog
from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.failure import Failure, in_the_clear
from protocols.http.proxy.core import ProxyOrder
from protocols.http.request import Limits, Proxy, Request, Trust
from protocols.record.recorder import Recorder
from protocols.tls import Flaw, lab_ca, server_context
from tests.protocols.http.peers import DEADLINE_S, pages
from tests.protocols.http.proxy.lab import proxying


@contextlib.contextmanager
def tls_page(context: ssl.SSLContext) -> Iterator[str]:
    """A server that answers every connection with "hi"; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE_S)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    plain.settimeout(DEADLINE_S)
                    with contextlib.suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as sock:
                        sock.recv(65536)
                        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(DEADLINE_S)


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(Recorder())
    made.start()
    yield made
    assert made.stop(10)


def sent(client: HttpClient, url: str, **fields: object) -> Run:
    run = client.send(Request(url=url, limits=Limits(timeout_s=15), **fields))  # type: ignore[arg-type]
    assert run.wait(DEADLINE_S)
    return run


@pytest.mark.parametrize(("flaw", "word"), [
    ("expired", "past its last day"), ("not yet valid", "later day"), ("wrong host", "name"), ("self-signed", "itself"),
])  # fmt: skip
def test_a_refused_chain_is_shown_all_the_same(client: HttpClient, flaw: Flaw, word: str) -> None:
    with tls_page(server_context(["127.0.0.1"], flaw=flaw)) as url:
        run = sent(client, url, trust=Trust(ca=lab_ca().pem))
    assert run.failure is not None
    assert run.failure.symbol == "CERTIFICATE_VERIFY_FAILED"
    assert word in run.failure.why
    assert run.final is not None
    facts = run.final.tls
    assert facts is not None
    assert (facts.verified, facts.version[:6]) == (False, "TLSv1.")
    first = facts.certificates()[0]
    assert (first.days_left < 0) is (flaw == "expired")
    assert first.self_signed is (flaw == "self-signed")
    assert ("other.example" in first.names) is (flaw == "wrong host")
    assert run.final.conn is not None


def test_a_chain_refused_inside_a_tunnel_is_shown_too(client: HttpClient) -> None:
    with proxying(ProxyOrder()) as lab, tls_page(server_context(["127.0.0.1"], flaw="expired")) as url:
        run = sent(client, url, trust=Trust(ca=lab_ca().pem), proxy=Proxy(lab.proxy.url))
    assert run.failure is not None
    assert run.failure.symbol == "CERTIFICATE_VERIFY_FAILED"
    tunnel, refused = run.exchanges
    assert (tunnel.tunnel, tunnel.status) == (True, 200)
    assert refused.tls is not None
    assert refused.tls.certificates()[0].days_left < 0


def test_a_client_shows_its_own_certificate_or_is_refused(client: HttpClient, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(lab_ca().issue(("guido.example",)))
    with tls_page(server_context(["127.0.0.1"], ask_client=True)) as url:
        with_it = sent(client, url, trust=Trust(ca=lab_ca().pem, certificate=str(own)))
        without = sent(client, url, trust=Trust(ca=lab_ca().pem))
        broken = sent(client, url, trust=Trust(ca=lab_ca().pem, certificate=str(tmp_path / "none.pem")))
    assert (with_it.state, bytes(with_it.body.data)) == ("done", b"hi")
    assert without.failure is not None
    assert without.failure.why.endswith(".")
    assert broken.failure is not None
    assert broken.failure.symbol == "CLIENT_CERTIFICATE"


def test_a_key_without_its_password_is_refused_and_asks_nobody(
    client: HttpClient, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    own, key = tmp_path / "own.pem", tmp_path / "key.pem"
    own.write_bytes(lab_ca().issue(("guido.example",)))
    plain = serialization.load_pem_private_key(own.read_bytes(), None)
    key.write_bytes(plain.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                        serialization.BestAvailableEncryption(b"spam")))  # fmt: skip
    with tls_page(server_context(["127.0.0.1"], ask_client=True)) as url:
        for password, symbol in (("", "CLIENT_KEY"), ("eggs", "CLIENT_KEY"), ("spam", "")):
            trust = Trust(ca=lab_ca().pem, certificate=str(own), key=str(key), key_password=password)
            run = sent(client, url, trust=trust)
            assert (run.failure.symbol if run.failure else "") == symbol
    assert "pass phrase" not in capfd.readouterr().err  # OpenSSL's own question, which would wait for a terminal


def test_a_server_without_tls_is_told_from_one_with_a_bad_certificate(client: HttpClient) -> None:
    with pages() as plain:
        run = sent(client, plain.url.replace("http:", "https:"))
    assert run.failure is not None
    assert (run.failure.symbol, run.failure.code) == ("WRONG_VERSION_NUMBER", 35)
    assert "plain HTTP" in run.failure.why


def test_http_where_tls_is_spoken_is_told_so(client: HttpClient) -> None:
    with tls_page(server_context(["127.0.0.1"])) as url:
        run = sent(client, url.replace("https:", "http:"))
    assert run.failure is not None
    assert run.failure.perhaps_tls
    assert "https" in run.failure.mend[0]


@pytest.mark.parametrize(("symbol", "answer", "perhaps"), [
    ("UNSUPPORTED", b"\x15\x03\x01", True), ("UNSUPPORTED", b"220 hello", False), ("NOTHING", b"", True),
    ("ECONNRESET", b"", True), ("ECONNRESET", b"HT", False), ("ECONNREFUSED", b"", False),
])  # fmt: skip
def test_an_alert_or_silence_may_be_tls(symbol: str, answer: bytes, perhaps: bool) -> None:
    made = in_the_clear(Failure(symbol, "", ""), answer)
    assert made.perhaps_tls is perhaps
    assert bool(made.mend) is perhaps


def test_session_keys_are_logged_for_wireshark_when_no_client_runs(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    keylog.log_keys(str(file))
    try:
        made = HttpClient(Recorder())
        made.start()
        try:
            with tls_page(server_context(["127.0.0.1"])) as url:
                assert sent(made, url, trust=Trust(ca=lab_ca().pem)).state == "done"
            with pytest.raises(keylog.KeyLogError, match="stop it first"):
                keylog.log_keys("")
        finally:
            assert made.stop(10)
        assert "CLIENT_TRAFFIC_SECRET_0 " in file.read_text()
        assert file.stat().st_mode & 0o077 == 0
        assert keylog.in_force() == str(file)
    finally:
        keylog.log_keys("")
    assert keylog.in_force() == ""
