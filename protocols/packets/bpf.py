"""Capture filters: libpcap compiles the text to BPF, or says what is wrong with it (pcap-filter(7)).

Needs no privilege; loads libpcap by ctypes when first asked. It must not know where packets come from.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import struct
import threading
from functools import cache
from typing import Any, Final

ETHERNET: Final = 1
_DLT_RAW: Final = 12
_LINKTYPE_RAW: Final = 101
_ANY_NETMASK: Final = 0xFFFFFFFF
SNAP_BYTES: Final = 262144
_LOCK: Final = threading.Lock()
"""libpcap's parser was not re-entrant before 1.8."""


class FilterError(ValueError):
    """The filter can't be used; the message is libpcap's word on it."""


class NoLibpcap(RuntimeError):
    """There is no libpcap here; the message says what to install."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


@cache
def _library() -> Any:
    for name in ("libpcap.so.0.8", "libpcap.so.1", ctypes.util.find_library("pcap")):
        if name:
            try:
                library = ctypes.CDLL(name)
            except OSError:
                continue
            library.pcap_open_dead.restype = ctypes.c_void_p
            library.pcap_geterr.restype = ctypes.c_char_p
            library.pcap_geterr.argtypes = (ctypes.c_void_p,)
            library.pcap_close.argtypes = (ctypes.c_void_p,)
            library.pcap_compile.argtypes = (
                ctypes.c_void_p,
                ctypes.POINTER(_Program),
                ctypes.c_char_p,
                ctypes.c_int,
                ctypes.c_uint32,
            )
            return library
    raise NoLibpcap("Capture filters need libpcap; on Debian and Ubuntu: sudo apt-get install libpcap0.8")


def available() -> bool:
    """Whether filters can be compiled here."""
    try:
        _library()
    except NoLibpcap:
        return False
    return True


def compiled(text: str, linktype: int = ETHERNET) -> bytes:
    """The filter's BPF program, eight bytes an instruction as the kernel takes them (linux/filter.h); b"" for no text.

    Raises FilterError with libpcap's word, NoLibpcap.
    """
    text = text.strip()
    if not text:
        return b""
    if "\0" in text:
        raise FilterError("A filter has no NUL characters")
    with _LOCK:
        return _compiled(_library(), text, _DLT_RAW if linktype == _LINKTYPE_RAW else linktype)


def _compiled(library: Any, text: str, link: int) -> bytes:
    dead = library.pcap_open_dead(link, SNAP_BYTES)
    if not dead:
        raise FilterError(f"libpcap knows no link type {link}")
    program = _Program()
    try:
        if library.pcap_compile(dead, ctypes.byref(program), text.encode("utf-8", "replace"), 1, _ANY_NETMASK):
            said = library.pcap_geterr(dead).decode("utf-8", "replace")
            raise FilterError(said or "This is no capture filter")
        try:
            found = program.instructions[: program.length]
            return b"".join(struct.pack("=HBBI", one.code, one.jt, one.jf, one.k) for one in found)
        finally:
            library.pcap_freecode(ctypes.byref(program))
    finally:
        library.pcap_close(dead)


def problem(text: str, linktype: int = ETHERNET) -> str:
    """What is wrong with a filter, in a sentence; "" where nothing is."""
    try:
        compiled(text, linktype)
    except (FilterError, NoLibpcap) as error:
        return str(error)
    return ""
