"""`make audit`: what can be known about the packages of the lock, and what cannot be known here."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import Distribution

from tools.checks.licences import installed, is_ours, licence_of, needed, objection
from tools.checks.lock import LOCK, Locked, locked

_NOT_CHECKED = """\
known vulnerabilities: NOT CHECKED. That needs pip-audit and its vulnerability service; where both
can be reached:  pip-audit --require-hashes --disable-pip -r requirements.lock"""


def faults_of_lock(packages: list[Locked]) -> Iterator[str]:
    """Packages that could be swapped for others."""
    for package in packages:
        if not package.hashes:
            yield f"{package.name} {package.version} has no hashes"
    times = Counter((package.name, package.marker) for package in packages)
    yield from (f"{name} is locked {n} times" for (name, _), n in times.items() if n > 1)


def faults_of_environment(packages: list[Locked], found: dict[str, Distribution]) -> Iterator[str]:
    """What is installed besides the lock, or in another version."""
    versions = {(one.name, one.version) for one in packages}
    names = {one.name for one in packages}
    for name, package in sorted(found.items()):
        if is_ours(name) or name in {"pip", "setuptools"}:  # the environment's own
            continue
        if name not in names:
            yield f"{name} is installed and not locked"
        elif (name, package.version) not in versions:
            yield f"{name} {package.version} is installed, another version is locked"


def faults_of_licences(found: dict[str, Distribution]) -> Iterator[str]:
    """What the product needs and may not be shipped with it."""
    shipped = needed(found, [name for name in found if is_ours(name)])
    for name in sorted(shipped):
        if not is_ours(name) and (reason := objection(licence_of(found[name]))):
            yield f"{name} {reason}"


def vulnerabilities() -> tuple[str, bool]:
    """What pip-audit says, where it is installed; and whether that is good."""
    program = shutil.which("pip-audit")
    if program is None:
        return _NOT_CHECKED, True
    told = subprocess.run(
        [program, "--require-hashes", "--disable-pip", "-r", str(LOCK)],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"pip-audit: {(told.stdout + told.stderr).strip()}", told.returncode == 0


def main() -> int:
    """Print what was found; 1 when something is wrong."""
    packages, found = locked(LOCK.read_text()), installed()
    faults = [
        *faults_of_lock(packages),
        *faults_of_environment(packages, found),
        *faults_of_licences(found),
    ]
    shipped = needed(found, [name for name in found if is_ours(name)])
    hashes = sum(len(package.hashes) for package in packages)
    print(f"the lock: {len(packages)} packages, {hashes} hashes of files")
    print(
        f"licences of the {sum(not is_ours(name) for name in shipped)} packages that are shipped:"
    )
    count = Counter(licence_of(found[name]) for name in shipped if not is_ours(name))
    for licence, times in count.most_common():
        print(f"  {times:3} {licence}")
    told, good = vulnerabilities()
    print(told)
    for fault in faults:
        print(f"FAULT: {fault}")
    return 0 if good and not faults else 1


if __name__ == "__main__":
    sys.exit(main())
