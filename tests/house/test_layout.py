"""House rules that no linter of ours can say."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = [
    path.parent
    for pattern in ("libs/*", "services/*", "sandbox", "cli")
    for path in sorted(ROOT.glob(f"{pattern}/pyproject.toml"))
]


# In two parts, so that this file passes its own test.
_HOSTS = (
    ("pypi", ".org"),
    ("files.python", "hosted"),
    ("registry.", "npmjs"),
    ("repo1.", "maven"),
    ("repo.", "maven"),
)


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows of."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_every_member_explains_itself_and_is_tested(member: Path) -> None:
    assert (member / "README.md").exists()
    assert list(member.glob("tests/test_*.py"))


def test_folders_are_at_most_two_deep_inside_a_package() -> None:
    for member in MEMBERS:
        for path in (member / "src").glob("*/**/*.py"):
            assert len(path.relative_to(member / "src").parts) <= 4, path


def test_nothing_names_a_package_host_or_a_path_of_a_machine() -> None:
    hosts = tuple("".join(word) for word in _HOSTS)
    places = ("/ro" + "ot/", "/ho" + "me/", "/wor" + "k/")
    for path in tracked(
        "*.py", "*.toml", "*.md", "*.xml", "*.yaml", "*.json", "Makefile", "*.lock"
    ):
        text = path.read_text(errors="ignore")
        for word in (*hosts, *places):
            assert word not in text, f"{path.relative_to(ROOT)} names {word}"
