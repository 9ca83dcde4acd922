import os
import stat
import traceback
from pathlib import Path

import pytest

from suyuan.server.witness.errors import NotFound, NotTrusted, WitnessError
from suyuan.server.witness.keys import KeyFolder, passphrase
from suyuan.tlog import KeyType, TlogError, open_note, sign_note
from tests.server.witness.watching import CHEAP, PASSPHRASE

NAME = "witness.example/国家"


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "inner" / "keys", CHEAP)


def files(folder: KeyFolder) -> list[Path]:
    return sorted(folder.root.iterdir())


def test_a_key_comes_back_as_it_was_made(folder: KeyFolder) -> None:
    verifier = folder.create(NAME, KeyType.COSIGNATURE, PASSPHRASE)
    (signer,) = folder.signers(NAME, KeyType.COSIGNATURE, PASSPHRASE)
    assert signer.verifier == verifier
    assert folder.verifiers(NAME) == [verifier]
    assert [(key.verifier, key.is_active) for key in folder.list()] == [(verifier, True)]


def test_only_the_owner_may_read(folder: KeyFolder) -> None:
    before = os.umask(0)
    try:
        folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(folder)] == [0o600]


@pytest.mark.parametrize("of_folder", [True, False])
def test_a_key_that_others_may_read_is_not_used(folder: KeyFolder, of_folder: bool) -> None:
    folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    (folder.root if of_folder else files(folder)[0]).chmod(0o744)
    with pytest.raises(NotTrusted) as refusal:
        folder.signers(NAME, KeyType.ED25519, PASSPHRASE)
    assert refusal.value.code == "witness.key_mode"


def test_a_wrong_passphrase_opens_nothing(folder: KeyFolder) -> None:
    folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    with pytest.raises(NotTrusted) as refusal:
        folder.signers(NAME, KeyType.ED25519, "another")
    assert refusal.value.code == "witness.passphrase_wrong"


def test_without_a_passphrase_no_key_is_made(folder: KeyFolder) -> None:
    with pytest.raises(NotTrusted):
        folder.create(NAME, KeyType.ED25519, "")
    assert not folder.root.exists()


def test_both_keys_sign_until_one_is_retired(folder: KeyFolder) -> None:
    old = folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    new = folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    both = folder.signers(NAME, KeyType.ED25519, PASSPHRASE)
    note = sign_note("text\n", both)
    assert set(open_note(note, [old, new]).keys) == {old, new}
    folder.retire(old)
    assert [signer.verifier for signer in folder.signers(NAME, KeyType.ED25519, PASSPHRASE)] == [new]
    assert {key.id for key in folder.verifiers(NAME)} == {old.id, new.id}  # what it signed still verifies
    assert {key.verifier: key.is_active for key in folder.list()} == {old: False, new: True}
    folder.retire(old)  # again changes nothing


def test_a_type_and_a_name_are_kept_apart(folder: KeyFolder) -> None:
    folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    folder.create("another", KeyType.COSIGNATURE, PASSPHRASE)
    with pytest.raises(NotFound) as refusal:
        folder.signers(NAME, KeyType.COSIGNATURE, PASSPHRASE)
    assert refusal.value.code == "witness.key_missing"
    assert folder.verifiers("nobody") == []


def test_an_unknown_key_is_not_retired(folder: KeyFolder, tmp_path: Path) -> None:
    folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    stranger = KeyFolder(tmp_path / "other", CHEAP).create(NAME, KeyType.ED25519, PASSPHRASE)
    with pytest.raises(NotFound):
        folder.retire(stranger)
    assert all(key.is_active for key in folder.list())


def test_nothing_secret_is_told(folder: KeyFolder) -> None:
    folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    (signer,) = folder.signers(NAME, KeyType.ED25519, PASSPHRASE)
    told = [repr(signer), str(signer), repr(folder), repr(folder.list())]
    files(folder)[0].write_text("damaged")
    for given in (PASSPHRASE, "wrong " + PASSPHRASE):
        with pytest.raises(WitnessError) as refusal:
            folder.signers(NAME, KeyType.ED25519, given)
        told += ["".join(traceback.format_exception(refusal.value)), repr(refusal.value.data)]
    stored = [path.read_text() for path in files(folder)]
    secrets = (signer.seed.hex(), repr(signer.seed), signer.secret_text, signer.secret_text.split("+", 4)[4])
    for text in (*told, *stored):
        assert not [secret for secret in (*secrets, PASSPHRASE) if secret in text]


def test_the_file_has_no_seed_in_clear(folder: KeyFolder) -> None:
    folder.create(NAME, KeyType.ED25519, PASSPHRASE)
    (signer,) = folder.signers(NAME, KeyType.ED25519, PASSPHRASE)
    content = files(folder)[0].read_bytes()
    assert signer.seed not in content
    assert signer.secret_text.split("+", 4)[4][:20].encode() not in content


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_name_that_cannot_sign_makes_no_key(folder: KeyFolder, name: str) -> None:
    with pytest.raises(TlogError):
        folder.create(name, KeyType.ED25519, PASSPHRASE)
    assert not folder.root.exists()


def test_names_do_not_leave_the_folder(folder: KeyFolder) -> None:
    folder.create("../../evil", KeyType.ED25519, PASSPHRASE)
    folder.create("x" * 400, KeyType.ED25519, PASSPHRASE)
    assert len(files(folder)) == len(folder.list()) == 2
    assert all(path.parent == folder.root for path in files(folder))


def test_the_passphrase_is_in_a_variable_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from a file\n")
    assert passphrase({"SUYUAN_KEY_PASSPHRASE": "plain"}) == "plain"
    assert passphrase({"SUYUAN_KEY_PASSPHRASE_FILE": str(file)}) == "from a file"


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "witness.passphrase_missing"),
        ({"SUYUAN_KEY_PASSPHRASE": ""}, "witness.passphrase_empty"),
        ({"SUYUAN_KEY_PASSPHRASE_FILE": "not-there"}, "witness.passphrase_file"),
    ],
)
def test_without_a_passphrase_it_is_said(environment: dict[str, str], code: str) -> None:
    with pytest.raises(NotTrusted) as refusal:
        passphrase(environment)
    assert refusal.value.code == code
