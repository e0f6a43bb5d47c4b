"""From a client form's values to a client of the lab, and to the parameters of its script.

`make_client` runs on a lab thread: it may load TLS and make sockets. It must not know widgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from protocols.address import Family, Transport
from protocols.concurrency.contract import CONNECTED
from protocols.record.recorder import Recorder
from protocols.sockets.client import ClientTLS, Framing, StreamClient
from protocols.sockets.datagram import DatagramClient
from widgets.sockets.client.form import FRAMINGS

if TYPE_CHECKING:
    from protocols.sockets.telnet import TelnetClient

Client: TypeAlias = "StreamClient | DatagramClient | TelnetClient"
Script: TypeAlias = tuple[str, dict[str, Any]]
LAB_CA_FILE: Final = "lab-ca.pem"
"""What "Export lab CA…" calls the file if it is not told another name."""
MULTICAST_LOOPBACK: Final = "127.0.0.1"


def make_client(recorder: Recorder, name: str, values: Mapping[str, Any]) -> Client:
    """A client that is not started yet. Raises ValueError or OSError where the values don't fit together."""
    transport = cast("Transport", str(values.get("transport", "tcp")))
    if is_telnet(values):
        return _telnet_client(recorder, name, values)
    if transport in CONNECTED:
        return _stream_client(recorder, name, transport, values)
    return _datagram_client(recorder, name, transport, values)


def _stream_client(recorder: Recorder, name: str, transport: Transport, values: Mapping[str, Any]) -> StreamClient:
    return StreamClient(
        recorder,
        name=name,
        transport=transport,
        host=str(values.get("host", "")).strip(),
        port=int(values.get("port", 0)),
        path=str(values.get("path", "")).strip(),
        family=cast("Family", values.get("family", "auto")),
        timeout_s=_seconds(values.get("timeout_ms", 0)),
        tls=_tls(values) if transport == "tcp" and values.get("tls") else None,
        framing=make_framing(str(values.get("framing", "none"))),
        recv_size=int(values.get("recv_size", 4096)),
        nodelay=transport == "tcp" and bool(values.get("nodelay")),
        attempts=1 + int(values.get("retries", 0)),
        reply_timeout_s=_seconds(values.get("reply_timeout_ms", 0)),
        read_mode=cast("Any", values.get("read_mode", "auto")),
        close_on_eof=bool(values.get("close_on_eof", True)),
        reconnect=bool(values.get("per_message", False)),
        source=_source(values) if transport == "tcp" else None,
    )


def _telnet_client(recorder: Recorder, name: str, values: Mapping[str, Any]) -> TelnetClient:
    from protocols.sockets.telnet import TelnetClient

    return TelnetClient(
        recorder,
        name=name,
        host=str(values.get("host", "")).strip(),
        port=int(values.get("port", 0)),
        timeout_s=_seconds(values.get("timeout_ms", 0)),
    )


def _datagram_client(recorder: Recorder, name: str, transport: Transport, values: Mapping[str, Any]) -> DatagramClient:
    group = str(values.get("group", "")).strip()
    return DatagramClient(
        recorder,
        name=name,
        transport=transport,
        host=str(values.get("host", "")).strip(),
        port=int(values.get("port", 0)),
        path=str(values.get("path", "")).strip(),
        family=cast("Family", values.get("family", "auto")),
        connected=bool(values.get("connected")),
        bind=_source(values) if transport == "udp" else None,
        timeout_s=_seconds(values.get("timeout_ms", 0)),
        attempts=1 + int(values.get("retries", 0)),
        broadcast=bool(values.get("broadcast")),
        reuse_address=bool(group),
        groups=(group,) if group else (),
        interface=MULTICAST_LOOPBACK,
        ttl=int(values.get("ttl", 1)) or None,
        recv_size=int(values.get("recv_size", 4096)),
    )


def send(client: Client, data: bytes, *, whole: bool, values: Mapping[str, Any]) -> Any:
    """Send as the client can; what it gives tells when it is done, or the error."""
    if isinstance(client, StreamClient):
        return client.send(data, whole)
    if isinstance(client, DatagramClient) and (values.get("timeout_ms") or values.get("retries")):
        return client.ask(data)
    return client.send(data)


def send_file(client: Client, path: str) -> Any:
    """Send a file: in pieces over a stream, as one datagram otherwise. Raises OSError when it can't be read."""
    if isinstance(client, StreamClient):
        return client.send_file(path)
    with open(path, "rb") as file:
        return client.send(file.read())


def send_repeated(client: Client, data: bytes, count: int, interval_ms: int) -> None:
    """Send again and again; a telnet session types it once."""
    if isinstance(client, (StreamClient, DatagramClient)):
        client.send_repeated(data, count, interval_ms)
    else:
        client.send(data)


def stop_repeating(client: Client) -> None:
    """End repeated sending."""
    if isinstance(client, (StreamClient, DatagramClient)):
        client.stop_repeating()


def _seconds(milliseconds: Any) -> float | None:
    return int(milliseconds) / 1000 if int(milliseconds) else None


def _source(values: Mapping[str, Any]) -> tuple[str, int] | None:
    host, port = str(values.get("source_host", "")).strip(), int(values.get("source_port", 0))
    return (host, port) if host or port else None


def make_framing(key: str) -> Framing | None:
    """The framing of a form's entry; None for bytes as they come."""
    from protocols.framing import LengthFraming, LineFraming

    if key == "line":
        return LineFraming(b"\r\n")
    if key == "line-lf":
        return LineFraming(b"\n")
    if key.startswith("prefix-"):
        _, size, *order = key.split("-")
        return LengthFraming(int(size), "little" if order else "big")
    return None


def framing_title(key: str) -> str:
    """A framing's title, short."""
    title = next((choice.title for choice in FRAMINGS if choice.key == key), key)
    return title.partition(":")[0]


def _tls(values: Mapping[str, Any]) -> ClientTLS:
    from protocols import tls

    verify = str(values.get("verify", "lab"))
    context = tls.client_context(trust_lab=verify == "lab", verify=verify != "none")
    if verify == "system":
        context.load_default_certs()
    return ClientTLS(context, str(values.get("server_name", "")).strip())


def is_telnet(values: Mapping[str, Any]) -> bool:
    """The form asks for a telnet session."""
    return values.get("transport", "tcp") == "tcp" and values.get("mode") == "telnet"


def script_of(values: Mapping[str, Any], messages: tuple[bytes, ...], ca_file: str = "") -> Script:
    """The script for what the form says and what was sent. ca_file: where the lab CA's certificate was exported to."""
    if not is_telnet(values):
        return "client", script_params(values, messages, ca_file)
    lines = b"".join(messages).decode("utf-8", "replace").replace("\r\n", "\n").replace("\0", "").split("\n")
    typed = [line for line in lines if line]
    where = {"host": str(values.get("host", "")), "port": int(values.get("port", 0))}
    return "telnet-client", where | ({"lines": typed} if typed else {})


def script_params(values: Mapping[str, Any], messages: tuple[bytes, ...], ca_file: str = "") -> dict[str, Any]:
    """The parameters of the script "client"."""
    framing, _, rest = str(values.get("framing", "none")).partition("-")
    params: dict[str, Any] = {
        "transport": str(values.get("transport", "tcp")),
        "host": str(values.get("host", "")),
        "port": int(values.get("port", 0)),
        "path": str(values.get("path", "")),
        "timeout_s": _seconds(values.get("timeout_ms", 0)) or 5.0,
        "tls": bool(values.get("tls")),
        "verify": values.get("verify") != "none",
        "server_name": str(values.get("server_name", "")) or None,
        "framing": {"prefix": "length"}.get(framing, framing),
        "line_end": b"\n" if rest == "lf" else b"\r\n",
        "recv_size": int(values.get("recv_size", 4096)),
        "nodelay": bool(values.get("nodelay")),
        "tries": 1 + int(values.get("retries", 0)),
        "connected": bool(values.get("connected")),
    }
    if framing == "prefix":
        params |= {"prefix_bytes": int(rest[0]), "little_endian": rest.endswith("little")}
    if params["tls"] and values.get("verify", "lab") == "lab":
        params["ca_file"] = ca_file or LAB_CA_FILE
    if messages:
        params["messages"] = messages
    return params
