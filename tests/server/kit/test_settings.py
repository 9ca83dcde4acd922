"""Settings come from the environment and need no database to be read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

READ = (
    "import json; from suyuan.server import settings as s\n"
    "print(json.dumps({'databases': s.DATABASES, 'hosts': s.ALLOWED_HOSTS, 'debug': s.DEBUG,"
    " 'embedded': s.EMBEDDED_DATABASE, 'language': s.LANGUAGE_CODE, 'hsts': s.SECURE_HSTS_SECONDS}))"
)
KEY = (
    "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'suyuan.server.settings'\n"
    "from django.conf import settings; from django.core import signing\n"
    "print(signing.loads(signing.dumps('x')), len(str(settings.SECRET_KEY)), hash(str(settings.SECRET_KEY)))"
)


def run(code: str, home: Path, **changes: str) -> str:
    drop = ("SUYUAN_", "DATABASE_", "LC_", "LANG", "DJANGO_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
    environment |= {"SUYUAN_HOME": str(home), "PYTHONHASHSEED": "0", **changes}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    return done.stdout


def read(home: Path, **changes: str) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(run(READ, home, **changes))
    return settings


def test_without_a_url_the_embedded_database_is_used_and_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = read(home)
    assert settings["embedded"] is True
    assert settings["databases"]["default"]["USER"] == "suyuan_app"
    assert settings["databases"]["owner"]["USER"] == "suyuan_owner"
    assert settings["debug"] is False
    assert not home.exists()


def test_a_url_names_any_postgresql(tmp_path: Path) -> None:
    url = "postgresql://me:p%40ss@db.example:6432/ledger?sslmode=verify-full&connect_timeout=5"
    database = read(tmp_path, DATABASE_URL=url)["databases"]["default"]
    named = {key: database[key] for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    assert named == {"HOST": "db.example", "PORT": "6432", "USER": "me", "PASSWORD": "p@ss", "NAME": "ledger"}
    assert database["OPTIONS"]["sslmode"] == "verify-full"
    assert database["OPTIONS"]["options"] == "-c role=suyuan_app"


def test_migrations_may_log_in_as_somebody_else(tmp_path: Path) -> None:
    databases = read(tmp_path, DATABASE_URL="postgresql://app@h/d", DATABASE_OWNER_URL="postgresql://dba@h/d")[
        "databases"
    ]
    assert [databases[alias]["USER"] for alias in ("default", "owner")] == ["app", "dba"]
    assert databases["owner"]["OPTIONS"]["options"] == "-c role=suyuan_owner"


def test_hosts_language_and_tls_come_from_the_environment(tmp_path: Path) -> None:
    plain = read(tmp_path)
    assert plain["hosts"] == ["127.0.0.1", "localhost", "[::1]"]
    assert plain["language"] == "en"
    assert plain["hsts"] == 0
    other = read(tmp_path, SUYUAN_HOSTS="a.example,b.example", LANG="zh_CN.UTF-8", SUYUAN_HTTPS="1")
    assert other["hosts"] == ["a.example", "b.example"]
    assert other["language"] == "zh-hans"
    assert other["hsts"] > 0


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = run(KEY, tmp_path)
    path = tmp_path / "secret_key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text()) >= 64
    assert run(KEY, tmp_path) == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret_key"]
    assert run(KEY, tmp_path, SUYUAN_SECRET_KEY="given").split()[1] == "5"
