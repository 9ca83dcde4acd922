"""Commands that need no server load neither Django nor a database driver, and `--help` is quick."""

import json
from importlib import import_module
from importlib.util import find_spec

import click

from tests.architecture.house import python

OFFLINE = {"assess", "calendar", "check", "code", "deadline", "rules", "simulate", "template"}
HEAVY = {"django", "ninja", "procrastinate", "psycopg"}
LOADED = """
import json, sys
from suyuan.cli import main
try:
    main(args=sys.argv[1:], standalone_mode=True)
except SystemExit:
    pass
print()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(*arguments: str) -> set[str]:
    """The top-level modules that are loaded after `suyuan ARGUMENTS` has run."""
    return set(json.loads(python(LOADED, *arguments).splitlines()[-1]))


def commands() -> set[str]:
    """The commands that exist and must work off line."""
    if find_spec("suyuan.cli") is None:
        return set()
    group: click.Group = import_module("suyuan.cli").main
    return OFFLINE & set(group.commands)


def test_help_of_an_offline_command_loads_no_server() -> None:
    assert {name: loaded_by(name, "--help") & HEAVY for name in commands() if loaded_by(name, "--help") & HEAVY} == {}


def test_explaining_a_code_loads_no_server() -> None:
    if "code" in commands():
        loaded = loaded_by("code", "explain", "04QCB76836300JBC40000903", "-f", "json")
        assert "suyuan" in loaded
        assert loaded.isdisjoint(HEAVY)
