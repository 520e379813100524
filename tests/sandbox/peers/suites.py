"""Run other people's own test suites against a sandbox, and count what became of their tests.

    python suites.py PYTHON FOLDER

PYTHON is the interpreter of an environment with the packages of `requirements.txt`; FOLDER keeps the suites, which are
fetched as source distributions from the package registry. `make test-peers` calls this. Exits with 1 where a test
failed that neither a stated limit of the sandbox nor the service's own pixels explain; without a registry
a line says so.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent
SUITES = ("geetools", "eemont")
OUTCOMES = {
    "passed": "passed",
    "failed": "failed",
    "limit": "refused: a stated limit",
    "data": "compares with what is the service's own",
    "network": "asks another service",
    "library": "fails before it asks",
    "skipped": "skipped by the suite",
}
NOWHERE = "http://127.0.0.1:9"
"""A proxy that is not there: nothing but the sandbox is asked, and a test that asks fails at once."""


def main() -> int:
    """Fetch, run and count; 1 where the sandbox is at fault."""
    sys.path.insert(0, str(ROOT))
    from suite_archive import write_archive

    from csplus_plugin.sandbox.server import start

    python, suites = str(Path(sys.argv[1]).absolute()), Path(sys.argv[2]).absolute()
    found = [folder for name in SUITES if (folder := fetched(python, name, suites))]
    faults = 0
    for suite in found:
        with tempfile.TemporaryDirectory() as made:
            write_archive(Path(made) / "archive", suite / "tests")
            with start(Path(made) / "archive", exports=Path(made) / "exports") as sandbox:
                outcomes = run(python, suite, sandbox.url, Path(made) / "report.json")
        faults += told(suite.name, outcomes)
    return 1 if faults else 0


def fetched(python: str, name: str, suites: Path) -> Path | None:
    """The folder of a suite: the source distribution of the version that is installed; None without one."""
    asked = [python, "-c", f"import importlib.metadata as m; print(m.version('{name}'))"]
    version = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    folder = suites / f"{name}-{version}"
    if not folder.exists():
        suites.mkdir(parents=True, exist_ok=True)
        download = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        options = ["--no-binary", name, "--dest", str(suites), f"{name}=={version}"]
        if subprocess.run([*download, *options], check=False).returncode:
            print(f"{name}: skipped, its source distribution could not be fetched from the registry.")
            return None
        subprocess.run(["tar", "-xzf", f"{folder.name}.tar.gz"], cwd=suites, check=True)
    return folder


def run(python: str, suite: Path, url: str, report: Path) -> list[tuple[str, str, str]]:
    """What became of each test of a suite: its name, an outcome and a reason."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "PEERS_URL": url,
        "PEERS_REPORT": str(report),
        "EARTHENGINE_PROJECT": "my-project",
        "MPLBACKEND": "Agg",
        "NO_PROXY": "127.0.0.1",
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
    }
    quiet = [
        "-q",
        "--no-header",
        "--tb=short",
        "-W",
        "ignore",
        "-p",
        "no:cacheprovider",
        "--rootdir=.",
        "-c",
        os.devnull,
    ]
    command = [
        python,
        "-m",
        "pytest",
        "-p",
        "suite_plugin",
        *quiet,
        "--continue-on-collection-errors",
        "tests",
    ]
    with suite.with_name(f"{suite.name}.log").open("w") as log:
        subprocess.run(command, cwd=suite, env=environment, stdout=log, stderr=log, check=False, timeout=1200)
    return [tuple(each) for each in json.loads(report.read_text(encoding="utf-8"))]


def told(suite: str, outcomes: list[tuple[str, str, str]]) -> int:
    """Print the counts, the limits by name and the faults; how many faults."""
    counts = Counter(outcome for _, outcome, _ in outcomes)
    print(f"{suite}: {len(outcomes)} tests")
    for outcome, words in OUTCOMES.items():
        print(f"  {counts[outcome]:4} {words}")
        reasons = Counter(
            re.sub(r"\d{6,}\S*", "…", why) for _, each, why in outcomes if each == outcome and why
        )
        if outcome in ("limit", "data", "library"):
            for reason, times in reasons.most_common():
                print(f"         {times} {reason}")
    for test, outcome, reason in outcomes:
        if outcome == "failed":
            print(f"  FAILED {test}: {reason}")
    return counts["failed"]


if __name__ == "__main__":
    sys.exit(main())
