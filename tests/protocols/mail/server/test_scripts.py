"""The mail server as a script: it takes mail for its users, keeps it, and relays none."""

from __future__ import annotations

import mailbox
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

from protocols.scripts import render


@pytest.mark.parametrize("domain", ["", "lab.example"])
def test_the_script_serves_and_keeps_mail(domain: str, tmp_path: Path) -> None:
    place = tmp_path / "server.py"
    place.write_text(render("mail-server", {"port": 0, "users": ("ann",), "domain": domain}))
    with subprocess.Popen([sys.executable, str(place)], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().rpartition(":")[2])
            with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
                refused = client.sendmail("a@b", ["ann@lab.example", "zed@lab.example"], b"Subject: x\r\n\r\nhi\r\n")
                assert {address: code for address, (code, _) in refused.items()} == {"zed@lab.example": 550}
                client.mail("a@b")
                assert client.rcpt("ann@other.example")[0] == (550 if domain else 250)
            assert process.stdout.readline() == "mail from a@b to ann@lab.example, 18 bytes\n"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    [mail] = mailbox.Maildir(tmp_path / "mail-ann", create=False)
    assert mail["Subject"] == "x"
