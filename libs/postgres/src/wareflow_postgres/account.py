"""Who the server runs as: PostgreSQL refuses root, so root lends it another existing account."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from stat import S_IXGRP, S_IXOTH, S_IXUSR

ROOT = 0
LENT_ACCOUNTS = ("postgres", "nobody")


class NoAccount(RuntimeError):
    """PostgreSQL does not run as root, and there is no other account that it could run as."""


@dataclass(frozen=True)
class Account:
    """A user id and its main group."""

    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether this account may walk through every folder down to `path` itself."""
        return all(self._may_enter(folder) for folder in path.resolve().parents)

    def _may_enter(self, folder: Path) -> bool:
        try:
            status = folder.stat()
        except FileNotFoundError:  # still to be made, by us
            return True
        if status.st_uid == self.uid:
            return bool(status.st_mode & S_IXUSR)
        return bool(status.st_mode & (S_IXGRP if status.st_gid == self.gid else S_IXOTH))


def account_for(data_dir: Path) -> Account | None:
    """Who the server on `data_dir` runs as: None is ourselves.

    For root it is the owner of the folder, so that a project of a normal user still works for
    that user afterwards; a folder of root's own, or none yet, goes to a system account.
    """
    if os.geteuid() != ROOT:
        return None
    if data_dir.exists() and (status := data_dir.stat()).st_uid != ROOT:
        return Account(status.st_uid, status.st_gid)
    for name in LENT_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise NoAccount(f"{NoAccount.__doc__} Tried: {', '.join(LENT_ACCOUNTS)}.")


def hand_over(path: Path, account: Account | None) -> None:
    """Make `path` belong to the account that the server runs as."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
