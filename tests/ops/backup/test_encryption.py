"""Sets that only the private key opens: nothing plain stays behind, what was encrypted is proven, and a wrong key is told."""

import os
import resource
import signal
import subprocess
from pathlib import Path

import pyrage
import pytest

from ops.backup import age, command, encryption, manifest, sets, take
from ops.backup.back_up import every_set
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.settings import read as read_settings
from ops.errors import DONE, FAILED, WRONG_USAGE, OperatorError, StoppedError
from tests.ops.backup.conftest import Environment, told_to_stop_at
from tests.ops.backup.history import counting, cut, flip_a_bit, folder, left_over

MEBIBYTE = 1024 * 1024


@pytest.fixture
def key(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A key's file as age-keygen writes it; sets are encrypted to it, and to one that is somewhere else."""
    mine, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    path = tmp_path / "key.txt"
    path.write_text(f"# created: 2026-11-25T03:00:00Z\n# public key: {mine.to_public()}\n{mine}\n")
    monkeypatch.setenv("BACKUP_AGE_RECIPIENT", f"{mine.to_public()}, {other.to_public()}")
    return path


@pytest.fixture
def encrypted(key: Path, settings: Settings) -> BackupSet:
    """A set that was encrypted."""
    assert command.main([]) == DONE
    return every_set(settings)[0]


def test_an_encrypted_set_counts_and_has_nothing_plain(encrypted: BackupSet, settings: Settings) -> None:
    assert encrypted.counts
    names = {"database.dump.age", "roles.sql.age", "manifest.json", "SHA256SUMS", "verification.json"}
    assert {path.name for path in encrypted.folder.iterdir()} == names
    assert left_over(settings) == []
    assert not settings.plain_folder.exists()
    for name, facts in encrypted.manifest.files.items():
        content = (encrypted.folder / name).read_bytes()
        assert content.startswith(b"age-encryption.org/v1\n")
        assert len(content) == facts["bytes"]
        assert facts["plain"]["name"] == name.removesuffix(".age")
    whole = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=encrypted.folder, capture_output=True, check=False)
    assert whole.returncode == 0, whole.stdout


def test_it_opens_with_the_key_and_is_what_was_encrypted(encrypted: BackupSet, key: Path, tmp_path: Path) -> None:
    into = tmp_path / "plain"
    with encryption.opened(encrypted, identity=key.read_text(), into=into) as plain:
        assert plain == into
        assert (plain / manifest.DUMP).read_bytes().startswith(b"PGDMP")
        assert "database cluster dump complete" in (plain / manifest.ROLES).read_text()
    assert not into.exists()


def test_a_plain_set_is_open_as_it_is(settings: Settings, tmp_path: Path) -> None:
    assert command.main([]) == DONE
    (backup_set,) = every_set(settings)
    with encryption.opened(backup_set, identity="", into=tmp_path / "plain") as found:
        assert found == backup_set.folder


def test_without_the_key_it_says_which_one_is_needed(encrypted: BackupSet, tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as told, encryption.opened(encrypted, identity="", into=tmp_path / "plain"):
        pass
    assert "no private key was given" in str(told.value)
    assert encrypted.manifest.recipients[0] in str(told.value)


def test_a_wrong_key_is_told_and_leaves_nothing(encrypted: BackupSet, tmp_path: Path) -> None:
    wrong, into = str(pyrage.x25519.Identity.generate()), tmp_path / "plain"
    with pytest.raises(OperatorError) as told, encryption.opened(encrypted, identity=wrong, into=into):
        pass
    assert "none of the private keys that were given fits" in str(told.value)
    assert wrong not in str(told.value)
    assert not into.exists()


def test_a_key_that_does_not_fit_takes_nothing_from_the_set(
    encrypted: BackupSet, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (str(pyrage.x25519.Identity.generate()), "AGE-SECRET-KEY-1XYZ"):
        monkeypatch.setenv("BACKUP_AGE_IDENTITY", key)
        assert command.main(["--verify", encrypted.id]) in (FAILED, WRONG_USAGE)
        assert counting(settings) == [encrypted.id]


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1XYZ", "# a comment alone\n"])
def test_what_is_no_key_is_not_repeated(text: str, encrypted: BackupSet, tmp_path: Path) -> None:
    with (
        pytest.raises(OperatorError) as told,
        encryption.opened(encrypted, identity=text or " ", into=tmp_path / "plain"),
    ):
        pass
    assert told.value.status == WRONG_USAGE
    assert "XYZ" not in str(told.value)


def test_without_the_key_hashes_alone_are_seen_and_the_level_stays(
    encrypted: BackupSet, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert encrypted.verification is not None
    level = encrypted.verification.level
    capsys.readouterr()
    assert command.main(["--verify", "latest"]) == DONE
    printed = capsys.readouterr()
    assert f"reached level {level}: their hashes are the same" in printed.out
    assert "BACKUP_AGE_IDENTITY_FILE" in printed.err
    (seen,) = every_set(settings)
    assert seen.verification is not None
    assert (seen.verification.level, bool(seen.verification.hashed_at)) == (level, True)


def test_without_the_key_a_set_that_was_never_restored_does_not_come_to_count(
    encrypted: BackupSet, settings: Settings
) -> None:
    (encrypted.folder / manifest.VERIFICATION).unlink()
    assert command.main(["--verify", "latest"]) == DONE
    assert counting(settings) == []


def test_with_the_key_all_of_it_is_verified_once_more(
    encrypted: BackupSet, key: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (encrypted.folder / manifest.VERIFICATION).unlink()
    monkeypatch.setenv("BACKUP_AGE_IDENTITY_FILE", str(key))
    assert command.main(["--verify", "latest"]) == DONE
    assert counting(settings) == [encrypted.id]
    assert not settings.plain_folder.exists()


@pytest.mark.parametrize("damage", [flip_a_bit, cut])
@pytest.mark.parametrize("name", ["database.dump.age", "roles.sql.age"])
def test_a_damaged_file_is_found_without_the_key_and_with_it(
    name: str, damage: object, encrypted: BackupSet, key: Path, settings: Settings, tmp_path: Path
) -> None:
    damage(encrypted.folder / name)  # type: ignore[operator]  # one of two functions
    with (
        pytest.raises(OperatorError) as told,
        encryption.opened(encrypted, identity=key.read_text(), into=tmp_path / "plain"),
    ):
        pass
    assert "it is not as it was written" in str(told.value)
    assert command.main(["--verify", "latest"]) == FAILED
    assert counting(settings) == []


def test_another_file_s_contents_under_its_name_are_found(encrypted: BackupSet, key: Path, tmp_path: Path) -> None:
    """Whoever has the public key can encrypt anything to it: the plain hash tells."""
    forged = tmp_path / "forged"
    forged.write_text("SELECT 1;\n")
    (encrypted.folder / "roles.sql.age").unlink()
    age.encrypt(forged, encrypted.folder / "roles.sql.age", age.recipients(encrypted.manifest.recipients))
    with (
        pytest.raises(OperatorError, match="is not what was encrypted"),
        encryption.opened(encrypted, identity=key.read_text(), into=tmp_path / "plain"),
    ):
        pass


def test_a_mistyped_public_key_is_refused_before_anything_is_written(
    key: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = os.environ["BACKUP_AGE_RECIPIENT"].split(",")[0]
    monkeypatch.setenv("BACKUP_AGE_RECIPIENT", right[:-1] + ("q" if right[-1] != "q" else "p"))
    assert command.main([]) == WRONG_USAGE
    assert "its checksum is not right" in capsys.readouterr().err
    assert not folder(settings).exists()


def test_a_private_key_in_place_of_the_public_one_is_not_repeated(environment: Environment) -> None:
    secret = str(pyrage.x25519.Identity.generate())
    with pytest.raises(OperatorError) as told:
        read_settings({**environment, "BACKUP_AGE_RECIPIENT": secret})
    assert "no public key of age" in str(told.value)
    assert secret not in str(told.value)
    assert secret not in repr(read_settings({**environment, "BACKUP_AGE_IDENTITY": secret}))


def test_what_does_not_decrypt_to_what_was_encrypted_makes_no_set(
    key: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt = age.encrypt

    def encrypt_badly(source: Path, target: Path, keys: list[object]) -> object:
        facts = encrypt(source, target, keys)
        flip_a_bit(target)
        return facts

    monkeypatch.setattr(age, "encrypt", encrypt_badly)
    assert command.main([]) == FAILED
    assert (every_set(settings), left_over(settings)) == ([], [])
    assert not settings.plain_folder.exists()


@pytest.mark.parametrize("phase", ["Encrypting", "Writing the manifest", "Level 1", "Level 4"])
def test_sigterm_leaves_nothing_plain(
    phase: str, key: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with told_to_stop_at(phase, monkeypatch):
        assert command.main([]) == FAILED
    assert "Cannot go on: SIGTERM came." in capsys.readouterr().err
    assert not settings.plain_folder.exists()
    assert (counting(settings), left_over(settings)) == ([], [])


def test_a_signal_in_the_middle_of_a_file_comes_up_as_what_it_is(tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise StoppedError("Cannot go on: SIGALRM came.", hint="Begin anew.")

    keys, before = [age.throwaway().to_public()], signal.signal(signal.SIGALRM, stop)
    try:
        for number in range(30):  # raised where it comes, it was age's error in one time of four
            signal.setitimer(signal.ITIMER_REAL, 0.1 + number / 1000)
            with pytest.raises(StoppedError, match="SIGALRM came"):
                age.encrypt(Path("/dev/zero"), tmp_path / f"sealed-{number}", keys)
            (tmp_path / f"sealed-{number}").unlink()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_a_killed_run_left_plain_is_removed_by_the_next(key: Path, settings: Settings) -> None:
    settings.plain_folder.mkdir()
    (settings.plain_folder / manifest.DUMP).write_text("plain")
    assert command.main([]) == DONE
    assert not settings.plain_folder.exists()


def test_a_full_disk_while_it_encrypts(
    key: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, limits = take.describe_or_seal, resource.getrlimit(resource.RLIMIT_FSIZE)

    def on_full_disk(*arguments: object) -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700, limits[1]))
        return real(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(take, "describe_or_seal", on_full_disk)
    try:
        assert command.main([]) == FAILED
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large" in capsys.readouterr().err
    assert (every_set(settings), left_over(settings)) == ([], [])


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    with (tmp_path / "plain").open("wb") as file:
        file.truncate(96 * MEBIBYTE)
    key = age.throwaway()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    facts, _ = age.encrypt(tmp_path / "plain", tmp_path / "sealed", [key.to_public()])
    with Path("/dev/null").open("wb") as nowhere:
        assert age.decrypt(tmp_path / "sealed", nowhere, [key])[1] == facts
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 32


def test_sets_are_found_whether_encrypted_or_not(encrypted: BackupSet, settings: Settings) -> None:
    assert sets.one(encrypted.folder) is not None
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("BACKUP_AGE_RECIPIENT")
        assert command.main([]) == DONE
    assert [each.manifest.is_encrypted for each in every_set(settings)] == [True, False]
