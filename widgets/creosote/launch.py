"""From the values of a form to a running bucket or sender, and to the parameters of their scripts.

`start_*` run on a lab thread: they bind, and may look a name up. It must not know widgets.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from protocols.creosote.bucket import Bucket, BucketSettings
from protocols.creosote.groups import is_group
from protocols.creosote.programs import program
from protocols.creosote.sender import Sender, SpewSettings
from protocols.creosote.wire import PORT, payload
from protocols.record.explain import Explained, explain
from protocols.service.base import ServiceError

if TYPE_CHECKING:
    from protocols.lab import Lab

_numbers: Final = itertools.count(1)
LIMITED: Final = "255.255.255.255"
LOOPBACK_BROADCAST: Final = "127.255.255.255"


def bind_host(values: Mapping[str, Any]) -> str:
    """The address that the form says to bind."""
    chosen = str(values.get("bind", "127.0.0.1"))
    return str(values.get("host", "")).strip() if chosen == "other" else chosen


def bucket_settings(values: Mapping[str, Any]) -> BucketSettings:
    """The settings of a bucket's form. Raises ValueError with a sentence for what can't be meant."""
    return BucketSettings(
        host=bind_host(values),
        port=int(values.get("port", PORT)),
        groups=_groups(str(values.get("groups", ""))),
        broadcast=bool(values.get("broadcast", True)),
        share=bool(values.get("share")),
        strict=bool(values.get("strict")),
        redirect=_redirect(str(values.get("redirect", ""))),
        log_file=str(values.get("log_file", "")).strip(),
    )


def _groups(text: str) -> tuple[str, ...]:
    groups = tuple(part for part in text.replace(",", " ").split() if part)
    for group in groups:
        _check_group(group)
    return groups


def _check_group(group: str) -> None:
    if not is_group(group):
        what = group or "Nothing"
        raise ValueError(f"{what} is no multicast group: they are 224.0.0.0 to 239.255.255.255, or ff00::/8")


def _redirect(text: str) -> tuple[str, int] | None:
    text = text.strip()
    if not text:
        return None
    host, _, port = text.rpartition(":") if text.count(":") == 1 or text.startswith("[") else (text, "", "")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"{port} is no port to redirect to: write host:port, such as 127.0.0.1:7740")
    return host.strip("[]"), int(port) if port else PORT


def start_bucket(lab: Lab, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> Bucket:
    """Make and start a bucket; it listens when this returns. Raises what bind() and the rest raise."""
    settings = bucket_settings(values)
    bucket = Bucket(lab.recorder, settings, name=_name(lab, settings))
    try:
        lab.start(bucket, room="creosote")
    except OSError as error:
        if not free_port_if_taken or error.errno != errno.EADDRINUSE:
            raise
        bucket = Bucket(lab.recorder, bucket_settings({**values, "port": 0}))
        lab.start(bucket, room="creosote")
    return bucket


def explained(error: BaseException, values: Mapping[str, Any], call: str) -> Explained:
    """An error of a bucket or sender, said as a card says it."""
    if isinstance(error, (ValueError, ServiceError)) and not isinstance(error, UnicodeError):
        said = str(error).rstrip(".") + "."
        return Explained("EINVAL", "This does not fit together", "The lab itself says no.", said, (), ())
    if isinstance(error, OSError) and error.filename:
        said = f"{error.filename}: {error.strerror}."
        return Explained(errno.errorcode.get(error.errno or 0, "EIO"), "The file can't be used", "", said, (), ())
    address = (bind_host(values) if call == "bind" else spew_host(values), int(values.get("port", 0) or 0))
    return explain(error, call=call, address=address, transport="udp")


def ended_by(error: Exception) -> Explained:
    """What ended a bucket that had listened."""
    number = error.errno or 0 if isinstance(error, OSError) else 0
    said = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
    why = f"It listens no more: {said}. What had come by then is kept here."
    return Explained(errno.errorcode.get(number, type(error).__name__), "The bucket has ended", "", why, (), ())


def _name(lab: Lab, settings: BucketSettings) -> str:
    """Buckets that share a port are told apart by a number; the others name themselves."""
    taken = {service.name for service in lab.running.all()}
    name = f"bucket:{settings.port}"
    if not settings.port or name not in taken:
        return ""
    return next(f"{name} #{number}" for number in itertools.count(2) if f"{name} #{number}" not in taken)


# Sending


def spew_host(values: Mapping[str, Any]) -> str:
    """Where the sender's form says to send to."""
    to = str(values.get("to", "host"))
    known = {"limited": LIMITED, "loopback": LOOPBACK_BROADCAST}
    return known.get(to) or str(values.get("host", "")).strip() or "127.0.0.1"


def spew_settings(values: Mapping[str, Any]) -> SpewSettings:
    """The settings of a sender's form. Raises ValueError with a sentence."""
    what = str(values.get("what", "message"))
    programs = tuple(name for name in values.get("programs", ()) if name) if what == "programs" else ()
    to, host = str(values.get("to", "host")), str(values.get("host", "")).strip()
    if to == "directed" and not host:
        raise ValueError("Write the network's broadcast address, such as 192.0.2.255")
    if to == "group":
        _check_group(host)
    if what == "programs" and not programs:
        raise ValueError("Choose at least one made-up program")
    repeats = what == "programs" or bool(values.get("repeat"))
    return SpewSettings(
        host=spew_host(values),
        port=int(values.get("port", PORT)),
        message=str(values.get("message", "")) if what == "message" else "",
        file=str(values.get("file", "")).strip() if what == "file" else "",
        programs=programs,
        count=int(values.get("count", 1)) if repeats else 1,
        per_s=float(values.get("per_s", 0)) if repeats else 0.0,
        numbered=bool(values.get("numbered")) and what != "programs",
        chunk=str(values.get("style", "pieces")) == "pieces",
        as_original=bool(values.get("as_original")),
        here=str(values.get("to")) == "group",
    )


def start_sender(lab: Lab, values: Mapping[str, Any]) -> Sender:
    """Make and start a sender. Raises what its first message raises, and what looking up its host raises."""
    settings = spew_settings(values)
    if str(values.get("what")) == "file" and not settings.file:
        raise ValueError("Choose a file: each of its lines is a message")
    sender = Sender(lab.recorder, settings, name=f"spew {next(_numbers)}")
    lab.start(sender, room="creosote")
    return sender


# Scripts


def bucket_params(values: Mapping[str, Any], port: int = 0) -> tuple[str, dict[str, Any]]:
    """The script of a bucket's form, as (id, parameters); values that can't be meant are left out."""
    try:
        settings = bucket_settings(values)
    except ValueError:
        settings = BucketSettings()
    params = {"host": settings.host, "port": port or settings.port, "groups": list(settings.groups)}
    if settings.redirect is not None:
        to_host, to_port = settings.redirect
        return "creosote-redirector", {**params, "to_host": to_host, "to_port": to_port}
    return "creosote-bucket", {**params, "log_file": settings.log_file, "share": settings.share,
                               "strict": settings.strict}  # fmt: skip


def senders_params(host: str, port: int) -> list[tuple[str, dict[str, Any]]]:
    """The scripts that write to a bucket bound to this, as (id, parameters): what is pasted next shall reach it."""
    there = "::1" if ":" in host else "127.0.0.1" if host in ("", "0.0.0.0") else host
    one = {"host": there, "port": port}
    every = {"port": port}
    return [("creosote-spew", one), ("creosote-handler", one), ("creosote-cli", one), ("creosote-broadcast", every)]


def sender_params(values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The script of a sender's form, as (id, parameters)."""
    host, port, message = spew_host(values), int(values.get("port", PORT)), str(values.get("message", ""))
    what, to = str(values.get("what", "message")), str(values.get("to", "host"))
    if what == "programs":
        chosen = [name for name in values.get("programs", ()) if name]
        message = program(chosen[0]).message(0) if chosen else message
    if to == "group" and ":" not in host:
        group = {"group": host, "port": port, "message": payload(message), "interface": "127.0.0.1", "ttl": 1}
        return "multicast-send", group
    if to in ("limited", "loopback", "directed"):
        return "creosote-broadcast", {"host": host, "port": port, "message": message}
    repeat = what == "programs" or bool(values.get("repeat"))
    return "creosote-spew", {
        "host": host, "port": port, "message": message, "chunk": str(values.get("style", "pieces")) == "pieces",
        "file": str(values.get("file", "")).strip() if what == "file" else "", "repeat": repeat,
        "count": int(values.get("count", 1)), "per_s": float(values.get("per_s", 0)),
        "numbered": bool(values.get("numbered")) and what != "programs",
    }  # fmt: skip
