"""The levels: what works for whom, what more would, and the exact command; as root, as nobody, without namespaces."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from protocols.packets.capture.live import has_net_raw
from protocols.packets.levels import probe
from tests import ordinary
from tests.peers import require_tool

_ASK = """
import json
from dataclasses import asdict
from protocols.packets.levels import probe
found = probe()
print(json.dumps({"levels": [asdict(level) for level in found.levels], "ways": found.ways, "highest": found.highest}))
"""


def asked(*before: str) -> dict[str, object]:
    done = subprocess.run(
        [*before, sys.executable, "-c", _ASK], capture_output=True, text=True, env=ordinary.environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_this_user() -> None:
    found = probe()
    assert [level.number for level in found.levels] == [0, 1, 2]
    assert found.levels[0].works
    if has_net_raw():
        assert "own" in found.ways
        assert found.highest == 2
    for level in found.levels:
        assert level.now or level.more, "a level says something in any case"
        assert level.works is bool(level.now)


def test_an_ordinary_user_is_told_the_exact_commands() -> None:
    require_tool("dumpcap")
    found = asked(*ordinary.argv())
    levels = found["levels"]
    assert isinstance(levels, list)
    if found["highest"] == 2:
        return  # this machine's dumpcap is for everybody
    assert found["ways"] == []
    commands = [more["command"] for more in levels[2]["more"]]
    assert any("dumpcap" in command or "wireshark" in command for command in commands)
    assert any(re.fullmatch(r"sudo \S*netlab capture --interface lo", command) for command in commands)
    assert not any("setcap" in command and "python" in command for command in commands)


def test_without_namespaces_the_first_level_says_why_and_the_rest_goes_on() -> None:
    unshare = require_tool("unshare")
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    found = asked(unshare, "-Ur", "sh", "-c", script, "sh")
    levels = found["levels"]
    assert isinstance(levels, list)
    assert levels[0]["works"]
    assert not levels[1]["works"]
    assert levels[1]["more"][0]["setting"] == "user.max_user_namespaces"
    assert found["ways"] == [], "root of a namespace has no right to the network outside of it"
