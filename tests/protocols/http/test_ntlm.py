"""NTLM: the real curl against the sandbox, the client against it and against servers that play it wrong."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.formats.python_write import problem, write_python
from protocols.http.identity import identity_steps
from protocols.http.ntlm import NtlmError, header_of, make_challenge, proof_of, read_message, token_of
from protocols.http.ntlm_words import kind_words, message_lines
from protocols.http.parts import told_value
from protocols.http.request import Auth, Body, Request, Trust
from protocols.http.server.kinds import sandbox_server
from protocols.record.recorder import Recorder
from protocols.tls import lab_ca
from tests.peers import require_tool
from tests.protocols.http.peers import DEADLINE_S, read_head, says
from tests.protocols.http.server.sites import Site, running

GUIDO = Auth("ntlm", "guido", "guido456")
CHALLENGE = make_challenge("S", "D", b"\x01\x23\x45\x67\x89\xab\xcd\xef")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running(sandbox_server, model="epoll") as made:
        yield made


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(Recorder())
    made.start()
    yield made
    assert made.stop(10)


def sent(client: HttpClient, url: str, auth: Auth = GUIDO, **fields: object) -> Run:
    run = client.send(Request(url=url, auth=auth, **fields))  # type: ignore[arg-type]
    assert run.wait(DEADLINE_S)
    return run


def why(run: Run) -> str:
    assert run.failure is not None
    assert run.failure.symbol == "NTLM"
    return run.failure.why


def test_curl_is_let_in_with_the_right_password_alone(site: Site) -> None:
    curl, url = require_tool("curl"), f"http://127.0.0.1:{site.port}/ntlm"
    for user, status in (("guido:guido456", "200"), ("LAB\\guido:guido456", "200"), ("guido:no", "401"),
                         ("dave:guido456", "401")):  # fmt: skip
        told = subprocess.run([curl, "-s", "-o", "/dev/null", "-w", "%{http_code}", "--ntlm", "-u", user, url],
                              capture_output=True, text=True, timeout=DEADLINE_S, check=True)  # fmt: skip
        assert told.stdout == status, user


def test_the_client_is_let_in_over_one_connection(client: HttpClient, site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/ntlm"
    for user in ("guido", "LAB\\guido"):
        run = sent(client, url, Auth("ntlm", user, "guido456"), method="POST", body=Body("text", "all of it"))
        assert (run.failure, [hop.status for hop in run.exchanges]) == (None, [401, 401, 200])
        assert b"NTLM let guido in" in run.body.data
        assert len({hop.conn for hop in run.exchanges}) == 1
        assert all(hop.conn for hop in run.exchanges)
        lengths = [dict(hop.request)["Content-Length"] for hop in run.exchanges]
        assert lengths == ["9", "0", "9"]
    assert [hop.status for hop in sent(client, url, Auth("ntlm", "guido", "no")).exchanges] == [401, 401, 401]
    assert sent(client, url, Auth()).status == 401  # nobody else goes over a connection that is guido's


def test_over_tls_the_proof_is_bound_to_the_certificate(client: HttpClient) -> None:
    """RFC 5929 section 4; MS-NLMP section 2.2.2.1, pair 10."""
    with running(sandbox_server, model="threads", tls="good") as site:
        run = sent(client, f"https://127.0.0.1:{site.port}/ntlm", trust=Trust(ca=lab_ca().pem))
    assert (run.failure, [hop.status for hop in run.exchanges]) == (None, [401, 401, 200])
    assert run.exchanges[0].tls is not None
    said = b"tls-server-end-point:" + hashlib.sha256(run.exchanges[0].tls.chain[0]).digest()
    bound = hashlib.md5(bytes(16) + len(said).to_bytes(4, "little") + said, usedforsecurity=False).digest()
    token = token_of(dict(run.exchanges[2].request)["Authorization"])
    assert token is not None
    assert b"\x0a\0\x10\0" + bound in read_message(token).response


def test_each_message_is_told_and_the_proof_computed_again(client: HttpClient, site: Site) -> None:
    run = sent(client, f"http://127.0.0.1:{site.port}/ntlm")
    plain, first, third = ([(one.name, one.text) for one in identity_steps(hop, run.exchanges[:at], GUIDO)]
                           for at, hop in enumerate(run.exchanges))  # fmt: skip
    assert plain[0] == ("The server asks for NTLM", "NTLM")
    assert "message 3 comes next" in first[-1][1]
    assert {"  target": "LAB", "  server": "SANDBOX"}.items() <= dict(first).items()
    assert dict(third)["  user"] == "guido"
    assert dict(third)["Compared"] == "The proof sent is the one computed."
    wrong = identity_steps(run.exchanges[2], run.exchanges[:2], Auth("ntlm", "guido", "other"))
    assert wrong[-1].sign == "error"
    for secret in (b"guido456", "guido456".encode("utf-16-le")):
        assert not any(secret in base64.b64decode(dict(hop.request)["Authorization"][5:]) for hop in run.exchanges[1:])
    assert told_value("Authorization", dict(run.exchanges[1].request)["Authorization"]).startswith("Message 1")


def steps(*answers: bytes) -> Callable[[socket.socket], None]:
    """Play: one answer for each request on the one connection, then the end."""

    def play(sock: socket.socket) -> None:
        for said in answers:
            if not read_head(sock):
                return
            sock.sendall(said)

    return play


def asks(value: str, more: str = "") -> bytes:
    return f"HTTP/1.1 401 No\r\nWWW-Authenticate: {value}\r\n{more}Content-Length: 0\r\n\r\n".encode()


CUT = header_of(CHALLENGE[:20])
FAR = header_of(CHALLENGE[:16] + b"\xff\xff\xff\xff" + CHALLENGE[20:])
NAMES = header_of(CHALLENGE[:-6])


@pytest.mark.parametrize(("second", "words"), [
    (asks(CUT), "at least 32"), (asks("NTLM %%%"), "no base64"), (asks(FAR), "behind its end"),
    (asks("NTLM"), "no challenge"), (asks(NAMES), "behind its end"),
    (asks("NTLM TlRMTVNTUAABAAAAAAAAAAAAAAA="), "another message"),
    (asks(header_of(CHALLENGE), "Connection: close\r\n"), "one connection"),
    (asks(header_of(CHALLENGE[:20] + bytes(4) + CHALLENGE[24:])), ""),
    (asks("NTLM " + base64.b64encode(b"\0" * 60).decode()), "NTLMSSP"),
])  # fmt: skip
def test_a_wrong_challenge_ends_with_a_sentence(client: HttpClient, second: bytes, words: str) -> None:
    with says(steps(asks("NTLM"), second)) as port:
        run = sent(client, f"http://127.0.0.1:{port}/")
    assert words in why(run)
    assert why(run).endswith(".")


def test_a_server_that_asks_for_ever_or_goes_is_left(client: HttpClient) -> None:
    again = asks(header_of(CHALLENGE))
    with says(steps(asks("NTLM"), *[again] * 9)) as port:
        run = sent(client, f"http://127.0.0.1:{port}/")
    assert "another challenge" in why(run)
    assert len(run.exchanges) == 3
    with says(steps(asks("NTLM"), again)) as port:
        run = sent(client, f"http://127.0.0.1:{port}/")  # the connection ends without a word; another one would stand
    assert "one connection" in why(run)
    assert len({hop.conn for hop in run.exchanges if b"NTLM" in hop.sent.data}) == 1  # message 3 goes nowhere else


def test_a_server_that_stops_asking_gets_the_whole_request(client: HttpClient) -> None:
    yes = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    with says(steps(asks("NTLM"), f"{yes}none".encode(), f"{yes}full".encode())) as port:
        run = sent(client, f"http://127.0.0.1:{port}/", method="POST", body=Body("text", "all"))
    assert (run.failure, bytes(run.body.data)) == (None, b"full")
    assert [dict(hop.request)["Content-Length"] for hop in run.exchanges] == ["3", "0", "3"]
    assert "Authorization" not in dict(run.exchanges[2].request)


def test_what_can_not_be_is_said_before(client: HttpClient) -> None:
    for url, auth, version, words in (("ftp://127.0.0.1:1/", GUIDO, "auto", "http and https"),
                                      ("http://127.0.0.1:1/", GUIDO, "2", "HTTP/1.1"),
                                      ("http://127.0.0.1:1/", Auth("ntlm"), "auto", "needs a user")):  # fmt: skip
        run = sent(client, url, auth, version=version)
        assert run.failure is not None
        assert words in run.failure.why


def test_the_proof_is_that_of_the_standard() -> None:
    """MS-NLMP section 4.2.4: user User, domain Domain, password Password."""
    names = "02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000"
    about = bytes.fromhex("0101000000000000" + "00" * 8 + "aa" * 8 + "00000000" + names)
    message = read_message(CHALLENGE)
    message = replace(message, kind=3, user="User", domain="Domain", response=bytes(16) + about)
    assert proof_of(message, "Password", bytes.fromhex("0123456789abcdef")).hex() == "68cd0ab851e51c96aabc927bebef6a1c"


@limits(max_examples=80, deadline=None)
@given(st.binary(max_size=80) | st.builds(
    lambda at, data: CHALLENGE[:at] + data + CHALLENGE[at + len(data) :], st.integers(8, 150), st.binary(max_size=12)))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    value = header_of(data)
    if data:
        assert token_of(value) == data
    with contextlib.suppress(NtlmError):
        read_message(data)
    assert kind_words(value).endswith(".")
    assert message_lines(value, "x", [value])


def test_the_script_and_the_command_line_are_let_in(site: Site, tmp_path: Path) -> None:
    url, script = f"http://127.0.0.1:{site.port}/ntlm", tmp_path / "script.py"
    request = Request("POST", url, body=Body("text", "all of it"), auth=GUIDO)
    script.write_text(write_python(request, "http.client"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "-W", "error", str(script)], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)  # fmt: skip
    assert "NTLM let guido in" in done.stdout, done.stderr
    assert [line[:3] for line in done.stdout.splitlines() if line[:2] in ("40", "20")] == ["401", "401", "200"]
    assert "pyspnego" in problem(request, "pycurl")
    command = [sys.executable, "-m", "netlab_gui.cli", "http", "GET", url, "--ntlm", "--user", "LAB\\guido:guido456"]
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    answers = [one for one in map(json.loads, told.stdout.splitlines()) if one["kind"] == "response"]
    assert [one["detail"]["status"] for one in answers] == [401, 401, 200]
    assert "guido456" not in told.stdout
