"""Pictures of the socket bench's panel in both palettes and several sizes, from real services.

By hand: `python -m tests.gallery.sockets --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

from tests.gallery.studio import Studio, asked
from widgets.sockets.panel import SocketsPanel

LINES = ("The quick brown fox jumps over the lazy dog.", "pack my box with five dozen liquor jugs")


def play(studio: Studio[SocketsPanel]) -> None:
    """From the empty panel to a refused connect, then every other view."""
    panel = studio.panel
    ends = panel.ends
    studio.shoot("empty")
    ends.start_first()
    studio.until(lambda: ends.servers.current.slot.phase == "running")
    studio.shoot("waiting")
    for count in (1, 2, 3):
        view = ends.connect_to(ends.servers.current.slot)
        studio.until(lambda view=view: view.slot.phase == "connected")
        for line in LINES[: count % 2 + 1]:
            view.slot.send(line.encode() + b"\r\n")
    ends.clients.views[1].slot.order(lambda client: client.half_close())
    studio.settle(0.6)
    studio.shoot("talk")
    refused = ends.clients.add_client({"host": "127.0.0.1", "port": 1})
    ends.clients.connect_client(refused)
    studio.until(lambda: refused.slot.trouble)
    studio.shoot("refused")
    refused.form.more_button.click()
    panel.new_server()
    ends.servers.current.form.more_button.click()
    studio.shoot("forms")
    _chunks(studio)
    _telnet(studio)
    _spin(studio)
    _others(studio)


def _chunks(studio: Studio[SocketsPanel]) -> None:
    """An answer put together from several chunks, and the strip that points to the ladder."""
    ends = studio.panel.ends
    studio.panel.pointer.done = False
    slot = ends.start_preset({"behaviour": "echo", "transport": "tcp", "port": 0, "model": "threads"})
    studio.until(lambda: slot.phase == "running")
    view = ends.clients.add_client({"framing": "line", "recv_size": 16})
    ends.connect_to(slot)
    studio.until(lambda: view.slot.phase == "connected")
    for line in (*LINES, "short"):
        view.slot.send(line.encode())
    studio.settle(0.6)
    studio.shoot("chunks")


def _telnet(studio: Studio[SocketsPanel]) -> None:
    ends = studio.panel.ends
    slot = ends.start_preset({"behaviour": "telnet", "port": 0})
    studio.until(lambda: slot.phase == "running")
    view = ends.connect_to(slot)
    studio.until(lambda: any(b"login" in line.data for line in view.slot.lines.lines()))
    view.slot.send_command("AYT")
    studio.settle(0.6)
    studio.shoot("telnet")


def _spin(studio: Studio[SocketsPanel]) -> None:
    """The loop that spins, and the mended one beside it."""
    ends = studio.panel.ends
    course = ends.start_preset({"behaviour": "upper-course", "transport": "tcp", "port": 0, "model": "threads"})
    studio.until(lambda: course.phase == "running")
    ends.visit(course)
    studio.until(lambda: course.spinning)
    studio.shoot("spins")
    ends.compare(course)
    studio.until(lambda: ends.servers.current.slot is not course and ends.servers.current.slot.visit == "over")
    studio.settle(0.4)
    studio.shoot("mended")
    course.stop_spinning()


def _others(studio: Studio[SocketsPanel]) -> None:
    panel = studio.panel
    panel.show_view("steps")
    page = panel.view("steps")
    for side, name in ((page.server, "create"), (page.server, "bind"), (page.server, "listen"), (page.client, "recv")):
        side.buttons[name].click()
        studio.until(lambda side=side: not side._waiting)
    studio.shoot("steps")
    panel.show_view("options")
    studio.until(panel.view("options").model.rowCount)
    studio.shoot("options")
    panel.view("options").choose("server 1")
    studio.settle(0.3)
    studio.shoot("options-listening")
    panel.show_view("tls")
    tls = panel.view("tls")
    tls.connect_button.click()
    studio.until(lambda: tls.facts)
    studio.shoot("tls")
    tls.fields["certificate"] = "expired"
    tls.connect_button.click()
    studio.until(tls.strip.isVisible)
    studio.shoot("tls-expired")
    for view, id in (("failures", "reset"), ("experiments", "two-sends")):
        panel.show_view(view)
        catalog = panel.view(view)
        catalog.view.choose(id)
        catalog.run_button.click()
        studio.until(lambda catalog=catalog, id=id: id in catalog.results)
        studio.shoot(view)


def main() -> None:
    """Take all pictures."""
    arguments = asked(__doc__)
    studio = Studio(SocketsPanel, arguments.out, arguments.sizes)
    try:
        play(studio)
    finally:
        studio.close()


if __name__ == "__main__":
    main()
