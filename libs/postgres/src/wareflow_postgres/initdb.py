"""The first initialisation of a data folder, which a kill at any moment leaves repeatable."""

import secrets
import shutil
import subprocess
from pathlib import Path

from wareflow_postgres.account import hand_over
from wareflow_postgres.binaries import major_version
from wareflow_postgres.cluster import PASSWORD, SUPERUSER, Cluster, NotADataFolder

STAGE = "initdb.tmp"
BUILTIN_PROVIDER_SINCE = 17  # major version; it also knows `initdb -c`


class InitFailed(RuntimeError):
    """PostgreSQL's initdb did not succeed."""


def initialise(cluster: Cluster, programs: Path, *, lock: int, sync: bool) -> None:
    """Run initdb in a folder of its own within the cluster's, then move its work into place.

    It inherits the cluster's `lock`, so that nobody clears the folder while an initdb still runs
    whose owner was killed. `sync` False does not wait for the disk.
    """
    stage = cluster.path / STAGE
    _clear(cluster.path, stage)
    stage.mkdir(mode=0o700)
    hand_over(stage, cluster.account)
    _write_password(stage / PASSWORD, cluster)
    data = Cluster(stage / "data", cluster.account)
    data.make_folder()
    done = subprocess.run(  # noqa: S603 - our own binary
        [programs / "initdb", "-D", data.argument, *_options(programs, sync=sync)],
        stdin=lock,
        capture_output=True,
        text=True,
        check=False,
        **data.process_options,
    )
    if done.returncode:
        shutil.rmtree(stage)
        raise InitFailed(done.stderr.strip())
    _put_in_place(stage, cluster.path)


def _clear(folder: Path, stage: Path) -> None:
    """Nothing but an attempt of ours that was killed may be in the way, or is deleted."""
    found = [entry for entry in folder.iterdir() if entry.name != "lost+found"]
    if found and stage not in found:
        raise NotADataFolder(f"{folder} is not empty, and is no PostgreSQL folder")
    for entry in sorted(found, key=lambda entry: entry == stage):  # the proof goes last
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _write_password(file: Path, cluster: Cluster) -> None:
    """Over TCP a password is asked for: every user of the machine reaches a port of 127.0.0.1,
    and a superuser of the database can run programs as its account.
    """
    file.touch(mode=0o600)
    _ = file.write_text(f"{secrets.token_urlsafe(24)}\n")
    hand_over(file, cluster.account)


def _options(programs: Path, *, sync: bool) -> list[str]:
    options = [f"--username={SUPERUSER}", "--encoding=UTF8", "--no-instructions"]
    options += ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile=../{PASSWORD}"]
    if major_version(programs) >= BUILTIN_PROVIDER_SINCE:
        # One iteration: stretching is for weak passwords, ours is random; clients connect faster.
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options += ["-c", "scram_iterations=1"]
    else:
        options += ["--locale=C.UTF-8"]
    return options if sync else [*options, "--no-sync"]


def _put_in_place(stage: Path, folder: Path) -> None:
    """Move all, PG_VERSION last: without it this was an attempt that was killed."""
    data = stage / "data"
    entries = [entry for entry in data.iterdir() if entry.name != "PG_VERSION"]
    for entry in [stage / PASSWORD, *entries, data / "PG_VERSION"]:
        _ = entry.rename(folder / entry.name)
    shutil.rmtree(stage)
