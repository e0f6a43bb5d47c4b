"""Listings of every dialect met in the wild: each line read as its server means it, unknown ones kept, bounded."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ftp.listing.entry import Entry
from protocols.ftp.listing.facts import read_facts, time_of
from protocols.ftp.listing.reader import ListingReader

NOW = datetime(2026, 11, 29, 12, 0)


def read(text: str | bytes, facts: bool = False, **bounds: int) -> ListingReader:
    reader = ListingReader(facts=facts, now=NOW, **bounds)
    reader.feed(text.encode() if isinstance(text, str) else text)
    reader.end()
    return reader


def one(line: str) -> Entry:
    entries = read(line + "\r\n").entries
    assert len(entries) == 1
    return entries[0]


@pytest.mark.parametrize(
    ("line", "kind", "name", "size", "modified"),
    [
        # ls -l, old and new
        ("-rw-r--r--   1 root     other        531 Jan 29 03:26 README", "file", "README", 531, "2026-01-29 03:26"),
        ("dr-xr-xr-x   2 root     other        512 Apr  8  1994 etc", "dir", "etc", 512, "1994-04-08"),
        ("dr-xr-xr-x   2 root     512 Apr  8  1994 no group", "dir", "no group", 512, "1994-04-08"),
        ("-rw-r--r--  1 1000 1000 7 Dec 31 23:59 last year", "file", "last year", 7, "2025-12-31 23:59"),
        ("-rw-r--r--  1 a b 7 Feb 29 12:00 leap", "file", "leap", 7, "2024-02-29 12:00"),
        ("-rw-r--r--+ 1 a \"Domain Users\" 7 2020-01-02 10:11 acl", "file", "acl", 7, "2020-01-02 10:11"),
        ("-rw-r--r-- 1 a b 7 2020-01-02 10:11:12.5 +0200 zone", "file", "zone", 7, "2020-01-02 08:11:12"),
        ("-rw-r--r-- 1 a b 7 1. Mär 2020 deutsch", "file", "deutsch", 7, "2020-03-01"),
        ("-rw-r--r-- 1 a b 7 12 déc. 08:30 français", "file", "français", 7, "2025-12-12 08:30"),
        ("-rw-r--r-- 1 a b 7 12\u6708 11\u65e5 10:30 \u6587", "file", "\u6587", 7, "2025-12-11 10:30"),
        ("-rw-r--r-- 1 a b 7 Jan 01 2020   leading blanks", "file", "  leading blanks", 7, "2020-01-01"),
        ("-rw-r--r-- 1 a b 7 Jan 01 2020 12 Feb 2019 x", "file", "12 Feb 2019 x", 7, "2020-01-01"),
        ("-------r--         326  1391972  1392298 Nov 22  1995 MegaPhone.sit", "file", "MegaPhone.sit", 1392298,
         "1995-11-22"),
        ("drwxrwxr-x               folder        2 May 10  1996 network", "dir", "network", 2, "1996-05-10"),
        ("brw-rw---- 1 root disk 8, 1 Jan 01 2020 sda1", "other", "sda1", None, "2020-01-01"),
        ("-rw-r--r-- 1 a b 7 Foo 99 2020 strange date", "file", "strange date", 7, None),
        # NetWare
        ("d [R----F--] supervisor            512       Jan 16 18:53    login", "dir", "login", 512,
         "2026-01-16 18:53"),
        ("- [R----F--] rhesus             214059       Oct 20 15:27    cx.exe", "file", "cx.exe", 214059,
         "2026-10-20 15:27"),
        # Windows
        ("04-27-00  09:09PM       <DIR>          licensed", "dir", "licensed", None, "2000-04-27 21:09"),
        ("04-14-00  12:47AM                  589 readme.htm", "file", "readme.htm", 589, "2000-04-14 00:47"),
        ("2013-09-02  18:48       <DIR>          iso", "dir", "iso", None, "2013-09-02 18:48"),
        ("02.09.2013  18:48                1.589 punkte.txt", "file", "punkte.txt", 1589, "2013-09-02 18:48"),
        ("09/02/2013  06:48 PM    <JUNCTION>     there [C:\\x]", "link", "there", None, "2013-09-02 18:48"),
        # EPLF
        ("+i8388621.48594,m825718503,r,s280,up644\tdjb.html", "file", "djb.html", 280, "1996-03-01 22:15:03"),
        ("+i8388621.50690,m824255907,/,\t514", "dir", "514", None, "1996-02-13 23:58:27"),
        # VMS
        ("CORE.DIR;1          1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)", "dir", "CORE", None, "1996-09-08 16:09"),
        ("00README.TXT;1      2 30-DEC-1996 17:44 [SYSTEM] (RWED,RWED,RE,RE)", "file", "00README.TXT", None,
         "1996-12-30 17:44"),
        # OS/2
        ("     0           DIR    05-12-97   16:44  PSFONTS", "dir", "PSFONTS", None, "1997-05-12 16:44"),
        (" 36611      A    04-23-103   10:57  OS2 test.file", "file", "OS2 test.file", 36611, "2003-04-23 10:57"),
        # MVS
        ("WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  MVS.FILE", "file", "MVS.FILE", None, "2003-05-21"),
        ("WPTA01 3290   2004/03/04  1    3  FB      80  3125  PO  MVS.SET", "dir", "MVS.SET", None, "2004-03-04"),
        ("Migrated                                     SOME.NAME", "file", "SOME.NAME", None, None),
        (" MEMBER1   01.01 2004/06/22 2004/06/22 16:32   128   128    0 BOBY12", "file", "MEMBER1", None,
         "2004-06-22 16:32"),
        # OS/400, NonStop, VM
        ("QSYS            77824 02/23/00 15:09:55 *DIR QDEVELOP/", "dir", "QDEVELOP", 77824, "2000-02-23 15:09:55"),
        ("QSYS            77824 23/02/00 15:09:55 *STMF file.txt", "file", "file.txt", 77824, "2000-02-23 15:09:55"),
        ('IARPTS    101  16354 18-Mar-98 09:53:41 221,  8 "nunu"', "file", "IARPTS", 16354, "1998-03-18 09:53:41"),
        ("PROFILE  EXEC     A1 F       80       10        1 1998-05-07 14:42:33 MDISK", "file", "PROFILE.EXEC", 800,
         "1998-05-07 14:42:33"),
    ],
)  # fmt: skip
def test_a_line_of_each_dialect(line: str, kind: str, name: str, size: int | None, modified: str | None) -> None:
    entry = one(line)
    assert (entry.kind, entry.name, entry.size) == (kind, name, size)
    assert entry.modified == (datetime.fromisoformat(modified) if modified else None)
    assert entry.known
    assert entry.raw == line


def test_a_link_names_its_target() -> None:
    entry = one("lrwxrwxrwx   1 root     other          7 Jan 25 00:17 bin -> usr/bin")
    assert (entry.kind, entry.name, entry.target) == ("link", "bin", "usr/bin")
    assert (entry.owner, entry.group) == ("root", "other")


def test_a_vms_name_on_a_line_of_its_own_is_joined_with_the_next() -> None:
    reader = read("CII-MANUAL.TEX;1\r\n      213/216  29-JAN-1996 03:33:12  [ANONYMOU]   (RWED,RWED,,)\r\n")
    assert [entry.name for entry in reader.entries] == ["CII-MANUAL.TEX"]


def test_unknown_lines_are_kept_and_headings_are_no_entries() -> None:
    reader = read("total 12\r\nwhat is this\r\n-rw-r--r-- 1 a b 7 Jan 01 2020 a\r\nLONELY.TXT;1\r\n")
    assert reader.remarks == ["total 12"]
    assert [(entry.name, entry.known) for entry in reader.entries] == [
        ("what is this", False), ("a", True), ("LONELY.TXT;1", False)]  # fmt: skip


def test_the_folder_itself_and_its_parent_are_no_entries() -> None:
    text = "drwxr-xr-x 2 a b 7 Jan 01 2020 .\r\ndrwxr-xr-x 2 a b 7 Jan 01 2020 ..\r\n"
    assert read(text).entries == []
    facts = "type=cdir;modify=20200101000000; /x\r\ntype=pdir; ..\r\ntype=dir; y\r\n"
    assert [entry.name for entry in read(facts, facts=True).entries] == ["y"]


def test_facts() -> None:
    line = "Type=file;Size=1024;Modify=19990929003355.237;Perm=r;UNIX.mode=0644; a file; b=c\r\n"
    entry = read(line, facts=True).entries[0]
    assert (entry.name, entry.kind, entry.size, entry.mode, entry.utc) == ("a file; b=c", "file", 1024, "0644", True)
    assert entry.modified == datetime(1999, 9, 29, 0, 33, 55)
    link = read("type=OS.unix=slink:/there;size=3; here\r\n", True).entries[0]
    assert (link.kind, link.target) == ("link", "/there")
    assert not read("nonsense\r\n", True).entries[0].known
    assert time_of("20210229000000") is None


def test_bytes_that_are_no_utf8_are_kept() -> None:
    entry = read(b"-rw-r--r-- 1 a b 7 Jan 01 2020 caf\xe9\r\n").entries[0]
    assert entry.name.encode("utf-8", "surrogateescape") == b"caf\xe9"


def test_a_line_without_end_and_a_listing_without_end_are_cut() -> None:
    reader = read(b"x" * 100_000 + b"\r\nnext\r\n")
    assert [len(entry.name) for entry in reader.entries] == [16384, 4]
    bounded = read(b"line\r\n" * 1000, most=10)
    assert len(bounded.entries) == 10
    assert "more than 10" in bounded.cut
    assert "longer" in read(b"line\r\n" * 2000, most_bytes=1 << 10).cut


@given(st.binary(max_size=400), st.booleans(), st.integers(1, 50))
def test_anything_is_read_and_nothing_is_lost(data: bytes, facts: bool, step: int) -> None:
    whole, parts = read(data, facts), ListingReader(facts=facts, now=NOW)
    for start in range(0, len(data), step):
        parts.feed(data[start : start + step])
    parts.end()
    assert parts.entries == whole.entries
    lines = [line for line in data.split(b"\n") if line.removesuffix(b"\r").decode("utf-8", "surrogateescape").strip()]
    shown = len(whole.entries) + len(whole.remarks)
    assert shown <= len(lines)
    if not facts and not any(entry.known for entry in whole.entries):
        assert shown == len(lines)


_LETTERS = st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"))
_NAMES = st.text(_LETTERS, min_size=1, max_size=30).filter(lambda name: name not in (".", "..") and bool(name.strip()))


@given(_NAMES, st.integers(0, 10**15), st.datetimes(datetime(1971, 1, 1), datetime(2068, 1, 1)))
def test_what_is_written_is_read_back(name: str, size: int, when: datetime) -> None:
    when = when.replace(microsecond=0)
    facts = read_facts(f"type=file;size={size};modify={when:%Y%m%d%H%M%S}; {name}")
    assert facts is not None
    assert (facts.name, facts.size, facts.modified) == (name, size, when)
    unix = one(f"-rw-r--r--   1 ann      staff    {size} {when:%b %d  %Y} {name}")
    assert (unix.name, unix.size, unix.owner, unix.group) == (name, size, "ann", "staff")
    assert unix.modified == datetime(when.year, when.month, when.day)
    dos = one(f"{when:%m-%d-%y  %I:%M%p}       {size:>14} {name}")
    assert (dos.name, dos.size) == (name, size)
    assert dos.modified == when.replace(second=0, year=dos.modified.year if dos.modified else 0)
