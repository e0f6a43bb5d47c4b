"""Rules are read from what a person writes, refuse what can't be, and count what fired."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.assets import asset
from protocols.ftp.server.rules import DOINGS, Rule, RuleError, Rules, read_rules, write_rules

TEXT = """
[[rule]]
name = "Busy"
when = "RETR"
path = "*.iso"
do = "reply"
code = 450

[[rule]]
when = "STOR APPE"
do = "abort"
code = 552
at_byte = 1000
times = 1

[[rule]]
when = "retr, stor"
do = "slow"
bytes_per_second = 1000
"""


def test_a_file_of_rules_is_read_and_written_back() -> None:
    rules = read_rules(TEXT)
    assert [rule.do for rule in rules] == ["reply", "abort", "slow"]
    assert rules[0].text == "File busy."
    assert rules[0].said() == "RETR *.iso: answers 450 File busy."
    assert read_rules(write_rules(rules)) == rules


def test_the_sample_file_is_read_and_each_rule_fits_what_its_name_says() -> None:
    rules = read_rules(asset("ftp", "rules.toml").read_text("utf-8"))
    fits = {
        "File busy": ("RETR", "/big.iso", "ann"), "No data connection": ("STOR", "/locked/a.txt", "ann"),
        "Breaks off in the middle": ("RETR", "/data.bin", "ann"), "Disk full": ("STOR", "/incoming/a.txt", "ann"),
        "Wrong password": ("PASS", "", "otto"),
    }  # fmt: skip
    assert {rule.name: rule.code for rule in rules} == dict(zip(fits, (450, 425, 426, 552, 530), strict=True))
    assert all(rule.fits(*fits[rule.name]) for rule in rules)
    assert not any(rule.fits("RETR", "/readme.txt", "ann") for rule in rules)
    assert read_rules(write_rules(rules)) == rules


def test_a_rule_is_for_commands_paths_and_users() -> None:
    rule = Rule("RETR", "reply", path="*.iso", user="anna").checked()
    assert rule.fits("RETR", "/a/b.iso", "anna")
    assert not rule.fits("RETR", "/a/b.iso", "otto")
    assert not rule.fits("STOR", "/a/b.iso", "anna")
    assert not rule.fits("RETR", "/a/b.txt", "anna")
    assert Rule("*", "delay", seconds=1).fits("PWD", "", "")
    assert not Rule("*", "slow", bytes_per_second=1).fits("PWD", "", "")
    assert not Rule("*", "silence").fits("CONNECT", "", "")


def test_skip_lets_some_pass_and_times_ends_it() -> None:
    rules = Rules([Rule("RETR", "reply", skip=1, times=2)])
    fired = []
    for _ in range(6):
        rule = rules.find("RETR", "/x", "")
        fired.append(bool(rule and rules.fire(rule)))
    assert fired == [False, True, True, False, False, False]
    assert rules.counts() == [2]


def test_exchanged_rules_keep_the_counts_of_those_that_stay() -> None:
    first, second = Rule("RETR", "reply"), Rule("STOR", "reply")
    rules = Rules([first])
    rule = rules.find("RETR", "/x", "")
    assert rule is not None
    rules.fire(rule)
    rules.set([second, first])
    assert rules.counts() == [0, 1]
    with pytest.raises(RuleError):
        rules.set([Rule("", "reply")])
    assert len(rules.rules) == 2


@pytest.mark.parametrize(("text", "says"), [
    ("[[rule]]", "needs at least"), ("rule = 3", "only [[rule]]"), ("[[other]]\n", "only [[rule]]"), ("x", "No TOML"),
    ("[[rule]]\nwhen='RETR'\ndo='explode'", "is one of"), ("[[rule]]\nwhen='PWD'\ndo='abort'", "no data connection"),
    ("[[rule]]\nwhen='RETR'\ndo='slow'", "bytes_per_second"), ("[[rule]]\nwhen='RETR'\ndo='delay'", "seconds"),
    ("[[rule]]\nwhen='RETR'\ndo='reply'\ncode=7", "no reply code"),
    ("[[rule]]\nwhen='RETR'\ndo='reply'\nfoo=7", "no 'foo'"),
    ("[[rule]]\nwhen='RETR'\ndo='abort'\nat_byte=-1", "negative"), ("[[rule]]\nwhen='connect'\ndo='slow'", "transfers"),
    ("[[rule]]\nwhen='RETR'\ndo='reply'\ntimes='x'", "whole number"),
    ("[[rule]]\nwhen='RETR'\ndo='reply'\nreset=1", "true or"),
])  # fmt: skip
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(RuleError, match=says.replace("[", r"\[")):
        read_rules(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_rules(text)
    except RuleError:
        pass


@given(st.sampled_from(DOINGS), st.text(max_size=10), st.text(max_size=10), st.integers(0, 10**6))
def test_what_is_checked_survives_the_file(do: str, path: str, text: str, number: int) -> None:
    try:
        rule = Rule("RETR", do, path=path, text=text, at_byte=number,  # type: ignore[arg-type]
                    bytes_per_second=number, seconds=1.5).checked()  # fmt: skip
    except RuleError:
        return
    assert read_rules(write_rules([rule])) == (rule,)
