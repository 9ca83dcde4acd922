"""The repository says nothing about one machine, and its pages agree with its tables."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from suyuan.events.vocabulary import vocabulary
from tests.architecture.house import ROOT

SEPARATOR = re.compile(r" / ")


def repository_files() -> list[Path]:
    """Every file that is or would be committed; in an unpacked archive, every file."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        folders = ("src", "tests", "docs", "scripts", "benchmarks")
        return [path for name in folders for path in (ROOT / name).rglob("*") if path.is_file()]
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_path_of_one_machine_stands_in_a_file() -> None:
    homes = re.compile(rb"(?<![\w.])/(?:home|Users)/[a-z]\w+/")
    here = {str(ROOT), f"{Path.home()}/", *_parent()}
    local = re.compile(rb"(?<![\w.:/-])(?:" + b"|".join(re.escape(os.fsencode(text)) for text in sorted(here)) + rb")")
    named = {
        path.relative_to(ROOT).as_posix(): found[0].decode()
        for path in repository_files()
        if path.suffix not in {".mo", ".xlsx", ".parquet", ".png"}
        if (found := homes.search(text := path.read_bytes()) or local.search(text))
    }
    assert not named


def _parent() -> set[str]:
    """The folder that holds the checkout, where it is this machine's own and not the usual temporary one."""
    usual = {Path("/"), Path(tempfile.gettempdir()), Path.home()}
    return set() if ROOT.parent in usual else {f"{ROOT.parent}/"}


def glossary() -> list[tuple[str, str]]:
    """The rows of the glossary: Chinese, English."""
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines if line.startswith("| ")]
    return [(row[1].strip(), row[2].strip()) for row in rows[1:]]


def test_one_term_has_one_word() -> None:
    chinese = [term for row in glossary() for term in SEPARATOR.split(row[0])]
    english = [re.sub(r"`[^`]*`|,.*|;.*", "", row[1]).strip() or row[1] for row in glossary()]
    assert len(chinese) > 50
    assert _twice(chinese) == []
    assert _twice(english) == []


def test_the_vocabulary_speaks_the_words_of_the_glossary() -> None:
    words = dict(glossary())
    fields = [field.label for kind in vocabulary().kinds.values() for field in kind.fields.values()]
    labels = [*vocabulary().roles.values(), *vocabulary().stage_labels.values(), *fields]
    known = {label.zh: (label.en, words[label.zh].replace("`", "")) for label in labels if label.zh in words}
    assert {zh: (ours, word) for zh, (ours, word) in known.items() if ours not in word} == {}


def _twice(words: list[str]) -> list[str]:
    return sorted({word for word in words if words.count(word) > 1})
