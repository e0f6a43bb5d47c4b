"""What the tour does in the FTP panel, as a newcomer would: start a server, connect, get a file, type a command.

It must not reach around the widgets: it clicks and types, and looks at results.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from widgets.ftp.lanes import Lanes
from widgets.panel import Check, Click, DemoStep, Picture, Type, Wait

if TYPE_CHECKING:
    from widgets.ftp.panel import FtpPanel


def steps(panel: FtpPanel) -> Iterator[DemoStep]:
    """Both ends, a file from there to here, a command by hand."""
    ends, slot = panel.ends, panel.slot
    ends.server.form.fields["port"] = 0
    yield Click(ends.server.start_button)
    yield Wait("a server listens", lambda: ends.server.server is not None)
    yield Click(ends.client.form.connect_button)
    yield Wait("the client is connected", lambda: slot.phase == "connected")
    yield Click(ends.client.live.files_button)
    files = panel.files
    yield Wait("the server's files are listed", lambda: files.there.listing is not None)
    with tempfile.TemporaryDirectory(prefix="netlab-demo-") as folder:
        yield Type(files.here.field, folder, enter=True)
        yield Wait("an empty folder here is shown", lambda: files.here.path == folder)
        files.there.view.selectAll()
        yield Click(files.get_button)
        yield Wait("all of it is here", lambda: files.queue.model.counts.done > 8
                   and files.queue.model.counts.open == 0, 20)  # fmt: skip
        yield Check("no transfer has failed", files.queue.model.counts.failed == 0)
        yield Check("the large file is whole", (Path(folder) / "large.bin").stat().st_size == 8 << 20)
        yield Wait("the pane here shows it", lambda: "large.bin" in {e.name for e in files.here.listing.entries})
        yield Picture()
        panel.show_view("lanes")
        lanes = panel.view("lanes").findChild(Lanes)
        yield Wait("both connections are drawn", lambda: lanes is not None and lanes.layout_of.order)
        panel.show_view("hand")
        yield Type(panel.hand.field, "FEAT", enter=True)
        yield Wait("the reply is decoded", lambda: panel.hand.model.rowCount() == 1)
        yield Check("its code is explained", panel.hand.lead.text().startswith("211"))
    panel.show_view("ends")
    yield Click(ends.client.close_button)
    yield Wait("the client has gone", lambda: slot.phase == "ended")
    yield Click(ends.server.stop_button)
    yield Wait("the server has stopped", lambda: ends.server.server is None)
