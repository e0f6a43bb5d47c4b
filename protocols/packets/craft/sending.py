"""The sending child: puts raw packets on an interface and hears what comes back. It has the privilege; nobody else.

Runs by `protocols.service.childmain`, perhaps behind sudo or pkexec, or on a host of a private network. One job is
one volley: it opens its sockets, gives its rights up, sends, listens a while and ends. It must not know scapy.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from typing import Any, Final

from protocols.packets import bpf
from protocols.packets.capture.dropping import give_up
from protocols.packets.capture.wanted import LOOPBACK
from protocols.pcapng import ETHERNET, RAW_IP
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.service.childmain import Job

FRAME: Final = "frame"
SENT: Final = "volley sent"
MOST_HEARD: Final = 2000
_SOL_PACKET: Final = 263
_IGNORE_OUTGOING: Final = 23
_ETH_P_ALL: Final = 3
_ATTACH_FILTER: Final = 26
_HDRINCL_6: Final = 36
_OUTGOING: Final = 4
_TIMESTAMP_NS: Final = 35
_READ: Final = 1 << 18


class Volley:
    """Sends and hears. params: packets (hex), linktype, interface, count (times all of them), rate (a second, 0 at
    once), wait_s (how long answers are heard after the last), rule (which frames are heard).
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        params = job.params
        self.packets = [bytes.fromhex(one) for one in params["packets"]]
        self.raw_ip = int(params["linktype"]) != ETHERNET
        self.interface = str(params.get("interface") or LOOPBACK)
        self.count = max(int(params.get("count", 1)), 1)
        self.rate = float(params.get("rate", 0))
        self.wait_s = float(params.get("wait_s", 1.0))
        self.wanted = int(params.get("answers", 0))
        self.ears = self._listening(str(params.get("rule", "")))
        self.senders = self._senders()
        give_up()
        self.heard = 0
        self.sent = 0
        self.failed: OSError | None = None

    def _listening(self, rule: str) -> socket.socket:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        program = bpf.compiled(rule) if bpf.available() else b""
        if program:
            held = ctypes.create_string_buffer(program, len(program))
            packed = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
            sock.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, packed)
        if self.interface == LOOPBACK:
            sock.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMP_NS, 1)
        sock.bind((self.interface, _ETH_P_ALL))
        sock.setblocking(False)
        return sock

    def _senders(self) -> dict[int, socket.socket]:
        """By IP version, or 0 for frames as they are."""
        if not self.raw_ip:
            frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            frames.bind((self.interface, 0))
            return {0: frames}
        found: dict[int, socket.socket] = {}
        for version in {data[0] >> 4 for data in self.packets if data}:
            family = socket.AF_INET6 if version == 6 else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
            if version == 6:
                sock.setsockopt(socket.IPPROTO_IPV6, _HDRINCL_6, 1)
            else:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            found[version] = sock
        return found

    def run(self) -> None:
        """The whole volley."""
        self.job.ready(interface=self.interface)
        poller = polling.poll()
        poller.register(self.ears.fileno(), polling.POLLIN)
        poller.register(self.job.commands.fileno(), polling.POLLIN)
        pause = 1 / self.rate if self.rate > 0 else 0.0
        due = time.monotonic()
        for _ in range(self.count):
            for number, packet in enumerate(self.packets):
                if pause and not self._hear(poller, due):
                    return self._end("stopped")
                self._send(number, packet)
                if self.failed is not None:
                    return self._end("failed")
                due += pause
        self._hear(poller, time.monotonic() + self.wait_s, patient=True)
        return self._end("done")

    def _send(self, number: int, packet: bytes) -> None:
        version = packet[0] >> 4 if self.raw_ip and packet else 0
        t = monotonic_ns()
        try:
            if not self.raw_ip:
                self.senders[0].send(packet)
            elif version == 6:
                self.senders[6].sendto(packet, (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0))
            else:
                self.senders[version].sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
        except OSError as error:
            self.failed = error
            return
        self.sent += 1
        if self.sent <= MOST_HEARD:
            self._tell("out", packet, t, number)

    def _hear(self, poller: polling.Poller, until: float, *, patient: bool = False) -> bool:
        """Take what comes until a moment; False when told to end. patient: more than what is due is waited for."""
        while True:
            left = until - time.monotonic()
            for fd, _ in poller.poll(max(left, 0) * 1000):
                if fd == self.ears.fileno():
                    self._take()
                elif self.job.commands.read() is None:
                    return False
            enough = patient and self.wanted and self.heard >= self.wanted
            if enough:
                until, patient = min(until, time.monotonic() + 0.05), False  # what comes close behind belongs to it
            if left <= 0:
                return True

    def _take(self) -> None:
        while True:
            try:
                data, ancillary, _, address = self.ears.recvmsg(_READ, 128)
            except BlockingIOError:
                return
            if self._own(data):
                continue
            if self.heard < MOST_HEARD:
                self.heard += 1
                self._tell("in", data, _stamp(ancillary), None, by_kernel=address[2] == _OUTGOING)

    def _own(self, frame: bytes) -> bool:
        """What was sent is heard, too; the kernel may have filled in its id and checksum."""
        if not self.raw_ip:
            return frame in self.packets
        inner = frame[14:]
        return any(inner[20:] == packet[20:] and inner[16:20] == packet[16:20] for packet in self.packets) and bool(
            inner
        )

    def _tell(self, direction: Any, data: bytes, t: int, number: int | None, *, by_kernel: bool = False) -> None:
        """by_kernel: this machine's kernel sent it by itself."""
        detail: dict[str, Any] = {"origin": "captured" if direction == "in" else "sent", "number": number}
        detail |= {"interface": self.interface, "by_kernel": by_kernel or None}
        detail["linktype"] = ETHERNET if direction == "in" or not self.raw_ip else RAW_IP
        text = f"{len(data)} bytes {'sent' if direction == 'out' else 'heard'} on {self.interface}"
        self.job.recorder.emit(
            "packet", FRAME, text, direction=direction, size=len(data), data=data, t=t, detail=detail
        )

    def _end(self, why: str) -> None:
        detail: dict[str, Any] = {"sent": self.sent, "heard": self.heard, "why_ended": why}
        if self.failed is not None:
            detail |= {"number": self.failed.errno, "text": self.failed.strerror}
        self.job.recorder.note(SENT, f"{self.sent} packets sent, {self.heard} heard", **detail)
        self.ears.close()
        for sock in self.senders.values():
            sock.close()


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    """When the kernel took the frame, on the monotonic clock."""
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP_NS and len(value) >= 16:
            seconds, nanoseconds = struct.unpack_from("@qq", value)
            return int(seconds * 1_000_000_000 + nanoseconds - (time.time_ns() - monotonic_ns()))
    return monotonic_ns()


def run(job: Job) -> None:
    """The child's job."""
    Volley(job).run()
