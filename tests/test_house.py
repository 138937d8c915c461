"""The house rules that no other tool checks: arrows, what lies where, docstrings, the lock."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mlops_desktop"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "packaging" / "requirements.lock").read_text(encoding="utf-8")
TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "mlops_desktop",
    "resources",
    "tests",
    "packaging",
}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file; `from a import b` gives `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listing.stdout.split("\0") if name]


def test_that_the_arrows_hold() -> None:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_that_work_knows_of_qt_only_qtcore() -> None:
    wrong = [
        f"{_name(path)}: {name}"
        for path in sorted((PACKAGE / "work").rglob("*.py"))
        for name in _imports(path)
        if name.split(".")[0] in {"PySide6", "pyqtgraph"}
        and not f"{name}.".startswith("PySide6.QtCore.")
    ]
    assert not wrong, "work is QtCore only, so that it runs without a display"


def test_that_core_imports_the_standard_library_and_numpy_only() -> None:
    allowed = {*sys.stdlib_module_names, "numpy"}
    wrong = [
        f"{_name(path)}: {name}"
        for path in sorted((PACKAGE / "core").rglob("*.py"))
        for name in _imports(path)
        if name.split(".")[0] not in allowed and not name.startswith("mlops_desktop.core.")
    ]
    assert not wrong


def test_that_the_top_level_holds_only_what_the_map_names() -> None:
    found = {name.split("/")[0] for name in _tracked()}
    strangers = {name for name in found - TOP_LEVEL if not name.startswith(".")}
    assert not strangers, "put them in a folder of the map (mlops_desktop/ARCHITECTURE.md)"


def test_that_the_readme_is_the_packages_own() -> None:
    assert (ROOT / "README.md").is_file(), "write README.md: install, run, test"
    assert PROJECT.get("readme") == "README.md", 'add readme = "README.md" to pyproject.toml'


def test_that_packaging_is_no_python_package() -> None:
    # It would hide the library of that name, which pip, pandas and pytest import.
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_that_every_package_and_file_opens_by_saying_what_it_is_for() -> None:
    folders = {path.parent for path in SOURCES}
    inits = [folder / "__init__.py" for folder in sorted(folders)]
    missing = [_name(init) for init in inits if not init.is_file()]
    missing += [
        _name(path)
        for path in SOURCES
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not missing, "open each with one sentence: what it is for"


def test_that_the_lock_has_every_dependency_with_hashes_and_no_address() -> None:
    locked = _locked()
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not locked: run `python3 packaging/dev.py lock`"
        for version in locked[name]:
            assert version in requirement.specifier, f"{name} {version} is not {requirement}"
    assert "://" not in LOCK, "an index address in the lock works on one machine only"
    assert len(re.findall(r"^\S+==", LOCK, re.MULTILINE)) <= LOCK.count("--hash=sha256:")


def test_that_the_pyside_that_loses_references_is_not_locked() -> None:
    # 6.12.0 aborts on Python 3.11 with "deallocating None"; may go once it is yanked or unused.
    assert "6.12.0" not in _locked()["pyside6-essentials"]


def test_that_no_runtime_dependency_is_gpl_only() -> None:
    offenders = {}
    for name in _runtime_closure():
        metadata = importlib.metadata.metadata(name)
        fields = ("License-Expression", "License", "Classifier")
        texts = [text for field in fields for text in metadata.get_all(field) or []]
        # Longer than a name is a licence's whole text: bundled parts, not the package's own terms.
        offending = [text for text in texts if len(text) < 200 and _is_gpl_only(text)]
        if offending:
            offenders[name] = offending
    assert not offenders, "the app is Apache-2.0, and installers ship its dependencies"


@pytest.mark.parametrize(
    ("text", "gpl_only"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("MIT AND GPL-2.0-only", True),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", False),
        ("LGPL-3.0-only", False),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("MIT", False),
    ],
)
def test_that_a_licence_is_read_rightly(text: str, gpl_only: bool) -> None:
    assert _is_gpl_only(text) is gpl_only


def _is_gpl_only(text: str) -> bool:
    """Whether every choice that a licence text gives is the GPL or AGPL without exception."""
    choices = re.split(r"\bOR\b", text.strip("()"))
    gpl = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public Licen[sc]e")
    return all(gpl.search(choice) and "exception" not in choice for choice in choices)


def _locked() -> dict[str, set[str]]:
    """Name to its versions: a universal lock may have one a platform."""
    found: dict[str, set[str]] = {}
    pinned = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
    for name, version in pinned.findall(LOCK):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def _runtime_closure() -> set[str]:
    """Every installed package that the app pulls in at run time."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in PROJECT["dependencies"]]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += map(Requirement, importlib.metadata.requires(name) or [])
    return found


def test_that_the_path_to_the_first_window_loads_nothing_heavy() -> None:
    script = (
        "import sys, mlops_desktop.app;"
        "print(*(m for m in ('pandas', 'sklearn', 'sqlite_utils', 'onnxruntime', 'pyqtgraph')"
        " if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == []
