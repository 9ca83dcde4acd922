"""`suyuan cases`, on this machine and at a server elsewhere."""

import json
from pathlib import Path

import httpx
import pytest

from suyuan.cli.exits import Exit
from suyuan.cli.remote import Remote
from suyuan.client import Client
from suyuan.server.kit.clock import FixedClock, SystemClock
from suyuan.server.wsgi import application
from tests.cli.runner import run
from tests.server.cases.docket import PNG, Docket
from tests.server.cast import NOW, Actor, Cast

PLAN = {
    "plan": {
        "on": "2026-11-20",
        "place": "store 3",
        "checklists": ["records"],
        "inspectors": [{"name": "Chen", "role": "inspector"}],
    }
}


@pytest.fixture
def docket(cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Docket:
    """A hand-over that nobody received, on the day of the tests."""
    monkeypatch.setattr("suyuan.cli.ring.enter", lambda: None)
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    monkeypatch.setattr(SystemClock, "today", lambda _: NOW.date())
    return Docket.with_trouble(cast, clock)


def test_a_case_on_this_machine(docket: Docket, tmp_path: Path) -> None:
    shenzhen = ("--for", "440300", "-f", "json")
    told = run("cases", "open", "--finding", docket.finding, "--title", "lost packs", *shenzhen)
    assert told.code == Exit.OK, told.told
    number = told.json["number"]
    assert (
        run("cases", "step", number, "notice", "--letter", "explanation", *shenzhen).json["state"] == "awaiting_answer"
    )
    photo = tmp_path / "store.png"
    photo.write_bytes(PNG)
    maker = ("--as", docket.cast.maker.code, "-f", "json")
    file = run("cases", "attach", number, photo, *maker).json["number"]
    answered = run("cases", "step", number, "answer", "--note", "here", "--attachment", file, *maker)
    assert answered.json["state"] == "answered"
    assert run("cases", "fetch", number, file, *shenzhen).raw == PNG
    fields = tmp_path / "plan.json"
    fields.write_text(json.dumps(PLAN), encoding="utf-8")
    planned = run("cases", "step", number, "plan_inspection", "--fields", fields, "--internal", *shenzhen)
    assert planned.json["inspection_planned"] is True
    assert run("cases", "form", number, *shenzhen).raw.startswith(b"%PDF-")
    assert run("cases", "form", number, "--as-form", "html", *shenzhen).raw.startswith(b"<!doctype html>")
    shown = run("cases", "show", number, "--for", "440300").out
    assert "lost packs" in shown
    assert "answered" in shown
    assert "企业已答复" in run("cases", "show", number, "--for", "440300", "--lang", "zh").out
    assert [one["number"] for one in run("cases", "list", *shenzhen).json] == [number]
    assert "no such cases" in run("cases", "list", "--state", "closed").out
    assert run("cases", "verify", "-f", "json").json["clean"] is True


def test_exit_codes_say_what_was_wrong(docket: Docket, tmp_path: Path) -> None:
    number = docket.open()
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text("[", encoding="utf-8")
    for code, arguments in (
        (Exit.NOT_FOUND, ("show", 99)),
        (Exit.NOT_FOUND, ("show", number, "--for", "350000")),
        (Exit.NOT_FOUND, ("show", number, "--as", docket.cast.maker.code)),
        (Exit.CONFLICT, ("step", number, "close", "--internal", "--for", "440300")),
        (Exit.CONFLICT, ("open", "--finding", docket.finding)),
        (Exit.CONFLICT, ("step", number, "note", "--note", "x", "--known", 0, "--for", "440300")),
        (Exit.NOT_PERMITTED, ("step", number, "notice", "--letter", "talk", "--for", "440000")),
        (Exit.REJECTED, ("step", number, "note", "--for", "440300")),
        (Exit.REJECTED, ("open", "--duty", "no-uuid/outlet.handover")),
        (Exit.USAGE, ("open", "--duty", "outlet.handover")),
        (Exit.USAGE, ("step", number, "note", "--fields", spoilt)),
        (Exit.USAGE, ("list", "--for", "Shenzhen")),
    ):
        answer = run("cases", *arguments)
        assert (answer.code, arguments) == (code, arguments)
        assert answer.told.strip()


def test_a_spoilt_case_is_told(docket: Docket) -> None:
    docket.open()
    docket.owner("UPDATE cases_step SET note = 'never said'")
    answer = run("cases", "verify")
    assert answer.code == Exit.CONFLICT
    assert "Step 1 of case 1" in answer.out


def test_the_procedure_is_listed(docket: Docket) -> None:
    told = run("cases", "procedure", "-f", "json").json
    assert {"notice", "order", "escalate"} <= {one["step"] for one in told["steps"]}
    assert "责令改正" in run("cases", "procedure", "--lang", "zh").out


def _remote(actor: Actor) -> Remote:
    client = Client("http://testserver", actor.token, transport=httpx.WSGITransport(application))
    return Remote(client)


def test_a_case_at_a_server_elsewhere(docket: Docket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    who = {"a": docket.cast.guangdong, "c": docket.cast.maker}
    monkeypatch.setattr(Remote, "at", classmethod(lambda _, url, key: _remote(who[key])))
    there = ("--server", "http://testserver", "-f", "json")
    opened = run("cases", "open", "--finding", docket.finding, "--to", "440000", *there, SUYUAN_KEY="a")
    assert opened.code == Exit.OK, opened.told
    number = opened.json["number"]
    letter = ("step", number, "notice", "--letter", "explanation", "--days", 3)
    assert run("cases", *letter, *there, SUYUAN_KEY="a").json["due_on"] == "2026-11-25"
    photo = tmp_path / "store.png"
    photo.write_bytes(PNG)
    file = run("cases", "attach", number, photo, *there, SUYUAN_KEY="c").json["number"]
    answer = ("step", number, "answer", "--note", "here", "--attachment", file)
    assert run("cases", *answer, *there, SUYUAN_KEY="c").json["state"] == "answered"
    assert run("cases", "fetch", number, file, *there, SUYUAN_KEY="a").raw == PNG
    assert [one["number"] for one in run("cases", "list", *there, SUYUAN_KEY="c").json] == [number]
    late = run("cases", "step", number, "answer", "--note", "again", *there, SUYUAN_KEY="c")
    assert late.code == Exit.CONFLICT
    assert run("cases", "form", number, *there, SUYUAN_KEY="a").code == Exit.CONFLICT
    assert run("cases", "list", "--for", "440000", *there, SUYUAN_KEY="a").code == Exit.USAGE
