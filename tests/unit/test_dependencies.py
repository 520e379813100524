"""Where `ee` comes from, and that preparing it disturbs no other user of it in the process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import ee
import pytest
from csplus.csplus_plugin.earthengine import dependencies

from ..support.fake_service import Answer, FakeService, Seen, value

ROOT = Path(__file__).resolve().parents[2]
WHEEL = Path(ee.__file__).parent / "tests"


def in_a_new_process(script: str, *arguments: str) -> str:
    """Run a script with `csplus` importable and nothing else of ours loaded; give what it prints."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import importlib; "
    run = subprocess.run(
        [sys.executable, "-c", start + "\n" + script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize(
    "module",
    [
        "settings",
        "earthengine.session",
        "earthengine.client",
        "earthengine.dependencies",
        "earthengine.credentials",
    ],
)
def test_importing_our_modules_loads_no_library(module: str):
    loaded = in_a_new_process(
        f"import csplus_plugin.{module}\n"
        "print(sorted({'ee', 'google', 'requests', 'urllib3', 'qgis'} & set(sys.modules)))"
    )
    assert loaded.strip() == "[]"


def write_package(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(text)


FAKE_EE = (
    "__version__ = '{version}'\nclass ApiFunction: pass\nclass ImageCollection:\n    linkCollection = None\n"
)
LOAD = """
from csplus_plugin.earthengine import dependencies
from pathlib import Path
dependencies.VENDOR = Path(sys.argv[1])
sys.path[:] = [place for place in sys.path if "site-packages" not in place and "dist-packages" not in place]
sys.path[1:1] = sys.argv[2:]
before = list(sys.path)
try:
    dependencies.load_ee()
    print(dependencies.ee_version(), dependencies.ee_place())
except dependencies.MissingLibrary as missing:
    print("MISSING", missing.what, "|", missing.next_step)
print(sys.path == before, sys.path == before + [sys.argv[1]])
"""


def test_the_library_of_the_environment_is_used_and_the_path_left_alone(tmp_path: Path):
    write_package(tmp_path / "vendor", "ee", FAKE_EE.format(version="vendored"))
    write_package(tmp_path / "env", "ee", FAKE_EE.format(version="environment"))
    printed = in_a_new_process(LOAD, str(tmp_path / "vendor"), str(tmp_path / "env")).splitlines()
    assert printed == [f"environment {tmp_path / 'env' / 'ee'}", "True False"]


def test_the_vendored_library_is_used_last(tmp_path: Path):
    write_package(tmp_path / "vendor", "ee", FAKE_EE.format(version="vendored"))
    printed = in_a_new_process(LOAD, str(tmp_path / "vendor")).splitlines()
    assert printed == [f"vendored {tmp_path / 'vendor' / 'ee'}", "False True"]


def test_without_a_library_the_command_that_installs_it_is_given(tmp_path: Path):
    vendor = tmp_path / "plugin folder" / "vendor"
    printed = in_a_new_process(LOAD, str(vendor)).splitlines()
    assert printed[0].startswith(
        "MISSING The Earth Engine client library cannot be imported: No module named 'ee'."
    )
    assert printed[0].endswith(
        f'{sys.executable} -m pip install --target "{vendor}" "earthengine-api>=1.7.4"'
    )
    assert printed[1] == "True False"


def test_a_module_that_only_has_the_name_is_not_taken_for_the_library(tmp_path: Path):
    write_package(tmp_path / "env", "ee", "")
    printed = in_a_new_process(LOAD, str(tmp_path / "vendor"), str(tmp_path / "env"))
    assert "is not the Earth Engine client library" in printed


OLD_EE = "__version__ = '0.1.300'\nclass ApiFunction: pass\nclass ImageCollection: pass\n"


def test_a_library_too_old_for_cloud_score_plus_is_named_with_its_place(tmp_path: Path):
    write_package(tmp_path / "env", "ee", OLD_EE)
    printed = in_a_new_process(LOAD, str(tmp_path / "vendor"), str(tmp_path / "env"))
    assert f"0.1.300 in {tmp_path / 'env' / 'ee'} is too old" in printed
    assert "--upgrade" in printed


BESIDE_AN_UNFIT_EE = """
from csplus_plugin.core import library
from csplus_plugin.earthengine import dependencies
from pathlib import Path
dependencies.VENDOR = Path(sys.argv[1])
sys.path.insert(1, sys.argv[2])
if sys.argv[3] == "first":
    import ee
ours = dependencies.prepare_expressions()
print(ours.__name__, dependencies.ee_place(), library.ee is ours)
print(ours.serializer.toJSON(ours.ImageCollection("A").linkCollection(ours.ImageCollection("B"), ["cs"])))
import ee
print(ee.__file__, [name for name in sys.modules if name.startswith("ee.")], hasattr(ee, "Image"))
"""


@pytest.mark.parametrize("theirs", ["first", "later"])
@pytest.mark.parametrize("text", [OLD_EE, ""], ids=["too old", "something else"])
def test_an_unfit_ee_stays_what_it_is_and_the_vendored_one_is_used_beside_it(
    tmp_path: Path, text: str, theirs: str
):
    write_package(tmp_path / "env", "ee", text)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "ee").symlink_to(WHEEL.parent)
    printed = in_a_new_process(BESIDE_AN_UNFIT_EE, str(tmp_path / "vendor"), str(tmp_path / "env"), theirs)
    ours, expression, other = printed.splitlines()
    assert ours == f"csplus_ee {WHEEL.parent} True"
    assert "Image.linkCollection" in expression
    assert other == f"{tmp_path / 'env' / 'ee' / '__init__.py'} [] False"


@pytest.mark.parametrize("text", ["import no_such_httplib2", "print 'Python 2'", "import sys; sys.maxint"])
def test_an_ee_that_does_not_start_is_passed_over(tmp_path: Path, text: str):
    write_package(tmp_path / "env", "ee", text)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "ee").symlink_to(WHEEL.parent)
    script = BESIDE_AN_UNFIT_EE.partition("import ee\nprint")[0]
    printed = in_a_new_process(script, str(tmp_path / "vendor"), str(tmp_path / "env"), "later")
    assert printed.startswith(f"csplus_ee {WHEEL.parent} True")


def test_inside_qgis_on_another_system_the_command_names_a_real_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "QGIS 3" / "bin" / "qgis"
    program.parent.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(sys, "exec_prefix", str(tmp_path / "nowhere"))
    assert dependencies.install_command().startswith("python3 -m pip ")
    (program.parent / "python3").touch()
    assert dependencies.install_command().startswith(f'"{program.parent / "python3"}" -m pip ')


PREPARE = """
from csplus_plugin.earthengine.dependencies import prepare_expressions
"""


def test_expressions_can_be_built_without_initialize_and_without_a_network():
    printed = in_a_new_process(
        PREPARE
        + """
import socket, json
def refuse(*_): raise AssertionError("a socket was opened")
socket.socket.connect = refuse
ee = prepare_expressions()
image = ee.ImageCollection("A").linkCollection(ee.ImageCollection("B"), ["cs"]).reduce(ee.Reducer.median())
print(json.dumps(ee.serializer.encode(image.gte(0.5), for_cloud_api=True)))
print(ee.data.is_initialized(), ee.data._get_state().credentials, ee.data._get_state().cloud_api_base_url)
"""
    ).splitlines()
    text = printed[0]
    for name in (
        "ImageCollection.load",
        "Image.linkCollection",
        "ImageCollection.reduce",
        "Reducer.median",
        "Image.gte",
    ):
        assert f'"functionName": "{name}"' in text
    assert printed[1] == "False None None"


def test_a_reset_by_somebody_else_is_survived():
    printed = in_a_new_process(
        PREPARE
        + """
first = prepare_expressions()
first.Reset()
ee = prepare_expressions()
print(ee.serializer.toJSON(ee.Reducer.median()), ee.Algorithms.Landsat is not None, len(ee.ApiFunction._api))
"""
    )
    assert "Reducer.median" in printed
    assert int(printed.split()[-1]) > 900


def test_preparing_in_many_threads_at_once():
    printed = in_a_new_process(
        PREPARE
        + """
import threading
from concurrent.futures import ThreadPoolExecutor
barrier = threading.Barrier(8)
def build(_):
    barrier.wait()
    ee = prepare_expressions()
    return ee.serializer.toJSON(ee.Image(1).addBands(ee.Image("A").select("B4")).reduce(ee.Reducer.median()))
with ThreadPoolExecutor(8) as workers:
    print(len(set(workers.map(build, range(8)))))
"""
    )
    assert printed.strip() == "1"


WITHOUT_THE_LIST = (
    PREPARE
    + """
from csplus_plugin.core.errors import MissingLibrary
from csplus_plugin.earthengine import dependencies
from pathlib import Path
dependencies.ee_place = lambda: Path(sys.argv[1])
"""
)


def test_without_the_wheel_s_list_the_service_is_asked(tmp_path: Path):
    printed = in_a_new_process(
        WITHOUT_THE_LIST
        + """
listing = {"algorithms": [{"name": "algorithms/Image.x", "returnType": "Image<A>", "arguments": []}]}
ee = prepare_expressions(lambda: listing)
print(ee.serializer.toJSON(ee.Image.x()))
""",
        str(tmp_path),
    )
    assert '"functionName": "Image.x"' in printed


def test_without_any_list_the_command_that_brings_it_is_given(tmp_path: Path):
    printed = in_a_new_process(
        WITHOUT_THE_LIST
        + """
try:
    prepare_expressions()
except MissingLibrary as missing:
    print(missing)
""",
        str(tmp_path),
    )
    assert "lacks its list of functions" in printed
    assert "-m pip install --target" in printed


def other_earth_engine(seen: Seen) -> Answer:
    """What the official client needs of a server: discovery, algorithms, values."""
    if "discovery" in seen.path:
        document = (WHEEL / "cloud_api_discovery_document.json").read_text().replace("v1alpha", "v1")
        return Answer(body=document.encode(), headers={"Content-Type": "application/json"})
    if "/algorithms" in seen.path:
        return Answer(
            body=(WHEEL / "algorithms.json").read_bytes(), headers={"Content-Type": "application/json"}
        )
    return value("other", **{"Content-Type": "application/json"})


OURS = """
from csplus_plugin.earthengine.client import Client
from csplus_plugin.earthengine.session import Connection, session_for
def ours():
    ee = prepare_expressions()
    client = Client(session_for(Connection(endpoint=sys.argv[1], project="our-project")))
    return client.value(ee.Number(1).add(2))
"""
OTHERS = """
import ee, ee.deprecation
import google.oauth2.credentials
ee.deprecation._FetchDataCatalogStac = lambda: {}
def others():
    ee.Initialize(google.oauth2.credentials.Credentials("their-access"), url=sys.argv[2], project="their-project")
def state():
    s = ee.data._get_state()
    return s.cloud_api_base_url, s.cloud_api_user_project, s.credentials and s.credentials.token, s.max_retries
"""


@pytest.mark.parametrize(
    "order",
    [
        "others(); before = state(); results.append(ours()); assert state() == before",
        "results.append(ours()); others()",
        "results.append(ours()); others(); ee.Reset(); results.append(ours()); others()",
    ],
    ids=["after theirs", "before theirs", "around their reset"],
)
def test_another_plugin_s_initialize_and_ours_do_not_meet(order: str):
    check = f"""
results = []
{order}
results.append(ours())
results.append(ee.Number(3).add(4).getInfo())
results.append(ours())
import json
print(json.dumps([results, state()]))
"""
    with FakeService(value("ours")) as our_service, FakeService(respond=other_earth_engine) as other:
        printed = in_a_new_process(PREPARE + OURS + OTHERS + check, our_service.url, other.url)
    results, (url, project, access, retries) = json.loads(printed)
    assert results[-3:] == ["ours", "other", "ours"]
    assert (url, project, access, retries) == (other.url, "their-project", "their-access", 5)
    assert {seen.path for seen in our_service.seen} == {"/v1/projects/our-project/value:compute"}
    assert all("authorization" not in seen.headers for seen in our_service.seen)
    theirs = [seen.path.partition("?")[0] for seen in other.seen]
    assert theirs.count("/v1/projects/their-project/value:compute") == 1
    # Their ee.Initialize checks account and project by this request; it must be made although our table is there.
    assert theirs.count("/v1/projects/their-project/algorithms") == order.count("others()")


def test_a_failing_initialize_of_another_plugin_leaves_us_working():
    check = """
results = [ours()]
try:
    others()
except ee.EEException as error:
    print(error)
print([*results, ours(), ours()])
"""

    def forbidding(seen: Seen) -> Answer:
        if "/algorithms" in seen.path:
            return Answer(403, b'{"error": {"code": 403, "message": "No such project."}}')
        return other_earth_engine(seen)

    with FakeService(value("ours")) as our_service, FakeService(respond=forbidding) as other:
        printed = in_a_new_process(PREPARE + OURS + OTHERS + check, our_service.url, other.url)
    assert printed.splitlines() == ["No such project.", "['ours', 'ours', 'ours']"]
