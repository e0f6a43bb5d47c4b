"""`netlab ping` and `netlab traceroute`: a line or an event for each answer. It must not know argparse."""

from __future__ import annotations

import select
import socket

from protocols.packets.reach.ping import Echo, Pinger, pings, summary, text_of, told, way_text
from protocols.packets.reach.traceroute import text_of as hop_text
from protocols.packets.reach.traceroute import trace
from protocols.record.recorder import Recorder
from protocols.terminal import DONE, FAILED, JsonLines, Signals, fail, say


def ping(host: str, count: int, interval_s: float, timeout_s: float, size: int, *, json: bool) -> int:
    """Ping, and say by which way; the exit status."""
    recorder = Recorder()
    lines = JsonLines(recorder) if json else None
    try:
        pinger = Pinger(host, size=size)
    except socket.gaierror as error:
        return _unknown(host, error)
    except OSError as error:
        return fail(error, "socket", host, "icmp")
    echoes: list[Echo] = []
    with pinger, Signals() as signals:
        if lines is not None:
            lines.first("pinging", f"{pinger.address} {way_text(pinger.way)}", address=pinger.address, way=pinger.way)
        else:
            print(f"{host} ({pinger.address}) {way_text(pinger.way)}", flush=True)

        def pause(seconds: float) -> bool:
            select.select([signals.wake.fileno()], [], [], seconds)
            return not signals.stopping()

        try:
            for echo in pings(pinger, count, interval_s, timeout_s, pause):
                echoes.append(echo)
                told(recorder, pinger, echo, "ping")
                if lines is not None:
                    lines.drain()
                else:
                    print(text_of(echo, pinger), flush=True)
        except OSError as error:
            return fail(error, "send", (pinger.address, 0), "icmp")
    if lines is None and echoes:
        print(f"{summary(echoes)}.", flush=True)
    return DONE if any(echo.what == "reply" for echo in echoes) else FAILED


def traceroute(host: str, hops: int, timeout_s: float, *, json: bool) -> int:
    """Trace, hop by hop; the exit status."""
    recorder = Recorder()
    lines = JsonLines(recorder) if json else None
    arrived = False
    try:
        for hop in trace(host, most=hops, timeout_s=timeout_s):
            arrived = arrived or hop.arrived
            if lines is None:
                print(hop_text(hop), flush=True)
                continue
            detail = {"hops": hop.hops, "by": hop.address or None, "rtts_us": list(hop.rtts_us), "what": hop.what,
                      "arrived": hop.arrived}  # fmt: skip
            recorder.emit("message", "hop", hop_text(hop), service="traceroute", detail=detail)
            lines.drain()
    except socket.gaierror as error:
        return _unknown(host, error)
    except OSError as error:
        return fail(error, "sendto", (host, 0), "udp")
    return DONE if arrived else FAILED


def _unknown(host: str, error: socket.gaierror) -> int:
    say(f"{host} has no address: {error.strerror}.")
    return FAILED
