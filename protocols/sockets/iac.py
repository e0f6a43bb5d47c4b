"""Telnet's commands in a stream of bytes: found, named, told from the text (RFC 854, RFC 855).

Bytes in, items out; fed in any pieces. It must not know sockets, nor answer anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

IAC: Final = 255
SB: Final = 250
SE: Final = 240
LIMIT_BYTES: Final = 8192
"""A subnegotiation longer than this is cut: a peer must not fill our memory."""

COMMANDS: Final[dict[int, str]] = {
    236: "EOF", 237: "SUSP", 238: "ABORT", 239: "EOR", 240: "SE", 241: "NOP", 242: "DM", 243: "BRK", 244: "IP",
    245: "AO", 246: "AYT", 247: "EC", 248: "EL", 249: "GA", 250: "SB", 251: "WILL", 252: "WONT", 253: "DO",
    254: "DONT", 255: "IAC",
}  # fmt: skip
OPTIONS: Final[dict[int, str]] = {
    0: "BINARY", 1: "ECHO", 3: "SGA", 5: "STATUS", 6: "TM", 10: "NAOCRD", 17: "XASCII", 18: "LOGOUT", 23: "SNDLOC",
    24: "TTYPE", 25: "EOR", 31: "NAWS", 32: "TSPEED", 33: "LFLOW", 34: "LINEMODE", 35: "XDISPLOC", 36: "OLD_ENVIRON",
    37: "AUTHENTICATION", 38: "ENCRYPT", 39: "NEW_ENVIRON", 42: "CHARSET", 44: "COM_PORT_OPTION", 46: "TLS",
    69: "MSDP", 70: "MSSP", 85: "MCCP", 86: "MCCP2", 87: "MCCP3", 91: "MXP", 93: "ZMP", 200: "ATCP", 201: "GMCP",
}  # fmt: skip
"""Numbers from IANA's "Telnet Options", and what games use."""
MEANINGS: Final[dict[str, str]] = {
    "BINARY": "8-bit bytes", "ECHO": "the server shows what is typed", "SGA": "no turn taking: both may talk",
    "STATUS": "tell which options hold", "TTYPE": "the kind of terminal", "NAWS": "the size of the window",
    "TSPEED": "the speed of the line", "LFLOW": "flow control from afar", "LINEMODE": "whole lines, edited locally",
    "XDISPLOC": "the X display", "NEW_ENVIRON": "environment variables", "CHARSET": "the character set",
    "EOR": "marks the end of a record", "TM": "tell when this point is reached", "MCCP2": "compression",
}  # fmt: skip
_VERBS: Final = {251: "offers", 252: "refuses", 253: "asks the other to do", 254: "asks the other not to do"}


@dataclass(frozen=True, slots=True)
class Command:
    """One telnet command. text: "IAC DO ECHO". raw: its bytes. meaning: a sentence."""

    text: str
    raw: bytes
    meaning: str = ""


class IacDecoder:
    """Takes one direction's bytes; gives commands, and text with IAC IAC made one byte."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._text = bytearray()

    def feed(self, data: bytes) -> list[Command | bytes]:
        """The items that are complete now, in order."""
        found: list[Command | bytes] = []
        for byte in data:
            self._take(byte, found)
        self._flush(found)
        return found

    def _flush(self, found: list[Command | bytes]) -> None:
        if self._text:
            found.append(bytes(self._text))
            self._text.clear()

    def _take(self, byte: int, found: list[Command | bytes]) -> None:
        raw = self._raw
        if not raw:
            (raw if byte == IAC else self._text).append(byte)
            return
        raw.append(byte)
        if len(raw) == 2 and byte == IAC:
            self._text.append(IAC)
            raw.clear()
        elif self._complete():
            self._flush(found)
            found.append(_command(bytes(raw)))
            raw.clear()
        elif len(raw) > LIMIT_BYTES:
            del raw[LIMIT_BYTES // 2 :]

    def _complete(self) -> bool:
        raw = self._raw
        if raw[1] == SB:
            return _subnegotiation_ends(raw)
        return len(raw) == (3 if raw[1] in _VERBS else 2)


def _subnegotiation_ends(raw: bytearray) -> bool:
    """IAC SE, whose IAC is not itself the second of a doubled one."""
    if len(raw) < 5 or raw[-1] != SE or raw[-2] != IAC:
        return False
    run = 0
    for byte in reversed(raw[2:-1]):
        if byte != IAC:
            break
        run += 1
    return run % 2 == 1


def _command(raw: bytes) -> Command:
    name = COMMANDS.get(raw[1], str(raw[1]))
    if raw[1] in _VERBS:
        option = OPTIONS.get(raw[2], str(raw[2]))
        meaning = MEANINGS.get(option, "")
        return Command(f"IAC {name} {option}", raw, f"{_VERBS[raw[1]]}: {meaning or option}")
    if raw[1] == SB:
        return _subnegotiation(raw)
    return Command(f"IAC {name}", raw)


def _subnegotiation(raw: bytes) -> Command:
    option = OPTIONS.get(raw[2], str(raw[2]))
    body = raw[3:-2].replace(b"\xff\xff", b"\xff")
    if option == "NAWS" and len(body) == 4:
        told = f"{int.from_bytes(body[:2])} columns, {int.from_bytes(body[2:])} rows"
    elif body[:1] in (b"\0", b"\1") and option in ("TTYPE", "TSPEED", "XDISPLOC", "NEW_ENVIRON", "STATUS"):
        told = f"{'IS' if body[0] == 0 else 'SEND'} {body[1:].decode('ascii', 'backslashreplace')}".strip()
    else:
        told = body.hex(" ")
    return Command(f"IAC SB {option} {told} IAC SE", raw, MEANINGS.get(option, ""))
