"""Set up the working copy, and run, test, measure, picture or build the app: `dev.py VERB`.

Standard library only. The whole file must parse on Python 3.6, so that an old Python gets a
sentence instead of a syntax error: no match, no walrus, no parenthesised with.
"""

import argparse
import ctypes
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  The message is for whoever has an older one.
    _newer = [name for name in map("python3.{}".format, range(11, 20)) if shutil.which(name)]
    sys.exit(
        "mlops_desktop needs Python 3.11 or newer; this is {}.{}. {}".format(
            *sys.version_info[:2],
            f"Try: {_newer[-1]} packaging/dev.py run" if _newer else "Install one, then try again.",
        )
    )

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "set-up-for"
WINDOWS = sys.platform == "win32"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")

# Debian package: the file that Qt loads from it.
QT_LIBRARIES = {
    "libegl1": "libEGL.so.1",
    "libgl1": "libGL.so.1",
    "libxkbcommon0": "libxkbcommon.so.0",
    "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1",
    "libglib2.0-0": "libglib-2.0.so.0",
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-image0": "libxcb-image.so.0",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-xinerama0": "libxcb-xinerama.so.0",
    "libxcb-xkb1": "libxcb-xkb.so.1",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
}
# Debian package: the command that it brings.
TEST_COMMANDS = {"xvfb": "Xvfb", "strace": "strace"}
BENCH_COMMANDS = {"wrk": "wrk"}
SCREEN_COMMANDS = {"xvfb": "Xvfb"}


class Stop(Exception):
    """Set-up or a verb cannot go on; the text says why and what to do."""


def main() -> int:
    """Read the verb and do it."""
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Every verb sets up .venv first, if it is not up to date."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("run", help="open the app; what follows is passed on")
    verb = verbs.add_parser(
        "test",
        help="style, types, arrows, tests; what follows goes to pytest",
        allow_abbrev=False,
    )
    verb.add_argument("--long", action="store_true", help="also the tests that take minutes")
    verbs.add_parser("bench", help="measure; what follows is passed on")
    verb = verbs.add_parser("screenshots", help="picture every screen under Xvfb")
    verb.add_argument("folder", nargs="?", default="build/screenshots", help="where to put them")
    verbs.add_parser("build", help="make the wheel in dist/")
    verbs.add_parser("lock", help="renew requirements.lock; what follows goes to uv pip compile")
    try:
        if sys.argv[1:2] == ["run"]:
            return run(sys.argv[2:])
        chosen, rest = parser.parse_known_args()
        if chosen.verb == "test":
            return test(rest, chosen.long)
        if chosen.verb == "bench":
            return bench(rest)
        if chosen.verb == "lock":
            return lock(rest)
        if rest:
            parser.error("unrecognized arguments: " + shlex.join(rest))
        return screenshots(Path(chosen.folder)) if chosen.verb == "screenshots" else build()
    except Stop as stop:
        say(str(stop))
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


# The verbs


def run(arguments: list[str]) -> int:
    """Open the app, or run one of its headless verbs."""
    set_up({})
    if opens_a_window(arguments):
        check_display()
    command = [str(PYTHON), "-m", "mlops_desktop", *arguments]
    if not WINDOWS:  # There, the caller would not wait for the new process.
        os.execv(command[0], command)
    return subprocess.call(command)


def test(arguments: list[str], long: bool) -> int:
    """Run every check, also after one failed; 0 if all passed."""
    set_up(TEST_COMMANDS)
    # `-n 2` and not `auto`: timing tests want the same load on every machine.
    pytest = ["pytest", "-q", "-n", "2", "--dist", "loadfile"]
    pytest += [] if long else ["-m", "not long"]
    steps = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy": ["mypy"],
        "arrows": ["lint-imports"],
        "pytest": [*pytest, *arguments],
    }
    environment = {**os.environ}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    results = []
    for name, (program, *rest) in steps.items():
        print(f"\n== {name}: {shlex.join([program, *rest])}", flush=True)
        start = time.monotonic()
        code = subprocess.call([str(BIN / program), *rest], cwd=ROOT, env=environment)
        seconds = time.monotonic() - start
        results.append((name, code, seconds))
        print(f"== {name}: {_verdict(code)} in {seconds:.1f} s", flush=True)
    print("\n== Summary")
    for name, code, seconds in results:
        print(f"{name:12} {_verdict(code):14} {seconds:7.1f} s")
    failed = [name for name, code, _ in results if code]
    print("FAILED: " + ", ".join(failed) if failed else "All passed.", flush=True)
    return 1 if failed else 0


def _verdict(code: int) -> str:
    return "passed" if code == 0 else f"FAILED ({code})"


def bench(arguments: list[str]) -> int:
    """Measure, and print the numbers."""
    set_up(BENCH_COMMANDS)
    return subprocess.call([str(PYTHON), "-m", "tests.benchmarks", *arguments], cwd=ROOT)


def screenshots(folder: Path) -> int:
    """Picture every screen on a display of our own."""
    set_up(SCREEN_COMMANDS)
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    program = shutil.which("Xvfb")
    if program is None:
        raise Stop("Screenshots need Xvfb. Install it (Debian: apt-get install xvfb), try again.")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", "1920x1200x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise Stop("Xvfb did not start.")
        environment = {**os.environ, "DISPLAY": ":" + number, "QT_QPA_PLATFORM": "xcb"}
        environment.pop("WAYLAND_DISPLAY", None)
        command = [str(PYTHON), "-m", "tests.screenshots", str(folder)]
        code = subprocess.call(command, cwd=ROOT, env=environment)
    finally:
        server.terminate()
        server.wait()
    if code == 0:
        print(f"The screenshots are in {folder}.", flush=True)
    return code


def build() -> int:
    """Make the wheel in dist/."""
    set_up({})
    command = [str(PYTHON), "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    return subprocess.call(command, cwd=ROOT)


def lock(arguments: list[str]) -> int:
    """Write requirements.lock anew. Versions that still fit stay, unless `--upgrade` is given."""
    uv = shutil.which("uv")
    if uv is None:
        raise Stop("Locking needs uv, a program of its own. Install it: python3 -m pip install uv")
    command = [uv, "pip", "compile", "pyproject.toml", "--extra", "dev", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
    command += ["--no-emit-find-links", "--quiet", *arguments, "-o", str(LOCK.relative_to(ROOT))]
    # The comment at the top of the lock names the way to renew it.
    environment = {**os.environ, "UV_CUSTOM_COMPILE_COMMAND": "python3 packaging/dev.py lock"}
    code = subprocess.call(command, cwd=ROOT, env=environment)
    if code == 0 and "://" in LOCK.read_text(encoding="utf-8"):
        raise Stop("The lock names an address, and would not work elsewhere. Do not commit it.")
    return code


# Set-up


def set_up(commands: dict[str, str]) -> None:
    """Bring .venv and the system up to date. Says nothing where there is nothing to do."""
    wanted = fingerprint()
    if not (PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted):
        start = time.monotonic()
        STAMP.unlink(missing_ok=True)  # Stays away if we are stopped half-way.
        make_venv()
        install_packages()
        STAMP.write_text(wanted, encoding="utf-8")
        say(f"Set-up is done, in {time.monotonic() - start:.0f} s. Next time it is skipped.")
    if sys.platform == "linux":
        install_libraries(commands)


def fingerprint() -> str:
    """What .venv depends on: the lock, the package's own data, this Python, and where we are."""
    digest = hashlib.sha256()
    for file in (LOCK, ROOT / "pyproject.toml"):
        digest.update(file.read_bytes())
    return f"{digest.hexdigest()} {sys.version_info[0]}.{sys.version_info[1]} {ROOT}\n"


def make_venv() -> None:
    """Make .venv, unless a working one of this Python version is there."""
    if PYTHON.exists():
        probe = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
        answer = subprocess.run(
            [str(PYTHON), "-c", probe], capture_output=True, text=True, check=False
        )
        if answer.stdout.strip() == "{}.{}".format(*sys.version_info[:2]):
            return
    if Path(sys.prefix) == VENV:
        raise Stop("This Python lives in .venv, which must be made anew. Use the system's python3.")
    spec = importlib.util.find_spec("ensurepip")
    if spec is None or spec.origin is None:
        raise Stop(
            "This Python cannot make a virtual environment, because it has no ensurepip.\n"
            "On Debian and Ubuntu: apt install python3-venv (as root), then try again."
        )
    say(f"Making a virtual environment in {VENV}.")
    base = getattr(sys, "_base_executable", sys.executable)
    if subprocess.call([base, "-m", "venv", "--clear", str(VENV)]):
        raise Stop(
            f"The virtual environment could not be made in {VENV}: see above.\n"
            "On Debian and Ubuntu, `apt install python3-venv` (as root) is often what is missing."
        )


def install_packages() -> None:
    """Install the locked packages by hash, then this working copy as an editable one."""
    say(f"Installing the locked packages ({LOCK.relative_to(ROOT)}), each checked by its hash.")
    say("The first time this fetches some hundred megabytes, and may take minutes.")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    if subprocess.call([*pip, "--require-hashes", "-r", str(LOCK)], cwd=ROOT):
        raise Stop(
            "The packages could not be installed: pip's own words are above.\n"
            "If there is no network, connect and try again; nothing else needs one later.\n"
            "If a hash does not match, do not go on: the file is not the one that was locked."
        )
    say("Installing mlops_desktop itself as an editable package.")
    if subprocess.call([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], cwd=ROOT):
        raise Stop("mlops_desktop itself could not be installed: pip's own words are above.")


def install_libraries(commands: dict[str, str]) -> None:
    """Install what Qt and this verb need of the system; where we may not, say how, and go on."""
    missing = [package for package, file in QT_LIBRARIES.items() if not loads(file)]
    missing += [package for package, command in commands.items() if not shutil.which(command)]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    debian_like = Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None
    if not debian_like:
        say("The system lacks what these Debian packages hold: {}.".format(" ".join(missing)))
        say("Install your system's equivalents if the app does not start.")
        return
    if os.geteuid() == 0:
        say("Installing system packages: {}.".format(" ".join(missing)))
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        quiet = ["-qq", "-o", "Dpkg::Use-Pty=0"]
        done = False  # An update that fails may still leave lists that will do.
        with tempfile.TemporaryFile() as log:
            for command in (["apt-get", "update", *quiet], [*install, *quiet]):
                done = subprocess.call(command, env=environment, stdout=log, stderr=log) == 0
            if done:
                return
            log.seek(0)
            say(log.read().decode(errors="replace")[-2000:].strip())
        say("That did not work.")
    say("Some system packages are missing. As root, run:")
    say(f"  apt-get update && {shlex.join(install)}")
    say("Going on without them.")


def loads(library: str) -> bool:
    """Whether the loader finds that library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


# The display


def opens_a_window(arguments: list[str]) -> bool:
    """Whether these arguments open the app: nothing but options, and none that only prints."""
    if {"-h", "--help", "--version", "--child"} & set(arguments):
        return False
    takes_a_value = False
    for argument in arguments:
        if not (argument.startswith("-") or takes_a_value):
            return False
        takes_a_value = argument == "--workspace"
    return True


def check_display() -> None:
    """Say so if there is no display, since Qt's own way is to abort."""
    if sys.platform != "linux" or "QT_QPA_PLATFORM" in os.environ:
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    name = os.environ.get("DISPLAY", "")
    if name and display_answers(name):
        return
    what = f"The display {name} does not answer" if name else "There is no display"
    raise Stop(
        f"Everything is installed, but the window cannot open. {what}.\n"
        "Start this from a desktop session, or set DISPLAY (as in DISPLAY=:0), or use a virtual\n"
        "one: xvfb-run -a python3 packaging/dev.py run    (Debian: apt-get install xvfb xauth)\n"
        "The verbs need no display: python3 packaging/dev.py run --help"
    )


def display_answers(name: str) -> bool:
    """Whether an X server accepts us there; True if that cannot be found out."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(name.encode(), None)
    works = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return bool(works)


def say(text: str) -> None:
    """Tell whoever waits. On stderr: a verb's stdout belongs to the verb."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
