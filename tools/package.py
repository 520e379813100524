"""Build what a user installs: the folder build/package/csplus, and the same as build/csplus.zip.

Our own files are those that git knows; the libraries come from the wheels of requirements-vendor.txt, checked by
hash, and only their Python files and licences are taken. Equal input gives equal bytes.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
PACKAGE = BUILD / "package" / "csplus"
ZIP = BUILD / "csplus.zip"
WHEELS = BUILD / "wheels"
LOCK = ROOT / "requirements-vendor.txt"
OLDEST_PYTHON = "3.10"

OWN = (
    "__init__.py", "metadata.txt", "LICENSE", "README.md", "CHANGELOG.md", ".bandit", ".secrets.baseline",
    "algorithms", "csplus_plugin", "resources",
)  # fmt: skip

NEEDED_DATA = {
    "certifi/cacert.pem",
    "ee/tests/algorithms.json",  # the signatures; the sandbox serves both files
    "ee/tests/cloud_api_discovery_document.json",
}

UNUSED_FOLDERS = {"tests", "testing", "cli"}


def main() -> None:
    """Build, and say how large it became."""
    shutil.rmtree(PACKAGE, ignore_errors=True)
    copy_own()
    fetch_wheels()
    for wheel in sorted(WHEELS.glob("*.whl")):
        unpack(wheel, PACKAGE / "csplus_plugin" / "vendor")
    shutil.copy(LOCK, PACKAGE / "csplus_plugin" / "vendor" / "requirements.txt")
    write_zip()
    files = sum(1 for path in PACKAGE.rglob("*") if path.is_file())
    print(f"{ZIP.relative_to(ROOT)}: {ZIP.stat().st_size / 1e6:.1f} MB, {files} files")


def copy_own() -> None:
    """Copy our files, also those that are new and not yet committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *OWN]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, PACKAGE / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def fetch_wheels() -> None:
    """Download the wheels, unless those of the same lock file are there."""
    stamp = WHEELS / LOCK.name
    if stamp.is_file() and stamp.read_bytes() == LOCK.read_bytes():
        return
    shutil.rmtree(WHEELS, ignore_errors=True)
    pure = ("--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", OLDEST_PYTHON)
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    rules = ("--no-deps", "--require-hashes", "--only-binary", ":all:", *pure)
    subprocess.run([*pip, *rules, "--dest", WHEELS, "--requirement", LOCK], check=True)
    shutil.copy(LOCK, stamp)


def unpack(wheel: Path, target: Path) -> None:
    """Take what is needed out of one wheel, if it still is the one of the lock file."""
    content = wheel.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if f"--hash=sha256:{digest}" not in LOCK.read_text(encoding="utf-8"):
        sys.exit(f"{wheel.name} is not the wheel that {LOCK.name} names: remove {WHEELS} and run this again.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            place = place_in_vendor(PurePosixPath(name))
            if place is not None:
                (target / place).parent.mkdir(parents=True, exist_ok=True)
                (target / place).write_bytes(archive.read(name))


def place_in_vendor(path: PurePosixPath) -> PurePosixPath | None:
    """Where a file of a wheel goes; None: it is left out.

    The folder `*.dist-info` is left out but for the licences, so that nobody's look for installed packages
    finds ours.
    """
    top = path.parts[0]
    if top.endswith(".dist-info"):
        is_licence = path.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))
        return PurePosixPath("licenses", top.removesuffix(".dist-info"), path.name) if is_licence else None
    if str(path) in NEEDED_DATA:
        return path
    is_unused = UNUSED_FOLDERS & set(path.parts[:-1])
    return path if path.suffix == ".py" and not is_unused else None


def write_zip() -> None:
    """Zip the folder, with one date and one mode for every file."""
    with zipfile.ZipFile(ZIP, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(PACKAGE.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(PACKAGE.parent).as_posix())
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    main()
