"""The wheel, as a user gets it: installed away from the checkout, it finds its files and starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import mlops_desktop

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _call([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT])
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bin_dir(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a venv that holds the wheel and borrows our dependencies: no network."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    _call([sys.executable, "-m", "venv", "--without-pip", venv])
    site = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(venv)}))
    # Plain lines: unlike site.addsitedir, they do not run our own editable install's .pth.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("".join(f"{path}\n" for path in sorted(borrowed)))
    python = venv / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    _call([*pip, "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed", wheel])
    return python.parent


def test_that_the_wheel_holds_the_package_and_its_resources_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    top = {name.split("/")[0] for name in names}
    version = mlops_desktop.__version__
    assert top == {"mlops_desktop", f"mlops_desktop-{version}.dist-info"}
    shipped = {
        path.relative_to(ROOT / "resources").as_posix()
        for path in (ROOT / "resources").rglob("*")
        if path.is_file()
    }
    assert shipped
    assert {f"mlops_desktop/_resources/{name}" for name in shipped} <= names
    assert not [name for name in names if name.endswith((".pyc", ".pkl", ".joblib"))]


def test_that_the_command_says_its_help_and_its_version(bin_dir: Path, tmp_path: Path) -> None:
    command = bin_dir / "mlops-desktop"
    assert "Usage" in _call([command, "--help"], cwd=tmp_path)
    assert mlops_desktop.__version__ in _call([command, "--version"], cwd=tmp_path)


def test_that_the_installed_package_finds_its_own_resources(bin_dir: Path, tmp_path: Path) -> None:
    program = "from mlops_desktop.resources import resource; print(resource('icons', 'house.svg'))"
    found = Path(_call([bin_dir / "python", "-c", program], cwd=tmp_path).strip())
    assert found.is_file()
    assert found.is_relative_to(bin_dir.parent)


def test_that_the_doctor_finds_the_installed_app_well(bin_dir: Path, tmp_path: Path) -> None:
    arguments = ["--workspace", str(tmp_path / "w"), "doctor", "--json"]
    assert json.loads(_call([bin_dir / "mlops-desktop", *arguments], cwd=tmp_path))


@pytest.mark.gui
def test_that_the_installed_app_opens_its_window(bin_dir: Path, tmp_path: Path) -> None:
    arguments = ["--workspace", str(tmp_path / "w"), "--smoke"]
    _call([bin_dir / "mlops-desktop", *arguments], cwd=tmp_path)


def _call(command: Sequence[str | Path], cwd: Path = ROOT) -> str:
    """Run a command with nothing of this checkout on its path; its output, if it succeeds."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stderr[-4000:]}"
    return done.stdout
