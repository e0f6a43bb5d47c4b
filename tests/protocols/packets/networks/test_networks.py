"""Private networks without privilege: hosts on a switch, routers in a row, everything captured, nothing left."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from pathlib import Path

import pytest

from protocols.packets.capture.live import LiveCapture
from protocols.packets.capture.wanted import Wanted
from protocols.packets.networks import hostjob
from protocols.packets.networks.forbidden import explained
from protocols.packets.networks.network import NetworkForbidden, PrivateNetwork, possible
from protocols.packets.networks.plan import lan, of_params, routed
from protocols.record.recorder import Recorder
from tests import ordinary
from tests.peers import require_tool
from tests.protocols.sockets.ends import Log

DEADLINE_S = 30.0


@pytest.fixture(autouse=True)
def allowed() -> None:
    """Private networks; a machine that forbids them can't show that they work."""
    refusal = possible()
    if refusal is not None:
        pytest.skip(f"no private network here: {refusal.why}")


def shown(path: str, *words: str) -> list[str]:
    done = subprocess.run(
        [require_tool("tshark"), "-n", "-r", path, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_one_broadcast_reaches_three_listeners_and_crosses_the_switch_once(tmp_path: Path) -> None:
    recorder = Recorder()
    log = Log(recorder)
    network = PrivateNetwork(recorder, lan(4))
    network.start()
    path = str(tmp_path / "switch.pcapng")
    wanted = Wanted(path, interface="br0", rule="udp port 7000", promiscuous=True)
    capture = LiveCapture(recorder, wanted, "own", entering=network.entering())
    capture.start()
    ears = [hostjob.server(recorder, network, name, "ear") for name in ("bob", "carol", "dave")]
    for ear in ears:
        ear.start()
    shout = hostjob.shout(recorder, network, "alice", "hear me")
    shout.start()
    heard = log.wait(lambda event: event.kind == "recvfrom" and event.data == b"hear me", 3)
    assert {event.service for event in heard} == {f"{name}, ear:7000" for name in ("bob", "carol", "dave")}
    assert {event.detail["peer"][0] for event in heard} == {"10.77.0.1"}
    assert shout.join(20)
    for service in (*ears, capture, network):
        assert service.stop(20)
    assert len(shown(path)) == 1


def test_a_conversation_of_two_hosts_is_captured_whole_at_the_switch(tmp_path: Path) -> None:
    recorder = Recorder()
    log = Log(recorder)
    network = PrivateNetwork(recorder, lan(2))
    network.start()
    path = str(tmp_path / "talk.pcapng")
    wanted = Wanted(path, interface="br0", rule="tcp port 7000", promiscuous=True)
    capture = LiveCapture(recorder, wanted, "own", entering=network.entering())
    capture.start()
    server = hostjob.server(recorder, network, "bob", "tcp")
    server.start()
    client = hostjob.client(recorder, network, "alice", "bob", "hello, bob")
    client.start()
    answer = log.wait(lambda event: event.kind == "recv" and event.service == "alice, client" and event.size == 10)
    assert answer[0].data == b"HELLO, BOB"
    assert client.join(20)
    for service in (server, capture, network):
        assert service.stop(20)
    calls = [event for event in log.all() if event.layer == "call" and event.size]
    assert {event.conn for event in calls} == {answer[0].conn}, "both hosts know the connection by one id"
    flags = shown(path, "-T", "fields", "-e", "tcp.flags", "-e", "tcp.len")
    assert [line.split()[0] for line in flags[:3]] == ["0x0002", "0x0012", "0x0010"]
    assert sum(int(line.split()[1]) for line in flags) == 20


def test_a_ping_crosses_a_wire_and_a_datagram_hops_through_three_routers() -> None:
    """The TTL is 64 at the start and 61 behind three routers."""
    recorder = Recorder()
    log = Log(recorder)
    network = PrivateNetwork(recorder, routed(3))
    network.start()
    ping = hostjob.ping(recorder, network, "alice", "bob", 1)
    ping.start()
    echo = log.wait_kind("echo")[0]
    assert (echo.detail["what"], echo.detail["ttl"], echo.detail["way"]) == ("reply", 61, "datagram")
    trace = hostjob.trace(recorder, network, "alice", "bob")
    trace.start()
    hops = log.wait_kind("hop", 4)
    assert [hop.detail["by"] for hop in hops] == ["10.77.0.254", "10.77.1.254", "10.77.2.254", "10.77.3.1"]
    assert [hop.detail["arrived"] for hop in hops] == [False, False, False, True]
    for service in (ping, trace):
        assert service.join(20)
    assert network.stop(20)


def test_nothing_is_left_of_a_network_that_was_stopped() -> None:
    network = PrivateNetwork(Recorder(), lan(3))
    network.start()
    pids = [network.hub, *(host.pid for host in network.hosts)]
    assert len(set(pids)) == 4
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    assert network.stop(20)
    end = time.monotonic() + DEADLINE_S
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.01)


_AS_NOBODY = """
import os, sys
from protocols.record.recorder import Recorder
from protocols.packets.capture.live import LiveCapture
from protocols.packets.capture.wanted import Wanted
from protocols.packets.networks import hostjob
from protocols.packets.networks.network import PrivateNetwork
from protocols.packets.networks.plan import lan
assert os.getuid() != 0
recorder = Recorder()
network = PrivateNetwork(recorder, lan(2))
network.start()
capture = LiveCapture(recorder, Wanted(sys.argv[1], interface="br0", promiscuous=True), entering=network.entering())
capture.start()
ping = hostjob.ping(recorder, network, "alice", "bob", 2)
ping.start()
assert ping.join(30)
assert capture.stop(20) and network.stop(20)
print(capture.counts.captured, capture.counts.dropped)
"""


def test_an_ordinary_user_has_a_network_and_captures_on_it() -> None:
    folder = ordinary.folder()
    try:
        path = folder / "mine.pcapng"
        done = subprocess.run(
            ordinary.argv(sys.executable, "-c", _AS_NOBODY, str(path)),
            capture_output=True,
            text=True,
            env=ordinary.environment(folder),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        captured, dropped = done.stdout.split()
        assert dropped == "0"
        assert int(captured) >= 4
        assert len(shown(str(path), "icmp")) == 4
        path.unlink()
    finally:
        folder.rmdir()


_FORBIDDEN = """
from protocols.record.recorder import Recorder
from protocols.packets.networks.network import NetworkForbidden, PrivateNetwork
try:
    PrivateNetwork(Recorder()).start()
except NetworkForbidden as error:
    print(error.errno, error.refusal.setting, error.refusal.command, sep="|")
"""


def test_where_namespaces_are_forbidden_the_setting_is_named() -> None:
    """A nested user namespace in which none may be made: what an administrator's sysctl does."""
    unshare = require_tool("unshare")
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    done = subprocess.run(
        [unshare, "-Ur", "sh", "-c", script, "sh", sys.executable, "-c", _FORBIDDEN],
        capture_output=True,
        text=True,
        env=ordinary.environment(),
        check=False,
    )
    assert done.stdout.strip() == (
        f"{errno.ENOSPC}|user.max_user_namespaces|sudo sysctl -w user.max_user_namespaces=15000"
    ), done.stderr


def test_the_error_of_a_forbidden_network_reaches_who_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    network = PrivateNetwork(Recorder(), lan(1))
    network.child._argv[:0] = [
        require_tool("unshare"),
        "-Ur",
        "sh",
        "-c",
        'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
        "sh",
    ]
    with pytest.raises(NetworkForbidden) as caught:
        network.start()
    assert caught.value.refusal.setting == "user.max_user_namespaces"


@pytest.mark.parametrize(
    ("settings", "number", "step", "named"),
    [
        ({"kernel/unprivileged_userns_clone": "0"}, errno.EPERM, "unshare", "kernel.unprivileged_userns_clone"),
        ({"user/max_user_namespaces": "0"}, errno.ENOSPC, "unshare", "user.max_user_namespaces"),
        ({"user/max_net_namespaces": "0"}, errno.ENOSPC, "unshare", "user.max_net_namespaces"),
        (
            {"kernel/apparmor_restrict_unprivileged_userns": "1"},
            errno.EACCES,
            "uid_map",
            "kernel.apparmor_restrict_unprivileged_userns",
        ),
        ({}, errno.EPERM, "unshare", ""),
        ({}, errno.EINVAL, "unshare", ""),
        ({}, errno.EUSERS, "unshare", ""),
        ({}, errno.EIO, "uid_map", ""),
    ],
)
def test_each_refusal_names_its_setting(
    settings: dict[str, str], number: int, step: str, named: str, tmp_path: Path
) -> None:
    for name, value in settings.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)
    status = tmp_path / "status"
    status.write_text("Seccomp:\t0\n")
    refusal = explained(number, step, tmp_path, status)
    assert refusal.setting == named
    assert refusal.why.endswith((".", ").")) or named
    assert (f"sysctl -w {named}=" in refusal.command) is bool(named)


def test_a_seccomp_filter_is_named(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tx\nSeccomp:\t2\n")
    assert explained(errno.EPERM, "unshare", tmp_path, status).setting == "seccomp"


def test_plans_travel_as_json() -> None:
    for plan in (lan(8), routed(6)):
        assert of_params([host.params() for host in plan]) == plan
    for wrong in (lambda: lan(9), lambda: routed(0)):
        with pytest.raises(ValueError, match="has"):
            wrong()
