"""The panel's entries in the registry of actions: what the palette, the menus and the keys can do here.

Each acts on the client or server shown. It must not know how a card does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from protocols.scripts import SCRIPTS
from protocols.sockets.presets import PRESETS, Preset
from widgets.sockets.client import launch as client_launch
from widgets.sockets.client.slot import ClientSlot
from widgets.sockets.server import launch as server_launch
from widgets.sockets.server.slot import ServerSlot
from widgets.sockets.server.words import TRANSPORT_CHIPS
from widgets.sockets.tls.authority import Authority

if TYPE_CHECKING:
    from widgets.sockets.panel import SocketsPanel

@runtime_checkable
class Scripted(Protocol):
    """A view that has a script for what it shows, or None."""

    def python(self) -> tuple[str, Mapping[str, Any]] | None: ...


GROUP: Final = "Sockets"
KEPT_MESSAGES: Final = 20
NOT_CONNECTED: Final = "The client shown is not connected, or has no such call."


class PanelActions:
    """Registers the actions of a panel and keeps them enabled as the cards allow.

    last: the script of what was just done, as (action id, parameters).
    """

    def __init__(self, panel: SocketsPanel) -> None:
        self._panel = panel
        self.last: tuple[str, dict[str, Any]] | None = None
        self._clients, self._servers = panel.ends.clients, panel.ends.servers
        self.authority = Authority(panel.desk, panel)
        self._messages: dict[ClientSlot, list[bytes]] = {}
        self._allowed: list[tuple[str, Callable[[], bool], str]] = []
        self._reasons: dict[Callable[[], bool], str] = {
            self._server_idle: "The server shown runs already.",
            self._server_runs: "The server shown does not run.",
            self._client_idle: "The client shown is connected, or connects just now.",
            self._client_connects: "The client shown does not connect just now.",
            self._has_lonely_client: "The client shown is connected: it has its other end.",
        }
        self._register()
        self._register_presets()
        self._fill_menus()
        self._clients.connected.connect(self.connected)
        self._clients.sent.connect(self.sent)
        self._servers.started.connect(self.started)
        self._clients.current_changed.connect(self.refresh)
        self._servers.current_changed.connect(self.refresh)
        self.refresh()

    # What there is

    def _register(self) -> None:
        add, panel = self._add, self._panel
        add("new-server", "New server", panel.new_server, "server", "Ctrl+N", "A form for one more server")
        add("new-client", "New client", panel.new_client, "monitor", "Ctrl+Alt+N", "A form for one more client")
        add("first-server", "Start upper-case server", panel.ends.start_first, "play", "", "TCP, 2345, threads")
        add("both-ends", "Start a server and a client", panel.start_pair, "play", "",
            "The upper-case server, and a client connected to it")  # fmt: skip
        add("start", "Start the server shown", self._start, "play", "Ctrl+Shift+Return", "With the form's values",
            self._server_idle, "server")  # fmt: skip
        add("stop", "Stop the server shown", self._stop, "square", "Ctrl+.", "", self._server_runs)
        add("connect", "Connect the client shown", self._connect, "plug", "Ctrl+Return", "With the form's values",
            self._client_idle, "client")  # fmt: skip
        add("stop-connecting", "Stop connecting", self._close, "square", "Ctrl+Shift+.",
            "At once, whatever it waits for", self._client_connects)  # fmt: skip
        add("connect-to-it", "Connect a client to the server", self._connect_to_it, "plug", "Ctrl+E", "",
            self._server_runs, "client")  # fmt: skip
        add("other-end", "Give me the other end", self._other_end, "arrow-left-right", "Ctrl+Shift+E",
            "A server that fits the client's form", self._has_lonely_client, "server")  # fmt: skip
        self._register_talk()

    def _register_talk(self) -> None:
        add = self._add
        add("send", "Send", self._send, "send", "Ctrl+Shift+Space",
            "What stands in the client's input", self._client_talks, "client")  # fmt: skip
        add("half-close", "Half-close", lambda: self._act("half_close", "half-close"), "log-out", "Ctrl+H",
            "shutdown(SHUT_WR): no more to say, still listening", self._can("half_close"), "half-close")  # fmt: skip
        add("reset", "Reset", lambda: self._act("reset", "reset"), "octagon-x", "Ctrl+Shift+W",
            "Close with RST: SO_LINGER on, 0 s", self._can("reset"), "reset")  # fmt: skip
        add("peek", "Peek", lambda: self._act("peek", "peek-waitall"), "eye", "Ctrl+Alt+P",
            "MSG_PEEK: look without taking", self._can("peek"), "peek-waitall")  # fmt: skip
        add("receive", "Receive once", lambda: self._act("receive", "client"), "download", "Ctrl+Alt+R",
            "One recv(): for a client that reads only when told", self._can("receive"), "client")  # fmt: skip
        add("close", "Close the connection", self._close, "x", "Ctrl+W", "", self._client_talks)
        add("hex", "Conversation as hex", self._toggle_hex, "binary", "Ctrl+Alt+H", "Or as text again")
        add("remove-client", "Remove the client shown", self._remove_client, "trash-2", "", "Closes it")
        add("remove-server", "Remove the server shown", self._remove_server, "trash-2", "", "Stops it")
        add("export-ca", "Export lab CA…", self.authority.ask, "certificate", "",
            "The certificate that a client outside the lab must trust")  # fmt: skip
        add("python", "Show as Python", self.show_python, "code-xml", "Ctrl+P", "The script for what was just done")

    def _register_presets(self) -> None:
        for entry in PRESETS:
            server = entry.end == "server"
            verb, icon = ("Start", "play") if server else ("Connect", "plug")
            title = entry.title[0].lower() + entry.title[1:] if entry.title[1:2].islower() else entry.title
            chip = f"{TRANSPORT_CHIPS[entry.transport]} {entry.port}"
            self._add(f"preset-{entry.id}", f"{verb}: {title}", partial(self._preset, entry), icon, "", chip)

    def _preset(self, entry: Preset) -> None:
        self._panel.show_view("ends")
        if entry.end == "server":
            self._panel.ends.use_preset(entry)
        else:
            self._clients.use_preset(self._panel.ends.free_client(), entry)

    def _add(
        self,
        name: str,
        text: str,
        handler: Callable[[], Any],
        icon: str,
        keys: str,
        tip: str,
        allowed: Callable[[], bool] | None = None,
        python: str = "",
    ) -> None:
        fits = (lambda: self._panel.isVisible() and allowed()) if allowed else self._panel.isVisible
        action = self._panel.desk.actions.add(
            f"sockets.{name}", text, handler, icon, keys or None, GROUP, tip, python or None, fits=fits
        )
        if allowed is not None:
            self._allowed.append((action.objectName(), allowed, self._reasons.get(allowed, NOT_CONNECTED)))

    def _fill_menus(self) -> None:
        get = self._panel.desk.actions.get
        client = ("half-close", "reset", "peek", "receive", "", "hex", "other-end", "", "new-client", "remove-client")
        server = ("connect-to-it", "", "new-server", "remove-server")
        for menu, names in ((self._clients.menu, client), (self._servers.menu, server)):
            menu.setToolTipsVisible(True)
            for name in names:
                if name:
                    menu.addAction(get(f"sockets.{name}"))
                else:
                    menu.addSeparator()

    def refresh(self, *_: object) -> None:
        """Allow what the cards shown allow."""
        for name, allowed, reason in self._allowed:
            self._panel.desk.actions.allow(name, allowed(), reason)

    # What they act on

    @property
    def _client(self) -> ClientSlot:
        return self._clients.current.slot

    @property
    def _server(self) -> ServerSlot:
        return self._servers.current.slot

    def _server_idle(self) -> bool:
        return self._server.phase in ("idle", "ended")

    def _server_runs(self) -> bool:
        return self._server.phase == "running"

    def _client_idle(self) -> bool:
        return self._client.phase in ("idle", "ended")

    def _client_connects(self) -> bool:
        return self._client.phase == "connecting"

    def _client_talks(self) -> bool:
        return self._client.phase == "connected"

    def _can(self, verb: str) -> Callable[[], bool]:
        return lambda: self._client_talks() and hasattr(self._client.client, verb)

    # What they do

    def _start(self) -> None:
        self._panel.ends.start(self._server)

    def _stop(self) -> None:
        self._server.stop()

    def _close(self) -> None:
        self._client.close()

    def _send(self) -> None:
        self._clients.current.live.input.send_button.click()

    def _connect(self) -> None:
        self._clients.connect_client(self._clients.current)

    def _connect_to_it(self) -> None:
        self._panel.ends.connect_to(self._server)

    def _lonely_client(self) -> ClientSlot | None:
        """The client shown, where it has no other end; else one that was refused."""
        slots = [self._client, *(slot for slot in self._clients.slots() if slot.trouble is not None)]
        return next((slot for slot in slots if slot.phase in ("idle", "ended")), None)

    def _has_lonely_client(self) -> bool:
        return self._lonely_client() is not None

    def _other_end(self) -> None:
        slot = self._lonely_client()
        if slot is not None:
            self._clients.choose(self._clients.slots().index(slot))
            self._panel.ends.give_other_end(slot)

    def _act(self, verb: str, script: str) -> None:
        slot = self._client
        slot.order(lambda client: getattr(client, verb)())
        self.done(script, self._script_of(slot, script))

    def _toggle_hex(self) -> None:
        self._client.lines.set_hex(not self._client.lines.as_hex)

    def _remove_client(self) -> None:
        self._clients.remove(self._clients.current)

    def _remove_server(self) -> None:
        self._servers.remove(self._servers.current)

    # Show as Python

    def done(self, action_id: str, params: Mapping[str, Any]) -> None:
        """Remember what was just done, for Show as Python."""
        self.last = (action_id, dict(params))

    def sent(self, slot: ClientSlot, data: bytes) -> None:
        """A client has been told to send."""
        said = self._messages.setdefault(slot, [])
        said.append(data)
        del said[:-KEPT_MESSAGES]
        self.done(*client_launch.script_of(slot.values, tuple(said)))

    def connected(self, slot: ClientSlot) -> None:
        """A client has connected: its messages begin anew."""
        self._messages[slot] = []
        self.done(*client_launch.script_of(slot.values, ()))

    def started(self, slot: ServerSlot) -> None:
        """A server has started."""
        self.done(*server_launch.script_of(slot.values, slot.server))

    def show_python(self) -> None:
        """Open the drawer with the script of what the view shows; of what was just done, or of the client's form."""
        view = self._panel.stack.currentWidget()
        asked = view.python() if isinstance(view, Scripted) else None
        form = self._clients.current.form.fields.values()
        action_id, params = asked or self.last or client_launch.script_of(form, ())
        self._panel.desk.show_python(action_id, self.authority.known(params))

    def _script_of(self, slot: ClientSlot, script: str) -> dict[str, Any]:
        wanted = SCRIPTS[script].defaults
        known: dict[str, Any] = {"host": str(slot.values.get("host")), "port": int(slot.values.get("port", 0))}
        said = self._messages.get(slot)
        if said:
            known["message"] = said[-1]
        return {name: value for name, value in known.items() if name in wanted}
