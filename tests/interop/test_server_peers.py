"""Foreign clients against every model: socat, ncat over IPv4, IPv6 and UNIX sockets, openssl s_client."""

from __future__ import annotations

import os
import subprocess

import pytest

from protocols.concurrency.contract import Listen, ServerTLS
from protocols.tls import lab_ca
from tests.peers import answered, require_tool
from tests.protocols.concurrency.bench import STREAM_MODELS, running

UNIX_MODELS = STREAM_MODELS
DATAGRAM_MODELS = ["iterative", "threads", "socketserver", "socketserver-threading", "socketserver-forking"]
TEXT = b"hello, world\n" + b"x" * 20_000 + b"\nthe end\n"


def said(words, text=TEXT, timeout_s=60):
    """What a foreign program prints when it is given `text`; it must end by itself, well."""
    done = subprocess.run(words, input=text, capture_output=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_socat_over_tcp(model):
    socat = require_tool("socat")
    with running(model) as (server, log):
        assert said([socat, "-t10", "-", f"TCP:127.0.0.1:{server.address[1]}"]) == TEXT
        log.wait("connection ended")


@pytest.mark.parametrize("model", STREAM_MODELS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_ncat_over_ipv4_and_ipv6(model, host):
    ncat = require_tool("ncat")
    with running(model, listen=Listen(host=host)) as (server, log):
        way = "-6" if ":" in host else "-4"
        assert said([ncat, way, host, str(server.address[1])]) == TEXT
        log.wait("connection ended")


@pytest.mark.parametrize("model", UNIX_MODELS)
def test_ncat_and_socat_over_unix_sockets(model, tmp_path):
    ncat, socat = require_tool("ncat"), require_tool("socat")
    path = str(tmp_path / "echo")
    with running(model, listen=Listen(transport="unix", path=path)) as (_, log):
        assert said([ncat, "-U", path]) == TEXT
        assert said([socat, "-t10", "-", f"UNIX-CONNECT:{path}"]) == TEXT
        log.wait("connection ended", 2)


@pytest.mark.parametrize("model", [name for name in STREAM_MODELS if name not in ("asyncio",) and "server" not in name])
def test_socat_over_unix_sequenced_packets(model, tmp_path):
    socat = require_tool("socat")
    path = str(tmp_path / "packets")
    with running(model, listen=Listen(transport="unix-seqpacket", path=path)) as (_, log):
        assert said([socat, "-t10", "-", f"UNIX-CONNECT:{path},type=5"], b"one record") == b"one record"
        log.wait("connection ended")


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_socat_over_an_abstract_unix_socket(model):
    socat = require_tool("socat")
    name = f"netlab-test-{os.getpid()}-{model}"
    with running(model, listen=Listen(transport="unix", path=f"@{name}")) as (_, log):
        assert said([socat, "-t10", "-", f"ABSTRACT-CONNECT:{name}"]) == TEXT
        log.wait("connection ended")


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_openssl_s_client_verifies_the_certificate_and_is_echoed(model):
    openssl = require_tool("openssl")
    tls = ServerTLS(pem=lab_ca().issue(["localhost"]))
    ca = lab_ca().path()
    text = b"a line through TLS\n"
    try:
        with running(model, "faulty", tls=tls) as (server, log):
            words = [openssl, "s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost",
                     "-CAfile", str(ca), "-connect", f"127.0.0.1:{server.address[1]}"]  # fmt: skip
            assert said(words, b"bye, " + text) == b"bye, " + text
            assert log.wait("handshake")[0].detail["version"] == "TLSv1.3"
    finally:
        lab_ca().remove_file()


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_ncat_with_tls(model):
    ncat = require_tool("ncat")
    tls = ServerTLS(pem=lab_ca().issue(["localhost"]))
    with running(model, "faulty", tls=tls) as (server, _):
        assert said([ncat, "--ssl", "127.0.0.1", str(server.address[1])], b"bye") == b"bye"


@pytest.mark.parametrize("model", DATAGRAM_MODELS)
def test_socat_over_udp_and_unix_datagrams(model, tmp_path):
    socat = require_tool("socat")
    with running(model, "upper_datagrams", Listen(transport="udp")) as (server, log):
        address = f"UDP:127.0.0.1:{server.address[1]}"
        assert answered([socat, "-", address], b"hello", 5) == b"HELLO"
        log.wait("datagram", 2)
    path, back = str(tmp_path / "server"), str(tmp_path / "client")
    with running(model, "upper_datagrams", Listen(transport="unix-dgram", path=path)):
        assert answered([socat, "-", f"UNIX-SENDTO:{path},bind={back}"], b"hello", 5) == b"HELLO"
