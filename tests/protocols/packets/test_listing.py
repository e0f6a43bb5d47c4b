from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from netlab_gui import cli
from tests.peers import require_tool
from tests.protocols.packets import making, zoo

ROOT = Path(__file__).resolve().parents[3]
NAMES = ["number", "time", "length", "captured", "src", "dst", "sport", "dport", "protocol", "info"]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.pcap"
    path.write_bytes(making.pcap(making.frames_of(zoo.ethernet())))
    return path


def test_csv_has_one_line_a_packet_and_ten_values_in_each(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["packets", str(sample), "--csv"]) == 0
    out, err = capfd.readouterr()
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == NAMES
    assert len(out.splitlines()) == len(rows) == len(zoo.ethernet()) + 1
    assert all(len(row) == 10 for row in rows)
    assert rows[1] == ["1", "1700000000.000000000", "81", "81", "10.0.0.1", "10.0.0.2", "40112", "8000", "HTTP",
                       "GET / HTTP/1.1"]  # fmt: skip
    assert f"{len(zoo.ethernet())} packets, 0 blocks skipped" in err


def test_json_tells_each_packet_and_a_summary_at_the_end(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["packets", str(sample), "--json", "--limit", "6"]) == 0
    first, *packets, last = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert first["detail"]["epoch_ns"] == 0
    assert [(one["layer"], one["t"]) for one in packets] == [
        ("packet", 1_700_000_000_000_000_000 + number * 1_000_000) for number in range(6)]  # fmt: skip
    assert set(NAMES) <= set(packets[5]["detail"])
    assert packets[5]["detail"]["sport"] is None
    assert packets[5]["detail"]["info"] == "Who has 10.0.0.2? Tell 10.0.0.1"
    assert last["kind"] == "summary"
    assert last["detail"] == {"packets": 6, "blocks_skipped": 0, "bytes": 81 + 101 + 75 + 95 + 70 + 42}


def test_a_damaged_file_is_listed_as_far_as_it_is_good(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sample.write_bytes(making.pcap(making.frames_of(zoo.ethernet()[:9]))[:-1])
    assert cli.main(["packets", str(sample), "--json"]) == 1
    out, err = capfd.readouterr()
    assert "cut off within a packet" in err
    last = json.loads(out.splitlines()[-1])
    assert last["detail"]["packets"] == 8
    assert "cut off" in last["detail"]["why"]


def test_unknown_blocks_are_counted_and_no_damage(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sample.write_bytes(making.pcapng(making.frames_of(zoo.ethernet()[:2])) + making.block(77, b"what"))
    assert cli.main(["packets", str(sample)]) == 0
    assert "2 packets, 1 block skipped" in capfd.readouterr().err


def test_a_capture_filter_takes_what_tcpdump_takes(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for text in ("tcp", "udp port 5353", "ip6", "vlan and tcp", "arp or icmp", "len > 90", "ip[6:2] & 0x1fff != 0"):
        cli.main(["packets", str(sample), "--csv", "--filter", text])
        mine = len(capfd.readouterr().out.splitlines()) - 1
        done = subprocess.run([require_tool("tcpdump"), "-n", "-r", str(sample), "-w", str(sample) + ".out", text],
                              capture_output=True, timeout=60, check=True)  # fmt: skip
        assert done.returncode == 0
        cli.main(["packets", str(sample) + ".out", "--csv"])
        assert len(capfd.readouterr().out.splitlines()) - 1 == mine, text


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--filter", "port port"], "The capture filter can't be used"), (["--show", "999"], "There is no packet 999")],
)
def test_what_can_not_be_done_is_told(
    sample: Path, words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["packets", str(sample), *words]) == 1
    assert said in capfd.readouterr().err


def test_show_goes_with_no_word_of_the_list(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["packets", str(sample), "--show", "1", "--json"])
    assert ended.value.code == 2
    assert "--show is the tree of one packet" in capfd.readouterr().err


def test_a_file_that_is_not_there_and_one_that_is_no_capture(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["packets", str(tmp_path / "none")]) == 1
    assert "No such file" in capfd.readouterr().err
    (tmp_path / "text").write_text("just text, nothing else")
    assert cli.main(["packets", str(tmp_path / "text"), "--json"]) == 1
    out, err = capfd.readouterr()
    assert "no capture file" in err
    assert "no capture file" in json.loads(out.splitlines()[-1])["detail"]["why"]


def test_show_tells_the_whole_tree_of_a_packet(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["packets", str(sample), "--show", "5"]) == 0
    out = capfd.readouterr().out
    assert "ttl = 64  [22:23]" in out
    assert "Maximum segment size = 1460" in out


def test_listing_loads_neither_qt_nor_scapy(sample: Path) -> None:
    code = ("import sys\nfrom netlab_gui import cli\ncli.main(['packets', sys.argv[1], '--csv'])\n"
            "print(*sys.modules, file=sys.stderr)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code, str(sample)], capture_output=True, text=True, timeout=60,
                          cwd=ROOT, check=True)  # fmt: skip
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint({"PySide6", "shiboken6", "scapy", "widgets"})


def test_what_comes_through_a_pipe_is_listed_packed_or_not(sample: Path) -> None:
    for data in (sample.read_bytes(), gzip.compress(sample.read_bytes())):
        done = subprocess.run([sys.executable, "-m", "netlab_gui", "packets", "-", "--limit", "2", "--csv"], cwd=ROOT,
                              input=data, capture_output=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 3
    with pytest.raises(SystemExit):
        cli.main(["packets", ""])
