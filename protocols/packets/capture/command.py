"""`netlab capture`: packets of one of the three levels, listed as they come. It must not know argparse, nor scapy."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocols.lab import Lab
from protocols.packets import bpf
from protocols.packets.capture.live import LiveCapture, Way
from protocols.packets.capture.wanted import Wanted
from protocols.packets.files.capture import Capture
from protocols.packets.listing import Listing
from protocols.packets.listing import Order as ListOrder
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.terminal import DONE, FAILED, Signals, say


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for; see `netlab capture --help`."""

    level: int
    interface: str
    rule: str
    seconds: float | None
    count: int | None
    path: str
    events: str
    command: tuple[str, ...]
    json: bool


def run(order: Order) -> int:
    """Capture; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    problem = bpf.problem(order.rule) if order.rule else ""
    if problem:
        say(f"The capture filter can't be used: {problem}.")
        return FAILED
    if order.command and shutil.which(order.command[0]) is None:
        say(f"There is no program {order.command[0]!r} to run in the private network.")
        return FAILED
    with _path(order.path) as path:
        try:
            if order.level == 0:
                return _reconstructed(order, path)
            if order.level == 1:
                return _private(order, path)
            return _real(order, path)
        except BrokenPipeError:
            raise
        except (OSError, ValueError, RuntimeError) as error:
            say(f"It could not be captured: {str(getattr(error, 'strerror', None) or error).rstrip('.')}.")
            _say_interfaces(order)
            return FAILED


def _say_interfaces(order: Order) -> None:
    """A name that no interface has is the likeliest mistake."""
    from protocols.packets.capture.interfaces import interfaces

    known = [one.name for one in interfaces()]
    if order.level == 2 and order.interface not in known:
        say(f"The interfaces here: {', '.join(known)}.")


@contextlib.contextmanager
def _path(wanted: str) -> Iterator[str]:
    """Where the packets are kept: the file asked for, or one that is gone afterwards."""
    if wanted:
        yield os.path.abspath(wanted)
        return
    with tempfile.TemporaryDirectory(prefix="netlab-capture-") as folder:
        yield str(Path(folder) / "captured.pcapng")


# Level 2


def _real(order: Order, path: str) -> int:
    from protocols.packets.levels import probe

    found = probe()
    if not found.ways:
        for more in found.levels[2].more:
            say(more.what)
            say(f"What helps: {more.command}")
        lower = "--level 1 has a private network of your own, " if found.highest == 1 else ""
        say(f"Without permission: {lower}--level 0 the lab's own traffic.")
        return FAILED
    with Lab() as lab:
        return _follow(lab, order, path, found.ways[0])


def _follow(lab: Lab, order: Order, path: str, way: Way, entering: Sequence[str] = (), interface: str = "",
            meanwhile: Callable[[], bool] | None = None) -> int:  # fmt: skip
    """Start, list while it runs, stop. meanwhile: called between looks; False ends it."""
    wanted = Wanted(path, interface or order.interface, order.rule, order.seconds, order.count,
                    promiscuous=bool(entering) and interface != "lo")  # fmt: skip
    live = LiveCapture(lab.recorder, wanted, way, entering=entering)
    with Signals() as signals:
        lab.start(live)
        with Capture(path, growing=True) as capture:
            listing = Listing(capture, ListOrder(path, form="json" if order.json else "text"), signals)
            listing.begin()
            while live.state == "running" and not signals.stopping():
                _read(capture, listing)
                if meanwhile is not None and not meanwhile():
                    break
                select.select([signals.wake.fileno()], [], [], 0.05)
            lab.stop(live, 20)
            _read(capture, listing)
            capture.finish()
            return _ended(live, listing, order)


def _read(capture: Capture, listing: Listing) -> None:
    while capture.more():
        listing.list_new()


def _ended(live: LiveCapture, listing: Listing, order: Order) -> int:
    counts = live.counts
    facts: dict[str, Any] = {"captured": counts.captured, "dropped": counts.dropped, "way": live.way,
                             "dropped_by_us": counts.dropped_by_us, "interface": live.wanted.interface,
                             "ended": counts.ended or "failed"}  # fmt: skip
    if order.path:
        facts["file"] = counts.path
    why = "" if counts.ended else "The capturing child ended too early."
    listing.end(why, **facts)
    packets = "1 packet" if counts.captured == 1 else f"{counts.captured} packets"
    say(f"{packets} captured, {counts.dropped} dropped by the kernel, "
        f"{counts.dropped_by_us} dropped by us.")  # fmt: skip
    if order.path:
        say(f"They are in {counts.path}.")
    return FAILED if why else DONE


# Level 1


def _private(order: Order, path: str) -> int:
    from protocols.packets.networks.network import NetworkForbidden, PrivateNetwork
    from protocols.packets.networks.plan import lan

    with Lab() as lab:
        network = PrivateNetwork(lab.recorder, () if order.command else lan(3))
        try:
            lab.start(network)
        except NetworkForbidden as error:
            say(error.refusal.why)
            if error.refusal.command:
                say(f"What helps: {error.refusal.command}")
            say("Without it: --level 0 has the lab's own traffic.")
            return FAILED
        meanwhile = _command(order, network) if order.command else _conversation(lab, network, order)
        try:
            return _follow(lab, order, path, "own", network.entering(), network.interfaces[0], meanwhile)
        finally:
            meanwhile(True)


def _command(order: Order, network: Any) -> Any:
    """Runs the program on the private loopback; False once it has ended."""
    started: list[subprocess.Popen[bytes]] = []

    def meanwhile(over: bool = False) -> bool:
        if not started and not over:
            environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
            started.append(subprocess.Popen([*network.entering(), *order.command], stdout=sys.stderr, env=environment))
        if started and over and started[0].poll() is None:
            started[0].terminate()
            started[0].wait()
        elif started and over and started[0].returncode:
            _say_status(order.command[0], started[0].returncode)
        return bool(started) and started[0].poll() is None

    return meanwhile


def _say_status(program: str, status: int) -> None:
    """A program that failed has perhaps said nothing itself, and then an empty capture has no reason."""
    by = f"with status {status}" if status > 0 else f"by signal {-status}"
    say(f"{program} ended {by}.")


def _conversation(lab: Lab, network: Any, order: Order) -> Any:
    """A ping, a TCP conversation and a broadcast between the hosts, once; then it ends unless a limit was given."""
    from protocols.packets.networks import hostjob

    steps = [
        lambda: hostjob.server(lab.recorder, network, "bob", "tcp"),
        lambda: hostjob.server(lab.recorder, network, "carol", "ear"),
        lambda: hostjob.ping(lab.recorder, network, "alice", "bob", 2),
        lambda: hostjob.client(lab.recorder, network, "alice", "bob", "hello from alice"),
        lambda: hostjob.shout(lab.recorder, network, "alice", "hello, everybody"),
    ]
    running: list[Any] = []

    def meanwhile(over: bool = False) -> bool:
        if over:
            return False
        last = running[-1] if running else None
        if last is not None and last.kind == "client" and last.state == "running":
            return True
        if len(running) < len(steps):
            running.append(steps[len(running)]())
            lab.start(running[-1])
            return True
        return order.seconds is not None or order.count is not None

    return meanwhile


# Level 0


def _reconstructed(order: Order, path: str) -> int:
    from protocols.packets.listing import run as list_file
    from protocols.packets.reconstruct.reconstruct import Reconstructor
    from protocols.packets.reconstruct.save import save

    made = Reconstructor()
    if order.events:
        events, epoch_ns = _events(order.events)
    else:
        events, epoch_ns = _demonstration()
    frames = made.feed(enumerate(event.raw() for event in events))
    with open(path, "wb") as file:
        save(frames, file, epoch_ns)
    if made.without_packets:
        say(f"{len(made.without_packets)} connections within this machine (UNIX sockets) have no packets.")
    if not order.json:
        say("Reconstructed from the calls of the lab's own sockets; not captured from a wire.")
    status = list_file(ListOrder(path, order.rule, order.count, form="json" if order.json else "text",
                                 passing=not order.path))  # fmt: skip
    if order.path:
        say(f"They are in {path}.")
    return status


def _events(place: str) -> tuple[list[Event], int]:
    from protocols.record.stream import LineReader

    with contextlib.ExitStack() as stack:
        try:
            file = sys.stdin.buffer if place == "-" else stack.enter_context(open(place, "rb"))
        except OSError as error:
            raise ValueError(f"{place} can't be read: {error.strerror}") from None
        reader = LineReader(file)
        events = list(reader)
    return events, reader.epoch_ns or 0


def _demonstration() -> tuple[list[Event], int]:
    """A TCP and a UDP conversation of the lab with itself."""
    import socket

    from protocols.concurrency.contract import HandlerSpec, Listen
    from protocols.concurrency.server import make_server
    from protocols.record.traced import traced_socket

    recorder = Recorder()
    tail = recorder.tail()
    for kind, sort in (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)):
        spec = HandlerSpec("protocols.packets.networks.jobs:handlers", {"kind": kind})
        server = make_server(recorder, spec, Listen("tcp" if kind == "tcp" else "udp"), name=kind, model="threads")
        server.start()
        try:
            with traced_socket(recorder, "client", type=sort) as sock:
                sock.settimeout(5)
                sock.connect(server.address)
                sock.send(b"hello, lab")
                sock.recv(100)
        finally:
            server.stop()
    return [Event.of(raw) for raw in tail.take()], recorder.epoch_ns
