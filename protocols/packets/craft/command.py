"""`netlab craft`: a packet from text, shown field by field, sent on demand. It must not know argparse or scapy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any, Final

from protocols.packets.capture.live import Way
from protocols.packets.craft import sender
from protocols.packets.craft.expression import ExpressionError, Stack, parse
from protocols.packets.craft.sender import Built, Outcome, build
from protocols.packets.craft.templates import TEMPLATES, filled, template
from protocols.packets.scapy_child.asking import PacketChild, PacketChildError
from protocols.packets.tree import lines as tree_lines
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.terminal import DONE, FAILED, JsonLines, say

MOST: Final = 1000
MOST_OTHERS: Final = 20
PATIENCE_S: Final = 60.0
"""All of scapy is loaded for the first answer."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for; see `netlab craft --help`."""

    expression: str
    template: str
    target: str
    port: int
    send: bool
    interface: str
    count: int
    rate: float
    wait_s: float
    private: bool
    json: bool


def run(order: Order) -> int:
    """Make it, show it, perhaps send it; the exit status."""
    if order.template == "?":
        for one in TEMPLATES:
            print(f"{one.id:<12} {filled(one, order.target, order.port)}")
        return DONE
    try:
        stack = parse(order.expression or filled(template(order.template), order.target, order.port))
    except (ExpressionError, ValueError) as error:
        say(_sentence(str(error)))
        return FAILED
    if order.private:
        return _privately(order, stack)
    return _do(order, stack, (), _way())


def _sentence(said: str) -> str:
    return f"{said.rstrip('.')}."


def _way() -> Way:
    from protocols.packets.capture.live import has_net_raw

    return "own" if has_net_raw() else "sudo"


def _privately(order: Order, stack: Stack) -> int:
    from protocols.packets.networks.network import NetworkForbidden, PrivateNetwork

    network = PrivateNetwork(Recorder(), ())
    try:
        network.start()
    except NetworkForbidden as error:
        say(error.refusal.why)
        if error.refusal.command:
            say(f"What helps: {error.refusal.command}")
        return FAILED
    try:
        return _do(order, stack, tuple(network.entering()), "own")
    finally:
        network.stop()


def _do(order: Order, stack: Stack, entering: tuple[str, ...], way: Way) -> int:
    from protocols.service.child import command

    child = PacketChild(argv=[*entering, *command()] if entering else None, patience_s=PATIENCE_S)
    recorder = Recorder()
    lines = JsonLines(recorder) if order.json else None
    try:
        built = build(child, stack, MOST)
        _show(built, stack, recorder, lines)
        if not order.send:
            return DONE
        how = sender.Order(order.interface, order.count, order.rate, order.wait_s, way, entering)
        outcome = sender.ask(Recorder(), child, built, how)
    except PacketChildError as error:
        say(_sentence(str(error)))
        return FAILED
    except OSError as error:
        return _refused(error, order.interface)
    finally:
        child.stop()
    return _told(outcome, recorder, lines)


def _refused(error: OSError, interface: str) -> int:
    from protocols.packets.capture.asking import own_command
    from protocols.packets.capture.interfaces import interfaces

    say(f"It could not be sent: {error.strerror or error}.")
    known = [one.name for one in interfaces()]
    if interface not in known:
        say(f"There is no interface {interface[:40]!r}; there are {', '.join(known)}.")
        return FAILED
    if isinstance(error, PermissionError) or error.errno == 5:
        as_root = f'"sudo {own_command()} craft .. --send"' if shutil.which("sudo") else "root's own shell"
        say(f"What helps: {as_root}, or --private, which needs no root.")
    return FAILED


def _show(built: Built, stack: Stack, recorder: Recorder, lines: JsonLines | None) -> None:
    if lines is None:
        print(stack.text())
        for line in tree_lines(built.tree):
            print(line)
        for number, data in enumerate(built.packets):
            print(f"{f'packet {number + 1}: ' if len(built.packets) > 1 else ''}{data.hex(' ')}")
        return
    for number, data in enumerate(built.packets, 1):
        detail: dict[str, Any] = {"number": number, "linktype": built.linktype, "expression": stack.text(),
                                  "origin": "crafted"}  # fmt: skip
        if number == 1:
            detail["layers"] = [
                {"name": layer.name, "fields": {one.name: one.value for one in layer.fields}} for layer in built.layers
            ]
        recorder.emit("packet", "crafted", built.tree.summary, size=len(data), data=data, detail=detail)
    lines.drain()


def _told(outcome: Outcome, recorder: Recorder, lines: JsonLines | None) -> int:
    answered = sum(one.answer is not None for one in outcome.exchanges)
    if lines is None:
        for number, one in enumerate(outcome.exchanges, 1):
            if one.answer is not None and one.rtt_us is not None:
                print(f"answer to packet {number} after {one.rtt_us / 1000:.3f} ms: {one.answer.summary}")
            else:
                print(f"no answer to packet {number}")
        for other in outcome.others[:MOST_OTHERS]:
            print(f"also heard: {other.summary}{' (sent by this kernel)' if other.by_kernel else ''}")
    else:
        for number, one in enumerate(outcome.exchanges, 1):
            detail: dict[str, Any] = {"number": number, "rtt_us": one.rtt_us, "origin": "captured"}
            if one.answer is not None:
                recorder.emit("packet", "answer", one.answer.summary, direction="in", size=len(one.answer.data),
                              data=one.answer.data, detail=detail, t=one.answer.t)  # fmt: skip
        summary = {
            "sent": outcome.sent,
            "answered": answered,
            "others": len(outcome.others),
            "why": outcome.why or None,
        }
        recorder.emit("note", "summary", f"{outcome.sent} sent, {answered} answered", detail=summary, t=monotonic_ns())
        lines.drain()
    if outcome.why:
        say(outcome.why)
        return FAILED
    return DONE
