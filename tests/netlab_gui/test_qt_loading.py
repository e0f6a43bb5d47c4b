"""Behind Qt, modules are imported without their source text being read."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOK = """
import linecache
from netlab_gui import qt_loading
{spare}
import widgets.bridge
print(sum("widgets" in name for name in linecache.cache))
"""


@pytest.mark.parametrize(("spare", "reads"), [("qt_loading.spare_sources()", False), ("", True)])
def test_no_source_is_read_once_qt_is_told(spare: str, reads: bool) -> None:
    run = subprocess.run([sys.executable, "-c", LOOK.format(spare=spare)], capture_output=True, text=True, check=True)
    assert (int(run.stdout) > 0) is reads
