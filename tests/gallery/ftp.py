"""Pictures of the FTP panel in both palettes and several sizes, from real services.

By hand: `python -m tests.gallery.ftp --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.gallery.studio import Studio, asked
from widgets.ftp.panel import FtpPanel


class FtpStudio(Studio[FtpPanel]):
    """The panel and what a picture of it takes."""

    def close(self) -> None:
        """Stop everything, the server first."""
        self.panel.ends.server.stop()
        self.settle(0.3)
        super().close()


def play(studio: FtpStudio, folder: Path) -> None:
    """From the empty panel through every view."""
    panel, ends = studio.panel, studio.panel.ends
    studio.shoot("01-empty")
    ends.client.form.fields["port"] = 1
    ends.client.connect_now()
    studio.until(lambda: panel.slot.trouble)
    studio.shoot("02-refused")
    ends.client.form.more_button.setChecked(True)
    studio.shoot("03-more")
    ends.client.form.more_button.setChecked(False)
    panel.show_view("files")
    studio.until(lambda: panel.files.here.listing)
    studio.shoot("04-files-away")
    panel.show_view("ends")
    ends.client.form.fields["protocol"] = "explicit"
    ends.give_other_end()
    studio.until(lambda: panel.slot.phase == "connected")
    studio.settle(0.5)
    studio.shoot("05-connected")
    panel.show_view("files")
    files = panel.files
    studio.until(lambda: files.there.listing)
    files.here.go(str(folder))
    studio.until(lambda: files.here.path == str(folder))
    files.there.view.selectAll()
    studio.settle()
    files.get_button.click()
    studio.until(lambda: files.queue.model.counts.done > 8 and files.queue.model.counts.open == 0)
    studio.settle(0.3)
    files.there.model.toggle(2)
    studio.settle(0.3)
    studio.shoot("06-files")
    files.there.view.selectAll()
    files.fields["caller"] = "object"
    files.get_button.click()
    studio.until(lambda: files.queue.model.counts.failed and files.queue.model.counts.open == 0)
    studio.settle(0.3)
    files.queue.table.selectRow(files.queue.model.rowCount() - 1)
    files.there.view.clearSelection()
    files.there.view.selectRow(0)
    files.there.ask_remove()
    studio.shoot("07-exists")
    files.there.ask.put_away()
    files.there.tell_about()
    studio.shoot("08-about")
    panel.show_view("lanes")
    studio.settle(0.3)
    studio.shoot("11-lanes")
    panel.show_view("hand")
    studio.shoot("09-hand-empty")
    for line in ("FEAT", "SIZE readme.txt", "CWD nowhere", "LIST"):
        panel.hand.field.setText(line)
        panel.hand.send()
        studio.until(lambda: not panel.hand.waiting)
    studio.shoot("10-hand")


def main() -> None:
    """Take all pictures."""
    arguments = asked(__doc__)
    studio = FtpStudio(FtpPanel, arguments.out, arguments.sizes)
    try:
        with tempfile.TemporaryDirectory() as folder:
            play(studio, Path(folder))
    finally:
        studio.close()


if __name__ == "__main__":
    main()
