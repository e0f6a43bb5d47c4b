"""What helps: the window hears of its buttons, the command line of its options."""

from __future__ import annotations

import re
import tomllib

import asyncssh

from protocols.assets import asset
from protocols.ftp.client import trouble
from protocols.ftp.client.sftpwords import refused
from protocols.record.explain import explain

CASES = tomllib.loads(asset("ftp", "failures.toml").read_text("utf-8"))
BUTTONS = ("Replace", "Resume", "Switch", 'Choose "')


def test_each_is_told_of_its_own_alone() -> None:
    for name, entry in CASES.items():
        for line in entry.get("mend", ()):
            assert not re.search(r"(^|\s)--?[a-z]|://", line), name
        for line in entry.get("options", entry.get("mend", ())):
            assert not any(word in line for word in BUTTONS), name
        for line in (*entry.get("mend", ()), *entry.get("options", ())):
            assert not line.endswith("."), name


def test_the_command_line_takes_what_the_window_is_told_where_both_are_the_same() -> None:
    assert trouble.options_of(trouble.trouble("exists", path="a").told)[0] == "Write over it with --force"
    told = trouble.trouble("local file", path="a", said="no").told
    assert trouble.options_of(told) == told.mend
    told = explain(FileNotFoundError(2, "none"), call="open", address="/srv/none")
    assert trouble.options_of(told) == told.mend


def test_a_status_of_sftp_that_says_nothing_is_told_with_what_it_may_mean() -> None:
    def why(error: asyncssh.SFTPError) -> str:
        return refused(error, "write a", "h:22").told.why

    assert "a quota that is used up" in why(asyncssh.SFTPFailure("Failure"))
    assert why(asyncssh.SFTPFailure("Disk quota exceeded")) == "h:22 answered write a with: Disk quota exceeded."
    assert why(asyncssh.SFTPQuotaExceeded("")) == "h:22 answered write a with: quota exceeded."
