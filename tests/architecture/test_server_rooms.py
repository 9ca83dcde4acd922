"""Every server room has the same parts and only these."""

from tests.architecture.house import SOURCE, name_of, server_rooms

PARTS = {"__init__", "admin", "apps", "jobs", "migrations", "models", "queries", "services"}
FACES = {"api", "operation", "web"}  # faces turn requests and an operator's orders into calls; they keep no tables
FOUNDATION = {"kit", "witness"}  # what the rooms stand on has no tables of ours
PROJECT = {"__init__", "settings", "urls", "wsgi"}


def test_a_room_has_only_the_known_parts() -> None:
    strangers = {
        name_of(entry)
        for room in server_rooms()
        if room.name not in FACES | FOUNDATION
        for entry in room.iterdir()
        if entry.name != "__pycache__" and entry.stem not in PARTS
    }
    assert not strangers


def test_faces_and_the_kit_keep_no_tables() -> None:
    tables = {
        name_of(entry)
        for room in server_rooms()
        if room.name in FACES | FOUNDATION
        for entry in room.iterdir()
        if entry.stem in {"models", "admin"}
    }
    assert not tables


def test_beside_the_rooms_stands_only_the_project() -> None:
    beside = {path.stem for path in (SOURCE / "server").glob("*.py")}
    assert beside <= PROJECT
