"""No private key, token or password is committed: `python -m tools.checks.secrets`, in `make lint`.

A line that only looks like one says so: `not a secret: why`.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_EXCUSE = "not a secret:"

# In parts, so that this file passes its own test.
_KINDS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----",
    "a live key of Stripe": r"\b[sr]k_" + r"live_[A-Za-z0-9]{10,}",
    "a secret of webhooks": r"\bwhsec_" + r"[A-Za-z0-9+/]{20,}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of a code host": r"\b(?:gh[pousr]_|github_pat_|glpat-)[\w-]{20,}",
    "a token of a chat": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
_PASSWORD = re.compile(
    r"""(?:password|passwd|api_?key|secret_?key)["']?\s*[:=]\s*["'][^"'\s{}<$.]{8,}["']""",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\w+://[^:@/\s{}\"']+:(?P<password>[^@/\s{}\"'…]{3,})@")
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}
_MADE_UP = ("/tests/", "tests/")
"""Where a password is made up for the test; keys and tokens are looked for there too."""
_PLACEHOLDERS = frozenset({"password", "secret"})


def findings(name: str, text: str) -> Iterator[str]:
    """What in a file looks like a secret: `name:line: what`."""
    made_up = name.startswith("tests/") or any(part in name for part in _MADE_UP)
    for number, line in enumerate(text.splitlines(), 1):
        if _EXCUSE in line:
            continue
        found = [kind for kind, pattern in _PATTERNS.items() if pattern.search(line)]
        if not made_up and _PASSWORD.search(line):
            found.append("a password")
        address = _ADDRESS.search(line)
        if not made_up and address is not None and address["password"] not in _PLACEHOLDERS:
            found.append("an address with a password")
        yield from (f"{name}:{number}: {kind}" for kind in found)


def tracked() -> Iterator[tuple[str, str]]:
    """Every text file that git knows of."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            content = path.read_bytes()
            if b"\0" not in content[:8000]:
                yield name, content.decode(errors="replace")


def main() -> int:
    """Print what was found; 1 when there is anything."""
    found = [line for name, text in tracked() for line in findings(name, text)]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
