"""Thinking rooms do no I/O, read no clock and throw no unseeded dice (house style 1)."""

import ast
import json
from pathlib import Path

import pytest

from tests.architecture.house import SOURCE, module_name, name_of, pure_modules, pure_rooms, python, server_rooms
from tests.architecture.purity import imported, offences

# The exceptions, by module: what exactly is let through, and why.
EXCEPTIONS = {
    # parsers of testers' files that take only a path; the file is gone when they return
    "src/suyuan/assessment/readers/temporary.py": "import of tempfile (files)",
    "src/suyuan/kernel/catalogue.py": "import of os (files)",  # the locale of the process: Language.from_environment
}

LOAD = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(list(sys.modules)))
"""


@pytest.mark.parametrize("path", pure_modules(), ids=name_of)
def test_a_thinking_room_stays_out_of_the_world(path: Path) -> None:
    allowed = EXCEPTIONS.get(name_of(path), "nothing")
    assert [offence for offence in offences(path.read_text()) if not offence.endswith(allowed)] == []


@pytest.mark.parametrize(
    "source",
    [
        "open('x')",
        "print('x')",
        "from pathlib import Path",
        "import os",
        "def f():\n import psycopg",
        "from django.db import models",
        "import urllib.request",
        "from urllib import request",
        "import datetime\ndatetime.datetime.now()",
        "from datetime import date\ndate.today()",
        "import time",
        "import random\nrandom.random()",
        "import random\nrandom.Random()",
        "import numpy as np\nnp.random.default_rng()",
        "import numpy as np\nnp.random.rand(3)",
        "from numpy.random import default_rng\ndefault_rng()",
        "import uuid\nuuid.uuid4()",
    ],
)
def test_an_offence_is_seen(source: str) -> None:
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    [
        "from importlib.resources import files\nfiles('suyuan').read_text()",
        "from datetime import date, time",
        "from urllib.parse import quote",
        "import random\nrandom.Random(7).random()",
        "import numpy as np\nnp.random.default_rng(7).integers(3)",
        "import zipfile\nzipfile.ZipFile(stream).open('sheet1.xml')",
    ],
)
def test_a_permitted_act_is_not_an_offence(source: str) -> None:
    assert offences(source) == []


def test_exceptions_are_still_needed() -> None:
    for name, offence in EXCEPTIONS.items():
        assert any(found.endswith(offence) for found in offences((SOURCE.parents[1] / name).read_text())), name


def test_thinking_rooms_load_no_framework_and_no_database_driver() -> None:
    loaded = {module.partition(".")[0] for module in json.loads(python(LOAD, *map(module_name, pure_modules())))}
    assert loaded.isdisjoint({"django", "ninja", "psycopg", "procrastinate", "httpx", "click"})
    assert len(pure_rooms()) >= 2


def test_only_the_api_knows_its_framework() -> None:
    users = {
        room.name
        for room in server_rooms()
        for path in room.rglob("*.py")
        for _, module in imported(ast.parse(path.read_text()))
        if module.partition(".")[0] == "ninja"
    }
    assert users <= {"api"}
