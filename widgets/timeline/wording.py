"""How an event reads in a row: times, durations, places, errors. Text only.

It must not know Qt, fonts or colours: the delegate paints what these functions say.
Everything here takes hot-path tuples, for it runs only for rows that somebody sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from protocols.numbers import grouped
from protocols.record.event import Raw, detail_of

BLOCKED_FROM_NS: Final = 1_000_000
"""A wait shorter than this is a call's ordinary cost, not a wait worth a word."""
_CONTROL: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_CONTROL[0x0A] = "\u240a"
_BIDI: Final = dict.fromkeys((*range(8234, 8239), *range(8294, 8298), 8206, 8207, 1564), "�")
_VISIBLE: Final = _CONTROL | _BIDI


def visible(text: str) -> str:
    """Text from the network on one line: control and direction-changing characters become visible."""
    return text if text.isascii() and text.isprintable() else text.translate(_VISIBLE)


def milliseconds(ns: int) -> str:
    """A time in ms with three digits after the point and thin spaces between thousands."""
    sign = "\u2212" if ns < 0 else ""
    micro = (abs(ns) + 500) // 1000
    return f"{sign}{grouped(micro // 1000)}.{micro % 1000:03d}"


def duration(ns: int) -> str:
    """A duration with the unit that fits, two or three digits."""
    if ns < 1_000:
        return f"{ns / 1000:.1f} µs"
    if ns < 1_000_000:
        return f"{ns // 1000} µs"
    if ns < 10_000_000:
        return f"{ns / 1e6:.2f} ms"
    if ns < 1_000_000_000:
        return f"{ns / 1e6:.0f} ms"
    if ns < 10_000_000_000:
        return f"{ns / 1e9:.2f} s"
    return f"{ns / 1e9:.1f} s" if ns < 600_000_000_000 else f"{ns / 60e9:.0f} min"


def where(raw: Raw) -> tuple[str, str]:
    """Who it was, and which connection as the lesser word: ("client 3", "conn 3")."""
    service, conn = raw[3], raw[4]
    if service is None:
        return (f"conn {conn}", "") if conn else ("lab", "")
    return visible(service), f"conn {conn}" if conn else ""


def what(raw: Raw) -> str:
    """The one line that says what happened."""
    return visible(raw[9]) or (f"{raw[2]}()" if raw[1] == "call" else "")


def error_of(raw: Raw) -> str | None:
    """The symbol of the error that this event tells, or None."""
    detail = raw[10]
    if detail is None:
        return None
    if isinstance(detail, tuple):
        names = detail[0]
        if "errno" not in names:
            return None
        found = detail[names.index("errno") + 1]
    else:
        found = detail.get("errno")
    return str(found) if found is not None else None


def what_parts(raw: Raw) -> tuple[str, str, str]:
    """What happened in three parts; the middle one is the error's symbol (empty: no error)."""
    text, errno = what(raw), error_of(raw)
    if errno is None or (raw[1] == "note" and errno not in text):
        return text, "", ""
    before, found, after = text.partition(errno)
    if found:
        return before, errno, after
    return (f"{text}  " if text else ""), errno, ""


def took(raw: Raw) -> tuple[str, bool]:
    """The last column: how long it took or where it is known from, and whether that is an origin (a chip)."""
    layer = raw[1]
    detail = detail_of(raw)
    if layer == "packet":
        return str(detail.get("origin", "")), True
    if layer == "state":
        # "gone from the kernel's table": the inspector says from where, here is room for the word.
        source = str(detail.get("source", "")).partition(" from ")[0]
        return source, source == "inferred"
    if layer == "message":
        return _message_note(detail), False
    blocked, spent = waited_ns(raw[2], detail), detail.get("took_ns")
    if blocked:
        return f"blocked {duration(blocked)}", False
    if isinstance(spent, int):
        return duration(spent), False
    return ("TLS plaintext", True) if detail.get("tls") else ("", False)


def waited_ns(kind: str, detail: Mapping[str, Any]) -> int:
    """How long a call was blocked, 0 for no wait worth a word: as told, or the time that a passive call took."""
    told = detail.get("blocked_ns")
    if told is None and (kind == "accept" or kind.startswith("recv")):
        told = detail.get("took_ns")
    return told if isinstance(told, int) and told >= BLOCKED_FROM_NS else 0


def _message_note(detail: Mapping[str, Any]) -> str:
    for name in ("framing", "unit", "note"):
        if detail.get(name):
            return str(detail[name])
    return ""


def row_text(raw: Raw, zero_ns: int) -> str:
    """A whole row as tab-separated text, for the clipboard."""
    place, conn = where(raw)
    size = "" if raw[7] is None else str(raw[7])
    cells = (
        f"{(raw[0] - zero_ns) / 1e6:.3f}", raw[1], place, conn, raw[5] or "", raw[2], what(raw), size,
        took(raw)[0], error_of(raw) or "",
    )  # fmt: skip
    return "\t".join(cells)


def tool_tip(raw: Raw) -> str:
    """Everything a cell may have had to cut, one fact a line."""
    detail = detail_of(raw)
    lines = [f"{raw[2]}: {what(raw)}"]
    if detail.get("why"):
        lines.append(visible(str(detail["why"])))
    facts = [" ".join(part for part in where(raw) if part)]
    facts += [f"{name} {visible(str(detail[name]))}" for name in ("thread", "fd") if name in detail]
    if raw[7] is not None:
        facts.append(f"{grouped(raw[7])} byte{'' if raw[7] == 1 else 's'}")
    last = str(detail.get("source", "")) if raw[1] == "state" else took(raw)[0]
    if last:
        facts.append(visible(last))
    lines.append(", ".join(facts))
    return "\n".join(lines)


_SHORT: Final = frozenset(("send", "sendall", "sendto", "sendmsg", "connect", "close", "shutdown", "accept"))


def ladder_text(raw: Raw) -> str:
    """A call as it stands on an arrow: short, for the payload is in the inspector."""
    kind, size = raw[2], raw[7]
    if raw[1] == "note":
        return visible(raw[2])
    if raw[1] != "call":
        return visible(raw[9]) or raw[2]
    if kind in _SHORT and kind.startswith("send"):
        return f"{kind}({size})" if size is not None else f"{kind}()"
    text = what(raw)
    if kind == "connect":
        return "connect()"
    if kind == "accept":
        fd = detail_of(raw).get("result")
        return f"accept() = fd {fd}" if isinstance(fd, int) else "accept()"
    if kind.startswith("recv") and " from " in text:
        return f"{kind}() = {size}"
    if text.endswith("end of stream"):
        return f"{kind}() = 0, end of stream"
    return text.partition(f" = {error_of(raw)}")[0] if error_of(raw) else text


def plain_tip(text: str) -> str:
    """A text for a tool tip, which Qt would else take for rich text where it looks like it."""
    if "<" not in text and "&" not in text:
        return text
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br/>")
    return f"<span>{safe}</span>"
