"""Pictures of the packets panel in both palettes and several sizes, from the sample capture.

By hand: `python -m tests.gallery.packets --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

import socket
from pathlib import Path

from protocols.packets.reconstruct.reconstruct import Reconstructor
from protocols.packets.reconstruct.save import save
from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket
from tests.gallery.studio import Studio, asked
from widgets.packets.panel import PacketsPanel


def reconstructed(folder: Path) -> Path:
    """A capture whose packets were made of socket calls."""
    recorder = Recorder()
    tail = recorder.tail()
    with socket.create_server(("127.0.0.1", 0)) as listening, traced_socket(recorder, "client") as near:
        near.connect(listening.getsockname())
        far, _ = listening.accept()
        with far:
            near.sendall(b"an albatross")
            far.sendall(b"what flavour is it?")
            near.recv(100)
    path = folder / "reconstructed.pcapng"
    with path.open("wb") as file:
        save(Reconstructor().feed(enumerate(tail.take())), file, recorder.epoch_ns)
    return path


def main() -> None:
    """Take the pictures."""
    chosen = asked(__doc__)
    studio = Studio(PacketsPanel, chosen.out, chosen.sizes)
    page = studio.panel.packets
    studio.shoot("empty")
    page.open_sample()
    studio.until(lambda: page.document.told is not None)
    page.go_to(7)
    studio.until(lambda: page.packet.tree is not None)
    page.packet.tree_view.choose_key("TCP.flags")
    page.document.toggle_mark(9)
    studio.shoot("packet")
    page.follow_stream()
    studio.until(lambda: page.stream.follow is not None)
    studio.shoot("stream")
    for name in ("conversations", "endpoints", "protocols", "graph", "experts", "colours"):
        page.show_tab(name)
        studio.shoot(name)
    page.show_tab("packet")
    page.filter("tcp.prt == 8000")
    studio.shoot("trouble")
    page.filter("udp.port == 1")
    studio.settle(0.5)
    studio.shoot("no-match")
    page.bar.sort.chosen.emit(1)
    page.bar.field.setText("udp prt 53")
    page.bar.enter()
    studio.until(page.bar.trouble.isVisible)
    studio.shoot("bpf")
    page.open(str(reconstructed(chosen.out)))
    studio.until(lambda: page.document.told is not None and page.packet.tree is not None)
    page.bar.set_text("")
    page.go_to(3)
    studio.settle(0.5)
    studio.shoot("reconstructed")
    page.child.stop()
    page.document.close()
    studio.lab.close()
    studio.bridge.close()


if __name__ == "__main__":
    main()
