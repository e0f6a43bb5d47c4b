"""What the three digits of an FTP reply mean, in plain words. RFC 959 section 4.2, RFC 2228, RFC 2428, RFC 3659.

It must not know who said them.
"""

from __future__ import annotations

from typing import Final

FIRST: Final = {
    1: "begun: another reply follows",
    2: "done",
    3: "so far so good: more is needed from the client",
    4: "not now: the same command may work later",
    5: "no: the same command will fail again",
}
"""The first digit: how it went."""
SECOND: Final = {
    0: "syntax",
    1: "information",
    2: "connections",
    3: "login",
    4: "not specified",
    5: "files",
}
"""The second digit: what it is about."""
MEANINGS: Final = {
    110: "restart marker",
    120: "ready in some minutes",
    125: "the data connection is open, the transfer starts",
    150: "the transfer is about to open its data connection",
    200: "the command is done",
    202: "not needed here",
    211: "system status, or help",
    212: "status of a directory",
    213: "status of a file: its size or time",
    214: "help",
    215: "the kind of system",
    220: "ready for a new user",
    221: "the control connection ends, as asked",
    225: "a data connection is open, and nothing is transferred",
    226: "the transfer is complete, the data connection ends",
    227: "passive mode: the client connects to this address",
    228: "long passive mode",
    229: "extended passive mode: the client connects to this port",
    230: "logged in",
    232: "logged in by what TLS said",
    234: "the TLS handshake begins",
    250: "the file action is done",
    257: "the path, created or current",
    331: "the name is taken, the password is needed",
    332: "an account is needed",
    334: "the security mechanism wants more",
    350: "the file action waits for more, such as RNTO or RETR",
    421: "the service ends this connection",
    425: "the data connection can't be opened",
    426: "the data connection was closed, the transfer is aborted",
    430: "name or password is wrong",
    431: "no resource for this security mechanism",
    434: "the host is not available",
    450: "the file is busy or not available now",
    451: "a local error ended the action",
    452: "no space left now",
    500: "the command is not known",
    501: "the arguments are wrong",
    502: "the command is not implemented",
    503: "the commands came in a wrong order",
    504: "not implemented with this argument",
    521: "this protection of the data connection is not supported",
    522: "this network protocol is not supported, or TLS failed",
    530: "not logged in",
    532: "an account is needed for storing",
    533: "protection is demanded for this command",
    534: "refused for reasons of policy",
    536: "this protection level is not supported",
    550: "the file is not there, or this user may not",
    551: "the page type is not known",
    552: "more than the space this user may have",
    553: "this file name is not allowed",
    554: "the offset of REST is not possible",
}


def meaning_of(code: int) -> str:
    """A reply's code in plain words; an unknown one by its digits."""
    known = MEANINGS.get(code)
    if known is not None:
        return known
    first, second = FIRST.get(code // 100), SECOND.get(code // 10 % 10)
    if first is None or not 100 <= code <= 659:
        return "no code that FTP knows"
    return f"{first}; about {second}" if second else first
