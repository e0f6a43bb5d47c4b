"""What the tour does in the socket bench, as a newcomer would: two clicks, a line, and a refusal.

It must not reach around the widgets: it clicks and types, and looks at results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from widgets.panel import Check, Click, DemoStep, Picture, Type, Wait

if TYPE_CHECKING:
    from widgets.sockets.panel import SocketsPanel

LINE: Final = "The quick brown fox jumps over the lazy dog."


def steps(panel: SocketsPanel) -> Iterator[DemoStep]:
    """Start the upper-case server, connect, send, see the answer; then a connect that is refused."""
    clients, servers = panel.ends.clients, panel.ends.servers
    server = servers.current
    yield Click(server.empty.button)
    yield Wait("an upper-case server listens", lambda: server.slot.phase == "running")
    yield Click(server.live.empty.button)
    client = clients.current
    yield Wait("a client is connected to it", lambda: client.slot.phase == "connected")
    yield Type(client.live.input.field, LINE, enter=True)
    yield Wait("the answer comes in capitals", lambda: said(panel, LINE.upper()))
    yield Wait("the server's table shows both ends", lambda: states(panel) == ("ESTABLISHED", "ESTABLISHED"))
    yield from _refused(panel)
    clients.choose(0)
    yield Picture()
    yield Click(servers.stop_button)
    yield Wait("the server has stopped", lambda: server.slot.phase == "ended")
    yield Wait("the client saw the end", lambda: client.slot.phase == "ended")


def _refused(panel: SocketsPanel) -> Iterator[DemoStep]:
    view = panel.ends.clients.add_client({"transport": "tcp", "host": "127.0.0.1", "port": 1})
    yield Click(view.form.connect_button)
    yield Wait("a connect to a port where nobody listens is refused", lambda: view.slot.trouble is not None)
    told = view.slot.trouble
    yield Check("the refusal is explained", told is not None and told.errno == "ECONNREFUSED" and "1" in told.why)
    yield Check("the red strip offers a mend", "start-server" in view.strip.buttons)


def said(panel: SocketsPanel, text: str) -> bool:
    """Whether the client shown has received this text."""
    lines = panel.ends.clients.current.slot.lines.lines()
    return any(line.direction == "in" and text.encode() in line.data for line in lines)


def states(panel: SocketsPanel) -> tuple[str, str]:
    """The states of both ends of the server's first connection."""
    row = panel.ends.servers.current.slot.rows.row(0)
    return (row.state_here, row.state_there) if row is not None else ("", "")
