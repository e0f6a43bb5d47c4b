"""The ground every test stands on: an offscreen Qt, a home of its own, and nothing left behind."""

from __future__ import annotations

import faulthandler
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import leaks
from tests.peers import RARE, rare

CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "lab",
    deadline=None,
    max_examples=50,
    derandomize=CI,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("lab")

# -- a home of its own ------------------------------------------------------------------------------------------------

_home: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: no display, no settings of the person who runs the tests."""
    config.addinivalue_line("markers", "slow: takes more than ten seconds")
    config.addinivalue_line("markers", "rare(name): left out, and the run says so, where tests.peers.rare finds none")
    home = tempfile.mkdtemp(prefix="nl-", dir="/tmp" if os.path.isdir("/tmp") else None)
    _home.append(home)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "QT_STYLE_OVERRIDE", "QT_SCALE_FACTOR"):
        os.environ.pop(name, None)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    places = {"HOME": "home", "TMPDIR": "tmp", "XDG_RUNTIME_DIR": "run", "XDG_CONFIG_HOME": "home/.config"}
    places |= {"XDG_DATA_HOME": "home/.local/share", "XDG_STATE_HOME": "home/.local/state"}
    places |= {"XDG_CACHE_HOME": "home/.cache"}
    for name, below in places.items():
        path = os.path.join(home, below)
        os.makedirs(path, mode=0o700, exist_ok=True)
        os.environ[name] = path
    tempfile.tempdir = None
    leaks.adopt_orphans()
    _stderr.append(os.dup(2))
    # Started in the background by a shell, this process ignores SIGINT, and so would every program it starts.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Remove the home; nothing is watched any more."""
    faulthandler.cancel_dump_traceback_later()
    for home in _home:
        shutil.rmtree(home, ignore_errors=True)


# -- the longest first ------------------------------------------------------------------------------------------------

LONG = (
    "tests/test_wheel.py", "tests/protocols/test_scripts.py", "tests/netlab_gui/", "tests/interop/test_command_line.py",
    "tests/widgets/mail/test_panel.py", "tests/widgets/sockets/test_client_card.py",
    "tests/widgets/creosote/test_panel.py", "tests/widgets/http/test_proxy_view.py",
    "tests/interop/test_live_packets_command_line.py", "tests/protocols/packets/test_live_scripts.py",
    "tests/widgets/mail/mailbox/test_page.py", "tests/protocols/http/test_client.py",
    "tests/widgets/http/test_panel.py", "tests/widgets/http/test_sandbox.py", "tests/widgets/http/test_lessons.py",
    "tests/widgets/creosote/log/test_pane.py", "tests/test_gates_", "tests/interop/test_ftp_server_peers.py",
)  # fmt: skip
"""Files of many seconds: begun last, they would keep one process busy while the others have nothing."""


def _place(item: pytest.Item) -> int:
    return next((place for place, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever order the others have, these come first; and what hardly any machine can do is left out here."""
    items.sort(key=_place)
    left_out = [item for item in items if (mark := item.get_closest_marker("rare")) and not rare(mark.args[0])]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out: a test that nobody misses is no test."""
    for name in RARE:
        if not rare(name):
            terminalreporter.write_line(f"LEFT OUT: tests marked rare({name!r}), no {' or '.join(RARE[name])} here")


# -- a skipped test fails where nothing may be missing ----------------------------------------------------------------


def _fail_skip(report: Any) -> None:
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, and with CI set a skip is a failure: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure with CI set."""
    report = yield
    _fail_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Turn the skip of a whole module into a failure with CI set."""
    report = yield
    _fail_skip(report)
    return report


# -- a loaded machine is slow, not wrong ------------------------------------------------------------------------------

PATIENCE_MS = 30_000
"""What every wait for the window gets at least: a deadline is for what never comes."""


def _patient(wait: Callable[..., Any]) -> Callable[..., Any]:
    def waiting(*args: Any, timeout: int = PATIENCE_MS, **more: Any) -> Any:
        sure_to_end = more.get("raising") is False  # waiting for what must not come takes the whole time
        return wait(*args, timeout=timeout if sure_to_end else max(timeout, PATIENCE_MS), **more)

    return waiting


@pytest.fixture
def qtbot(qtbot: Any) -> Any:
    """pytest-qt's, with patience."""
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitExposed", "waitActive"):
        setattr(qtbot, name, _patient(getattr(qtbot, name)))
    return qtbot


# -- what hangs in C says where ----------------------------------------------------------------------------------------

HANGS_S = 120
"""Beyond pytest-timeout's limit: its signal waits for the interpreter, and C code may never return to it."""
_RENEW_S = 20
"""The watch is a thread of the system's, and a new one costs each test more than many a test does."""
_renewed = [-float(_RENEW_S)]
_stderr: list[int] = []
"""Where it goes outside of the tests: pytest puts files in its place while they run, and while it reads this."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol() -> None:
    """Put off the moment at which every thread's stack is written to stderr."""
    now = time.monotonic()
    if now - _renewed[0] >= _RENEW_S:
        _renewed[0] = now
        faulthandler.dump_traceback_later(HANGS_S, file=_stderr[0])


# -- nothing left behind ----------------------------------------------------------------------------------------------


def pytest_collection_finish() -> None:
    """What stands now stays to the end: the search for forgotten timers need not look through it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    uses_qt = not {"qapp", "qtbot", "qtmodeltester"}.isdisjoint(request.fixturenames)
    timers = len(leaks.active_timers()) if uses_qt else None
    roots = leaks.qt_roots() if uses_qt else []
    before = leaks.Picture.take()
    yield
    if uses_qt:
        leaks.end_qt_objects(roots)
    found = leaks.left_behind(before, timers)
    if found:
        leaks.put_away(before)
        pytest.fail("left behind: " + "; ".join(found), pytrace=False)


# -- the GUI thread never waits for the network -----------------------------------------------------------------------

_BLOCKING = frozenset(
    {
        "socket.__new__", "socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
        "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "subprocess.Popen", "time.sleep",
    }
)  # fmt: skip
_GUI = (str(ROOT / "widgets") + os.sep, str(ROOT / "netlab_gui") + os.sep)
_HEADLESS = frozenset(str(ROOT / "netlab_gui" / name) for name in ("cli.py", "__main__.py"))
_seen: list[str] = []


def _on_audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Called by the interpreter for every audited call: note one that GUI code makes in the GUI thread."""
    if event not in _BLOCKING or threading.current_thread() is not threading.main_thread():
        return
    caller = _gui_caller(sys._getframe(1))
    if caller is not None and _has_application():
        _seen.append(f"{event} below {caller}")


def _gui_caller(frame: FrameType | None) -> str | None:
    """The innermost frame in the window's code; None where there is none, or the command line is what runs."""
    found = None
    while frame is not None:
        name = frame.f_code.co_filename
        if name in _HEADLESS:
            return None
        if found is None and name.startswith(_GUI):
            found = f"{os.path.relpath(name, ROOT)}:{frame.f_lineno}"
        frame = frame.f_back
    return found


def _has_application() -> bool:
    core = sys.modules.get("PySide6.QtCore")
    return core is not None and core.QCoreApplication.instance() is not None


sys.addaudithook(_on_audit)


@pytest.fixture
def gui_thread_calls() -> list[str]:
    """The blocking calls seen so far; a test that provokes one on purpose empties it."""
    return _seen


@pytest.fixture(autouse=True)
def _gui_thread_never_waits() -> Iterator[None]:
    _seen.clear()
    yield
    found = list(dict.fromkeys(_seen))
    _seen.clear()
    if found:
        pytest.fail("a socket, a sleep or a child process in the GUI thread: " + "; ".join(found), pytrace=False)
