"""Rules: each failure of a mail server happens exactly when it was ordered, is told and counted."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.assets import asset
from protocols.mail.server import rules_file
from protocols.mail.server.rules import AFTER_DATA, FAULTS, PROTOCOLS, Occasion, Rule, RuleError, Rules
from protocols.record.recorder import Recorder
from tests.protocols.mail.server.lab import PLAIN, Raw7, Running, running
from tests.protocols.mail.server.test_pop3 import MAILS, put


def _smtp(lab: Running) -> smtplib.SMTP:
    client = smtplib.SMTP(*lab.server.ends["smtp"])
    client.ehlo()
    return client


def _notes(lab: Running) -> list[str]:
    return [one["rule"] for one in lab.facts("fault injected", "note")]


def test_one_recipient_is_refused_and_all_of_them() -> None:
    with running(rules=(Rule("refuse recipient", match="bob@*"),)) as lab, _smtp(lab) as client:
        assert client.sendmail("a@b", ["ann@x", "bob@x"], PLAIN) == {"bob@x": (550, b"5.1.1 No such user here")}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@b", ["bob@x"], PLAIN)
        assert lab.server.fired() == [2]
        assert _notes(lab) == ["refuse recipient bob@*"] * 2
        assert lab.server.counts()["ann"]["INBOX"] == 1


def test_the_sixth_mail_in_a_second_gets_421() -> None:
    with running(rules=(Rule("too many mails", count=5, seconds=60.0),)) as lab, _smtp(lab) as client:
        for _ in range(5):
            client.sendmail("a@b", ["ann@x"], PLAIN)
        with pytest.raises(smtplib.SMTPSenderRefused) as told:
            client.sendmail("a@b", ["ann@x"], PLAIN)
        assert told.value.smtp_code == 421
        assert lab.server.counts()["ann"]["INBOX"] == 5


def test_what_a_rule_did_is_told_with_its_own_numbers() -> None:
    said = Rule("too many mails", count=3, seconds=2.0).says
    assert said == "more than 3 mails in 2 seconds: 421, and the line is closed"
    assert Rule("refuse recipient", code=553).says == "this recipient does not exist: 553"


def test_the_line_drops_after_the_content_and_nothing_is_kept() -> None:
    with running(rules=(Rule("drop the line", protocol="smtp", at=AFTER_DATA, times=1),)) as lab:
        with pytest.raises(smtplib.SMTPServerDisconnected), _smtp(lab) as client:
            client.sendmail("a@b", ["ann@x"], PLAIN)
        with _smtp(lab) as client:
            client.sendmail("a@b", ["ann@x"], PLAIN)
        assert lab.server.counts()["ann"]["INBOX"] == 1


def test_a_full_mailbox_and_greylisting() -> None:
    rules = (Rule("mailbox full", match="ann@*"), Rule("mailbox full", match="bob@*", code=552))
    with running(rules=rules) as lab, _smtp(lab) as client:
        client.mail("a@b")
        assert client.rcpt("ann@x")[0] == 452
        assert client.rcpt("bob@x")[0] == 250
        assert client.data(PLAIN)[0] == 552
        lab.server.set_rules((Rule("greylist", seconds=0.3),))
        client.mail("a@b")
        assert client.rcpt("ann@x")[0] == 450
        lab.wait_for(lambda: client.rcpt("ann@x")[0] == 250)
        assert lab.server.fired()[0] >= 1


def test_an_answer_comes_late() -> None:
    with running(rules=(Rule("slow down", at="NOOP", seconds=0.2),)) as lab, _smtp(lab) as client:
        client.noop()
        stamps = [raw[0] for raw in lab.events() if raw[2] in ("command", "reply")]
        assert stamps[-1] - stamps[-2] >= 0.19e9


def test_capabilities_that_are_not_so() -> None:
    words = ("X-MAGIC", "-PIPELINING", "-UIDL", "-IDLE")
    with running(rules=(Rule("wrong capability", words=words),)) as lab:
        with _smtp(lab) as client:
            assert client.has_extn("x-magic")
            assert not client.has_extn("pipelining")
        pop = poplib.POP3(*lab.server.ends["pop3"])
        assert "X-MAGIC" in pop.capa()
        assert "UIDL" not in pop.capa()
        pop.quit()
        with imaplib.IMAP4(*lab.server.ends["imap"]) as imap:
            imap.login("ann", "ann")
            said = imap.capability()[1][0].split()
            assert b"X-MAGIC" in said
            assert b"IDLE" not in said


def test_pop3_and_imap_fail_on_purpose_too() -> None:
    rules = (
        Rule("refuse", protocol="pop3", at="RETR", text="locked", times=1), Rule("wrong count", count=3),
        Rule("drop the line", protocol="pop3", at="DELE"), Rule("refuse", protocol="imap", at="FETCH", times=1),
        Rule("drop the line", protocol="imap", at="STORE", match="ann"),
    )  # fmt: skip
    with running(rules=rules) as lab:
        put(lab.server.store.boxes["ann"], *MAILS)
        pop = poplib.POP3(*lab.server.ends["pop3"])
        pop.user("ann")
        pop.pass_("ann")
        assert pop.stat()[0] == len(MAILS) + 3
        with pytest.raises(poplib.error_proto, match="locked"):
            pop.retr(1)
        assert pop.retr(1)[2] == len(MAILS[0])
        with pytest.raises(poplib.error_proto, match="EOF"):
            pop.dele(1)
        pop.close()
        imap = imaplib.IMAP4(*lab.server.ends["imap"])
        imap.login("ann", "ann")
        assert imap.select()[1] == [b"8"]
        assert imap.fetch("1", "(UID)")[0] == "NO"
        assert imap.fetch("1", "(UID)")[0] == "OK"
        with pytest.raises(imaplib.IMAP4.abort):
            imap.store("1", "+FLAGS", r"\Seen")
        imap.shutdown()
        assert lab.server.fired() == [1, 2, 1, 1, 1]


def test_a_connection_can_be_refused_at_the_greeting() -> None:
    with running(rules=(Rule("refuse", at="CONNECT", text="closed today"),)) as lab:
        with Raw7(lab.server.ends["smtp"]) as client:
            assert client.rest() == b"554 closed today\r\n"
        for door, told in (("pop3", b"-ERR closed today"), ("imap", b"* BYE closed today")):
            with Raw7(lab.server.ends[door]) as client:
                assert client.rest().startswith(told)


def test_first_and_times_are_counted_exactly() -> None:
    rules = Rules(Recorder(), "mail:1", (Rule("refuse", at="NOOP", first=3, times=2),))
    occasion = Occasion("smtp", "NOOP")
    assert [rules.refusal(occasion) is not None for _ in range(7)] == [False, False, True, True, False, False, False]
    assert rules.refusal(Occasion("smtp", "RSET")) is None


def test_the_sample_file_has_every_failure_and_none_of_them_on() -> None:
    rules = rules_file.load(asset("mail", "rules.toml"))
    assert {rule.fault for rule in rules} == set(FAULTS)
    assert not any(rule.on for rule in rules)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rule = 3", "\\[\\[rule\\]\\] tables"), ("[[rule]]\nfault = 3", "Rule 1: fault is a text"), ("x", "no TOML"),
        ("[[rule]]", "has no fault"), ("[[rule]]\nfault = 'explode'", "no failure 'explode'"),
        ("[other]", "no 'other'"),
        ("[[rule]]\nfault = 'refuse'\ncode = 200", "400 to 599"), ("[[rule]]\nfault = 'refuse'\nwhen = 1", "no 'when'"),
        ("[[rule]]\nfault = 'refuse'\ncode = true", "whole number"),
        ("[[rule]]\nfault = 'refuse'\nseconds = -1", "Seconds"),
        ("[[rule]]\nfault = 'refuse'\ntext = 'a\\nb'\nwords = [1]", "list of texts"),
        ("[[rule]]\nfault = 'refuse'\nprotocol = 'ftp'", "no protocol"),
        ("[[rule]]\nfault = 'refuse'\nfirst = 0", "`first`"),
        ("[[rule]]\nfault = 'refuse'\nname = 'x'\ntext = \"a\\nb\"", "one line"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(RuleError, match=told):
        rules_file.parse(text)


def test_a_file_that_is_no_text_or_too_large(tmp_path: Path) -> None:
    for content, told in ((b"\xff\xfe", "not UTF-8"), (b"#" * (2 << 20), "bytes")):
        place = tmp_path / "rules.toml"
        place.write_bytes(content)
        with pytest.raises(RuleError, match=told):
            rules_file.load(place)


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)


@given(st.lists(st.builds(
    Rule, st.sampled_from(sorted(FAULTS)), _TEXT, st.sampled_from(["", *PROTOCOLS]), _TEXT, _TEXT,
    st.sampled_from([0, 450, 599]), _TEXT, st.floats(0, 3600), st.integers(0, 99),
    st.lists(_TEXT, max_size=3).map(tuple), st.integers(1, 9), st.integers(0, 9),
    st.booleans()), max_size=4))  # fmt: skip
def test_a_file_gives_the_rules_back(rules: list[Rule]) -> None:
    assert rules_file.parse(rules_file.dump(rules)) == tuple(rules)
