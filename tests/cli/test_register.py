"""An operator sets a server up without SQL."""

from pathlib import Path

import pytest

from suyuan.cli.exits import Exit
from suyuan.events.vocabulary import vocabulary
from tests.cli.runner import run
from tests.server.cast import PACK_PREFIX, Cast, uscc

NEW = uscc("440300", 77)


def add(code: str = NEW) -> int:
    arguments = ("--name", "新公司(模拟)", "--role", "battery_maker", "--division", "440300", "--simulated")
    return run("company", "add", code, *arguments).code


def test_a_company_is_added_once(cast: Cast) -> None:
    assert add() == Exit.OK
    assert add() == Exit.CONFLICT
    listed = run("company", "list", "-f", "json").json
    assert NEW in {row["code"] for row in listed}
    label = vocabulary().roles["battery_maker"]
    assert label.zh in run("company", "list", "--lang", "zh").out
    assert label.en in run("company", "list", "--lang", "en").out


def test_a_code_that_is_none_is_rejected(cast: Cast) -> None:
    assert add(NEW[:-1] + ("0" if NEW[-1] != "0" else "1")) == Exit.REJECTED


def test_companies_come_in_bulk_and_the_bad_ones_are_named(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "companies.csv"
    path.write_text(
        "code,name_zh,roles,division,simulated\n"
        f"{NEW},甲(模拟),battery_maker carmaker,440300,true\n"
        "X,乙,carmaker,440300,true\n"
    )
    answer = run("company", "import", path, "-f", "json")
    assert answer.code == Exit.PARTLY
    assert (answer.json["rows"], answer.json["entered"]) == (2, 1)
    assert {found["row"] for found in answer.json["findings"] if found["severity"] == "refuse"} == {2}
    assert all(found["message"] for found in answer.json["findings"])


def test_sites_vendors_and_filings_are_imported(cast: Cast, tmp_path: Path) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text(f"company,code,kind,name,division\n{cast.maker.code},Z9,warehouse,库,440300\n")
    assert run("company", "import-sites", sites).code == Exit.OK
    vendors = tmp_path / "vendors.csv"
    vendors.write_text(f"code,company,status,valid_from\n9SZ,{cast.maker.code},simulated,2018-01-01\n")
    assert run("vendor", "import", vendors).code == Exit.OK
    filings = tmp_path / "filings.csv"
    filings.write_text(
        f"prefix,company,model,filed_on,modules,cells\n9SZ{PACK_PREFIX[3:]},{cast.maker.code},P-9,2026-01-01,2,8\n"
    )
    assert run("filing", "import", filings).code == Exit.OK
    filings.write_text("prefix,company,model,filed_on\nbad,X,P,2026-01-01\n")
    assert run("filing", "import", filings).code == Exit.REJECTED


def test_a_strange_table_is_misuse_or_rejected(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"no Parquet")
    assert run("filing", "import", path).code == Exit.USAGE


def test_a_key_is_shown_once_listed_and_revoked(cast: Cast) -> None:
    answer = run("key", "create", "--label", "line 3", "--company", cast.maker.code, "-f", "json")
    assert answer.code == Exit.OK
    token, prefix = answer.json["key"], answer.json["prefix"]
    assert token.startswith(f"sy_{prefix}_")
    assert answer.json["permissions"] == ["read", "submit"]
    listed = run("key", "list", "-f", "json")
    assert token not in listed.out
    assert prefix in {row["prefix"] for row in listed.json}
    assert run("key", "revoke", prefix).code == Exit.OK
    assert run("key", "revoke", "aaaaaaaaaa").code == Exit.NOT_FOUND
    row = next(row for row in run("key", "list", "-f", "json").json if row["prefix"] == prefix)
    assert row["revoked_at"]


@pytest.mark.parametrize("scope", [(), ("--nation", "--province", "440000")])
def test_a_key_has_one_scope(cast: Cast, scope: tuple[str, ...]) -> None:
    assert run("key", "create", "--label", "x", *scope).code == Exit.USAGE


def test_officials_only_read(cast: Cast) -> None:
    assert run("key", "create", "--label", "x", "--nation", "--permit", "submit").code == Exit.REJECTED


def test_the_doctor_finds_everything_in_order(cast: Cast) -> None:
    answer = run("doctor", "-f", "json")
    assert answer.code == Exit.OK
    states = {row["check"]: row["state"] for row in answer.json}
    assert {"messages", "program", "folder", "database", "roles", "migrations", "space"} == set(states)
    assert set(states.values()) <= {"ok", "warning"}


def test_making_the_installation_again_changes_nothing(cast: Cast) -> None:
    assert run("init").code == Exit.OK
    assert run("company", "list", "-f", "json").json
