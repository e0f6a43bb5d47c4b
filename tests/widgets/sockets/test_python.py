"""Show as Python reaches every view: the script is the one of what is shown, and it runs."""

from __future__ import annotations

import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from protocols.scripts import SCRIPTS, render
from protocols.sockets.demos import DEMOS
from tests.widgets.sockets.conftest import Bench
from widgets.sockets.lessons.experiment_scripts import EXPERIMENT_SCRIPTS
from widgets.sockets.lessons.experiments_page import ExperimentsPage
from widgets.sockets.lessons.failures_page import FailuresPage
from widgets.sockets.lessons.steps_page import StepsPage
from widgets.sockets.options.page import OptionsPage
from widgets.sockets.tls.page import TLSPage


def _ran(script: tuple[str, dict[str, Any]], folder: Path) -> str:
    """What a script of the registry says when it is run by itself."""
    path = folder / "script.py"
    path.write_text(render(*script), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_failure_is_shown_as_its_script(bench: Bench) -> None:
    bench.panel.show_view("failures")
    page = cast("FailuresPage", bench.panel.view("failures"))
    for row in range(page.model.rowCount()):
        item = page.model.item(row)
        assert item is not None
        page.view.choose(item.id)
        if page.python_button.isVisible():
            bench.click(page.python_button)
            assert bench.scripts[-1] == ("failure", {"failure": item.id})
            compile(render(*bench.scripts[-1]), item.id, "exec")
    assert len(bench.scripts) > 10


def test_the_panels_button_shows_the_script_of_the_view(bench: Bench) -> None:
    bench.panel.show_view("failures")
    cast("FailuresPage", bench.panel.view("failures")).view.choose("in-use")
    bench.click(bench.panel.python_button)
    bench.panel.show_view("experiments")
    cast("ExperimentsPage", bench.panel.view("experiments")).view.choose("full-queue")
    bench.click(bench.panel.python_button)
    bench.panel.show_view("steps")
    bench.click(bench.panel.python_button)
    assert [id for id, _ in bench.scripts] == ["failure", "failure", "steps"]
    assert bench.scripts[1][1] == {"failure": "backlog"}


def test_the_steps_taken_become_a_script_in_their_order(bench: Bench, tmp_path: Path) -> None:
    bench.panel.show_view("steps")
    page = cast("StepsPage", bench.panel.view("steps"))
    for side, name in (
        (page.server, "create"),
        (page.server, "bind"),
        (page.server, "listen"),
        (page.client, "create"),
        (page.client, "connect"),
        (page.client, "send"),
    ):
        with bench.qtbot.waitSignal(side.stepped, timeout=5000):
            bench.click(side.buttons[name])
    bench.click(page.server.python_button)
    bench.click(page.client.python_button)
    server, client = bench.scripts
    assert [step for step, _ in server[1]["steps"]] == ["create", "bind", "listen"]
    assert client[1]["steps"] == (("create", b""), ("connect", b""), ("send", b"hello\n"))
    assert "sent 6 bytes" in _ran(client, tmp_path)
    bench.click(page.over_button)
    bench.click(page.client.python_button)
    assert len(bench.scripts[-1][1]["steps"]) > 3, "before the first step: the usual ones"


@pytest.mark.parametrize("end", ["client 1", "server 1"])
def test_an_options_script_sets_exactly_that_one(bench: Bench, end: str, tmp_path: Path) -> None:
    bench.start_server(behaviour="echo")
    bench.connect()
    bench.panel.show_view("options")
    page = cast("OptionsPage", bench.panel.view("options"))
    assert page.choose(end)
    bench.wait(lambda: page.model.row_of("SO_SNDBUF") >= 0)
    page.table.selectRow(page.model.row_of("SO_SNDBUF"))
    page.value.setText("7000")
    bench.click(page.python_button)
    script = bench.scripts[-1]
    assert script[1]["option"] == "SO_SNDBUF"
    assert script[1]["end"] == ("client" if end == "client 1" else "listener")
    assert "now 14000" in _ran(script, tmp_path)


def test_the_tls_clients_script_trusts_the_exported_lab_ca(bench: Bench, tmp_path: Path) -> None:
    bench.panel.show_view("tls")
    page = cast("TLSPage", bench.panel.view("tls"))
    bench.click(page.connect_button)
    bench.wait(lambda: page.facts)
    authority = bench.panel.actions_of.authority
    authority.export(tmp_path / "mine.pem")
    bench.wait(lambda: "Saved as mine.pem" in bench.toasts)
    bench.click(page.client_python_button)
    client = bench.scripts[-1]
    assert client[1]["ca_file"] == str(tmp_path / "mine.pem")
    said = _ran((client[0], {**client[1], "timeout_s": 0.5}), tmp_path)
    assert "secured by TLS" in said
    bench.click(page.server_python_button)
    assert bench.scripts[-1][0] == "server"
    assert bench.scripts[-1][1]["tls"] is True


def test_the_exported_pem_is_a_servers_and_nobody_else_may_read_it(bench: Bench, tmp_path: Path) -> None:
    authority = bench.panel.actions_of.authority
    path = tmp_path / "server.pem"
    path.write_text("old")
    authority.export_pem(path)
    bench.wait(lambda: "Saved as server.pem" in bench.toasts)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(path)
    bench.start_server(behaviour="echo", tls=True)
    bench.click(bench.panel.python_button)
    assert bench.scripts[-1][1]["certificate"] == str(path)
    authority.export(tmp_path / "nowhere" / "ca.pem")
    bench.wait(lambda: any(toast.startswith("Not saved: No such file") for toast in bench.toasts))


def test_a_telnet_session_is_shown_as_a_script_that_logs_in(bench: Bench, tmp_path: Path) -> None:
    bench.start_server(behaviour="telnet")
    bench.click(bench.panel.python_button)
    assert bench.scripts[-1][0] == "telnet-client"
    assert "Welcome. Type help." in _ran(bench.scripts[-1], tmp_path)
    view = bench.connect()
    bench.panel.ends.clients.sent.emit(view.slot, b"guest\r\n")
    bench.click(bench.panel.python_button)
    assert bench.scripts[-1][1]["lines"] == ["guest"]


def test_a_page_is_shown_as_the_script_that_fetches_it(bench: Bench, tmp_path: Path) -> None:
    bench.start_server(behaviour="page")
    bench.click(bench.panel.python_button)
    assert "It works" in _ran(bench.scripts[-1], tmp_path)


def test_every_experiments_script_exists_and_most_experiments_have_one() -> None:
    assert set(EXPERIMENT_SCRIPTS) <= {demo.id for demo in DEMOS}
    assert len(EXPERIMENT_SCRIPTS) > 0.75 * len(DEMOS)
    for id, params in EXPERIMENT_SCRIPTS.values():
        assert id in SCRIPTS
        compile(render(id, params), id, "exec")
