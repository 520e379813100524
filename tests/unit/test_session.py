"""Endpoint, project and account; what is read of the user's credentials, and what never happens to them."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from csplus.csplus_plugin.core.errors import CsPlusError, InvalidChoice, SignInNeeded, Unreachable
from csplus.csplus_plugin.earthengine import credentials
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.route import Route, is_loopback
from csplus.csplus_plugin.earthengine.session import Connection, Session, close_sessions, session_for

from ..support.fake_service import Answer, FakeService, Seen, refusal, value

ROOT = Path(__file__).resolve().parents[2]

EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}
REFRESH, CLIENT = "refresh-word-1", "client-word-2"
AT_ONCE = Backoff(max_tries=3, first_delay=0.001)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A home in which nobody is signed in, on a machine that is not Google's."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("CLOUDSDK_CONFIG", raising=False)
    for name in (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_PROJECT",
        "GCE_METADATA_HOST",
        "GCE_METADATA_IP",
        "K_SERVICE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    yield folder
    close_sessions()


def write(file: Path, content: dict | str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def earth_engine_credentials(home: Path, **more: str) -> Path:
    stored = {"refresh_token": REFRESH, "client_id": "id", "client_secret": CLIENT, **more}
    return write(home / ".config" / "earthengine" / "credentials", stored)


def application_default(home: Path, **more: str) -> Path:
    stored = {
        "type": "authorized_user",
        "refresh_token": REFRESH,
        "client_id": "id",
        "client_secret": CLIENT,
        **more,
    }
    return write(home / ".config" / "gcloud" / "application_default_credentials.json", stored)


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def key_file(tmp_path: Path, private_key: str):
    def write_key(token_service: str = "https://oauth2.googleapis.com/token") -> Path:
        return write(
            tmp_path / "key.json",
            {
                "type": "service_account",
                "project_id": "key-project",
                "private_key_id": "1",
                "private_key": private_key,
                "client_email": "robot@key-project.iam.gserviceaccount.com",
                "token_uri": token_service,
            },
        )

    return write_key


class TestEndpoint:
    def test_google_s_by_name(self, home: Path):
        earth_engine_credentials(home, project="p")
        assert session_for(Connection()).base_url == "https://earthengine.googleapis.com"
        assert (
            session_for(Connection("high-volume")).base_url == "https://earthengine-highvolume.googleapis.com"
        )
        assert not session_for(Connection()).is_sandbox

    def test_a_loopback_url_needs_no_account_and_no_project(self):
        with FakeService(value(1)) as service:
            opened = session_for(Connection(f"{service.url}/"))
            assert opened.base_url == service.url
            assert opened.is_sandbox
            assert Client(opened).value(EXPRESSION) == 1
        assert "authorization" not in service.seen[0].headers

    def test_a_password_of_netrc_is_not_sent(self, home: Path, monkeypatch: pytest.MonkeyPatch):
        netrc = write(home / ".netrc", "machine 127.0.0.1 login me password mine\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        with FakeService(value(1)) as service:
            Client(session_for(Connection(service.url))).value(EXPRESSION)
        assert "authorization" not in service.seen[0].headers

    @pytest.mark.parametrize(
        "endpoint",
        [
            "earth",
            "",
            "ftp://example.org",
            "https://",
            "http://[::1",
            "https://me:word@example.org",
            "https://x.org:99999",
            # urllib3 ends the host at a backslash, the standard library does not.
            "https://evil.example\\.googleapis.com",
            "https://evil.exa\tmple/.googleapis.com\n.googleapis.com",
            "https://evil.example%2f.googleapis.com",
        ],
    )
    def test_nonsense(self, endpoint: str):
        with pytest.raises(InvalidChoice, match="endpoint") as told:
            session_for(Connection(endpoint))
        assert "word" not in str(told.value)

    def test_credentials_are_not_sent_in_the_clear(self, home: Path):
        earth_engine_credentials(home, project="p")
        with pytest.raises(InvalidChoice, match="not encrypted"):
            session_for(Connection("http://earthengine.example"))

    @pytest.mark.parametrize(
        "url",
        [
            "https://earthengine.googleapis.com",
            "https://EarthEngine.GoogleAPIs.com:443/",
            "https://earthengine-highvolume.googleapis.com",
            "https://earthengine-mine.p.googleapis.com",
        ],
    )
    def test_the_account_signs_for_google(self, home: Path, url: str):
        earth_engine_credentials(home, project="p")
        assert session_for(Connection(url)).base_url == url.rstrip("/")

    def test_what_was_looked_at_is_what_is_asked(self, home: Path):
        earth_engine_credentials(home, project="p")
        opened = session_for(Connection("https://evil.example\n.googleapis.com"))
        assert opened.base_url == "https://evil.example.googleapis.com"

    @pytest.mark.parametrize(
        "host",
        [
            "elsewhere.example",
            "googleapis.com",
            "evilgoogleapis.com",
            "earthengine.googleapis.com.elsewhere.example",
            "10.0.0.1",
        ],
    )
    def test_the_account_does_not_sign_for_others(self, home: Path, host: str):
        earth_engine_credentials(home, project="p")
        for trusted in ("", "other.example", f"sub.{host}"):
            with pytest.raises(InvalidChoice) as told:
                session_for(Connection(f"https://{host}", trusted_host=trusted))
            assert f"{host} is not one of Google's" in told.value.what
            assert f"CSPLUS_TRUSTED_HOST={host}" in told.value.next_step

    def test_a_host_that_the_user_trusts(self, home: Path):
        earth_engine_credentials(home, project="p")
        opened = session_for(
            Connection("https://Elsewhere.example:8443/ee", trusted_host="elsewhere.Example")
        )
        assert opened.base_url == "https://Elsewhere.example:8443/ee"
        assert not opened.is_sandbox
        with pytest.raises(InvalidChoice, match="not encrypted"):
            session_for(Connection("http://elsewhere.example", trusted_host="elsewhere.example"))

    @pytest.mark.parametrize(
        ("url", "here"),
        [
            ("http://127.0.0.1:80", True),
            ("http://127.9.9.9", True),
            ("http://localhost:5", True),
            ("http://[::1]:5", True),
            ("http://127.0.0.1.example.org", False),
            ("http://localhost.example.org", False),
            ("https://earthengine.googleapis.com", False),
            ("http://0.0.0.0", False),
            ("http://user@example.org:80#@127.0.0.1", False),
        ],
    )
    def test_what_stays_on_this_machine(self, url: str, here: bool):
        assert is_loopback(url) is here


class TestEmbeddedSandbox:
    @pytest.fixture(autouse=True)
    def started(self, monkeypatch: pytest.MonkeyPatch):
        from csplus.csplus_plugin.sandbox import server

        started = []

        def start(data: Path | None = None, progress: object = None) -> SimpleNamespace:
            number = len(started)
            sandbox = SimpleNamespace(url=f"http://127.0.0.1:{7000 + number}", data=data, stopped=False)
            sandbox.stop = lambda: setattr(sandbox, "stopped", True)
            started.append(sandbox)
            return sandbox

        monkeypatch.setattr(server, "start", start)
        return started

    def test_it_starts_once_for_each_archive(self, started: list, tmp_path: Path):
        first = session_for(Connection("sandbox"))
        assert first.is_sandbox
        assert first.base_url == "http://127.0.0.1:7000"
        assert session_for(Connection("sandbox", project="other")).base_url == first.base_url
        assert session_for(Connection("sandbox", sandbox_data=tmp_path)).base_url != first.base_url
        assert [sandbox.data for sandbox in started] == [None, tmp_path]

    def test_it_stops_with_the_plugin_and_starts_again(self, started: list):
        session_for(Connection("sandbox"))
        close_sessions()
        assert [sandbox.stopped for sandbox in started] == [True]
        assert session_for(Connection("sandbox")).base_url == "http://127.0.0.1:7001"

    def test_why_it_cannot_start_is_passed_on(self, monkeypatch: pytest.MonkeyPatch):
        from csplus.csplus_plugin.sandbox import server
        from csplus.csplus_plugin.sandbox.errors import CannotStart

        def refuse(data: Path | None = None, progress: object = None) -> None:
            raise CannotStart("There is no folder X.")

        monkeypatch.setattr(server, "start", refuse)
        with pytest.raises(InvalidChoice, match=r"There is no folder X\..*Set XDG_CACHE_HOME to a folder"):
            session_for(Connection("sandbox"))
        with pytest.raises(InvalidChoice, match=r"There is no folder X\. Correct CSPLUS_SANDBOX_DATA"):
            session_for(Connection("sandbox", sandbox_data=Path("X")))


class TestAccount:
    def test_nobody_is_signed_in(self, monkeypatch: pytest.MonkeyPatch):
        asked: list[object] = []
        # Google's library would look for a machine's account on the network, and wait for it.
        monkeypatch.setattr(socket.socket, "connect", lambda _, address: asked.append(address))
        with pytest.raises(SignInNeeded) as told:
            session_for(Connection(project="p"))
        assert asked == []
        for way in ("earthengine authenticate", "GOOGLE_APPLICATION_CREDENTIALS", "sandbox"):
            assert way in told.value.next_step

    def test_signing_in_afterwards_is_noticed(self, home: Path):
        with pytest.raises(SignInNeeded):
            session_for(Connection())
        earth_engine_credentials(home, project="p")
        assert session_for(Connection()).project == "p"

    def test_changing_the_account_on_disk_is_noticed(self, home: Path):
        earth_engine_credentials(home, project="first")
        first = session_for(Connection())
        assert session_for(Connection()) is first
        earth_engine_credentials(home, project="second-one")
        assert session_for(Connection()).project == "second-one"

    def test_order(self, home: Path, key_file):
        application_default(home, quota_project_id="adc-project")
        assert session_for(Connection()).project == "adc-project"
        earth_engine_credentials(home, project="user-project")
        assert session_for(Connection()).project == "user-project"
        assert session_for(Connection(key_file=key_file())).project == "key-project"

    def test_a_machine_at_google_has_an_account_of_its_own(self, home: Path):
        def metadata(seen: Seen) -> Answer:
            text = b"machine-project" if "project-id" in seen.path else b"ok"
            return Answer(body=text, headers={"Metadata-Flavor": "Google", "Content-Type": "text/plain"})

        script = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
            "from csplus_plugin.earthengine.session import Connection, session_for\n"
            "opened = session_for(Connection())\n"
            "print(opened.project, '|', opened.account)"
        )
        with FakeService(respond=metadata) as service:
            machine = {"GCE_METADATA_HOST": service.host, "GCE_METADATA_IP": service.host}
            run = subprocess.run(
                [sys.executable, "-c", script],
                env={**os.environ, **machine},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        assert run.stdout == "machine-project | service account of this Google Cloud machine\n", run.stderr

    def test_earth_engine_credentials(self, home: Path):
        earth_engine_credentials(home, project="p", scopes=["x"])
        found = credentials.find_account(None).credentials
        assert (found.refresh_token, found.client_id, found.client_secret) == (REFRESH, "id", CLIENT)
        assert found.token_uri == "https://oauth2.googleapis.com/token"

    def test_application_default_credentials_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
    ):
        file = application_default(home, quota_project_id="adc", account="me@example.org")
        elsewhere = tmp_path / "sdk"
        elsewhere.mkdir()
        file.rename(elsewhere / file.name)
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(elsewhere))
        assert session_for(Connection()).account == "user me@example.org"

    def test_a_key_file_may_be_another_kind_of_credentials(self, home: Path):
        file = application_default(home, quota_project_id="adc")
        opened = session_for(Connection(key_file=file))
        assert (opened.project, opened.account) == ("adc", "user")

    def test_the_account_is_described(self, home: Path, key_file):
        described = session_for(Connection(key_file=key_file())).account
        assert described == "service account robot@key-project.iam.gserviceaccount.com"
        earth_engine_credentials(home, project="p")
        assert session_for(Connection()).account == "Earth Engine credentials of this computer"

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "not json",
            "[]",
            "{}",
            '{"type": "service_account"}',
            '{"type": "service_account", "client_email": "a@b", "token_uri": "c", "private_key": "hidden-word"}',
            '{"type": "authorized_user"}',
            '{"type": "hidden-word"}',
            "\xff",
        ],
    )
    def test_a_broken_key_file_is_one_sentence(self, tmp_path: Path, content: str):
        file = tmp_path / "key.json"
        file.write_bytes(content.encode("latin-1"))
        with pytest.raises(SignInNeeded) as told:
            session_for(Connection(key_file=file, project="p"))
        assert str(file) in told.value.what
        assert "GOOGLE_APPLICATION_CREDENTIALS" in told.value.next_step
        assert "hidden-word" not in str(told.value)
        assert "\n" not in str(told.value)

    def test_a_key_file_that_is_not_there(self, tmp_path: Path):
        with pytest.raises(SignInNeeded, match="does not exist"):
            session_for(Connection(key_file=tmp_path / "none.json", project="p"))

    def test_broken_credentials_are_not_passed_over(self, home: Path):
        write(home / ".config" / "earthengine" / "credentials", "{broken")
        application_default(home, quota_project_id="adc")
        with pytest.raises(SignInNeeded, match="earthengine authenticate"):
            session_for(Connection())

    def test_no_project(self, home: Path):
        earth_engine_credentials(home)
        with pytest.raises(InvalidChoice, match="CSPLUS_PROJECT"):
            session_for(Connection())

    @pytest.mark.parametrize("project", ["../x", "a/b", "a b", "p?x", "-p"])
    def test_a_project_that_is_none(self, home: Path, project: str):
        earth_engine_credentials(home)
        with pytest.raises(InvalidChoice, match="CSPLUS_PROJECT"):
            session_for(Connection(project=project))

    def test_the_chosen_project_wins(self, home: Path):
        earth_engine_credentials(home, project="stored")
        assert session_for(Connection(project="chosen")).project == "chosen"


class TestSigning:
    """A service account, whose token service is on this machine, asks a service that is too."""

    @pytest.fixture
    def token_service(self):
        given = {"access_token": "access-word-3", "expires_in": 3600, "token_type": "Bearer"}
        with FakeService(Answer(body=json.dumps(given).encode())) as service:
            yield service

    def signed(self, service: FakeService, key: Path, project: str = "chosen") -> Session:
        return Session(service.url, project, Route(), credentials.find_account(key))

    def test_requests_are_signed_and_charged_to_the_project(self, key_file, token_service: FakeService):
        with FakeService(value(1)) as service:
            opened = self.signed(service, key_file(token_service.url))
            assert Client(opened).value(EXPRESSION) == 1
            Client(opened).value(EXPRESSION)
        headers = service.seen[0].headers
        assert headers["authorization"] == "Bearer access-word-3"
        assert headers["x-goog-user-project"] == "chosen"
        assert len(token_service.seen) == 1
        claims = token_service.seen[0].body.decode().partition("assertion=")[2].split(".")[1]
        asked = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert set(asked["scope"].split()) == {
            "https://www.googleapis.com/auth/earthengine",
            "https://www.googleapis.com/auth/cloud-platform",
        }

    def test_many_workers_ask_for_access_once(self, key_file, token_service: FakeService):
        barrier = threading.Barrier(12)

        def work(_: int) -> int:
            barrier.wait()
            return Client(opened).value(EXPRESSION)

        with FakeService(value(1)) as service, ThreadPoolExecutor(12) as workers:
            opened = self.signed(service, key_file(token_service.url))
            assert list(workers.map(work, range(12))) == [1] * 12
        assert len(token_service.seen) == 1

    def test_a_redirect_gets_nothing(self, key_file, token_service: FakeService):
        with FakeService(value(3)) as elsewhere:
            away = Answer(307, headers={"Location": f"{elsewhere.url}/token"})
            with FakeService(away) as service:
                opened = self.signed(service, key_file(token_service.url))
                with pytest.raises(Unreachable):
                    Client(opened, backoff=AT_ONCE).value(EXPRESSION)
            with FakeService(away) as tokens, FakeService(value(1)) as service:
                opened = self.signed(service, key_file(tokens.url))
                with pytest.raises(CsPlusError):
                    Client(opened, backoff=AT_ONCE).value(EXPRESSION)
            assert elsewhere.seen == []

    def test_access_that_ran_out_is_renewed(self, key_file, token_service: FakeService):
        with FakeService(refusal(401, "Expired."), value(2)) as service:
            assert Client(self.signed(service, key_file(token_service.url))).value(EXPRESSION) == 2
        assert len(token_service.seen) == 2

    def test_an_account_that_is_no_longer_accepted(self, key_file):
        answer = Answer(400, b'{"error": "invalid_grant", "error_description": "Account was deleted."}')
        with FakeService(answer) as token_service, FakeService(value(1)) as service:
            opened = self.signed(service, key_file(token_service.url))
            with pytest.raises(SignInNeeded) as told:
                Client(opened, backoff=AT_ONCE).value(EXPRESSION)
        assert "invalid_grant" in told.value.what
        assert "robot@key-project.iam.gserviceaccount.com" in told.value.what
        assert "GOOGLE_APPLICATION_CREDENTIALS" in told.value.next_step
        assert service.seen == []

    def test_access_that_the_service_refuses_every_time(self, key_file, token_service: FakeService):
        with FakeService(refusal(401, "Invalid credentials.")) as service:
            opened = self.signed(service, key_file(token_service.url))
            with pytest.raises(SignInNeeded, match="Invalid credentials"):
                Client(opened, backoff=AT_ONCE).value(EXPRESSION)

    def test_a_token_service_out_of_reach(self, key_file, token_service: FakeService):
        with FakeService(value(1)) as gone:
            pass
        with FakeService(value(1)) as service:
            opened = self.signed(service, key_file(gone.url))
            with pytest.raises(Unreachable, match="sign-in service"):
                Client(opened, backoff=AT_ONCE).value(EXPRESSION)


SECRETS = (REFRESH, CLIENT, "access-word-3", "hidden-word", "PRIVATE KEY")


def test_credentials_on_disk_are_never_changed(home: Path, key_file):
    files = [earth_engine_credentials(home, project="p"), application_default(home), key_file()]
    before = [(file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_mode) for file in files]
    tree = sorted(home.rglob("*"))
    session_for(Connection())
    session_for(Connection(key_file=files[1], project="p"))
    session_for(Connection(key_file=files[2]))
    with FakeService(Answer(400, b'{"error": "invalid_grant"}')) as refusing:
        key = key_file(refusing.url)
        files[2], before[2] = key, (key.read_bytes(), key.stat().st_mtime_ns, key.stat().st_mode)
        with pytest.raises(SignInNeeded):
            Client(Session(refusing.url, "p", Route(), credentials.find_account(key))).value(EXPRESSION)
    assert [(file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_mode) for file in files] == before
    assert sorted(home.rglob("*")) == tree


def test_no_secret_is_logged_or_shown(home: Path, key_file, caplog: pytest.LogCaptureFixture):
    given = {"access_token": "access-word-3", "expires_in": 3600, "token_type": "Bearer"}
    with (
        caplog.at_level(logging.DEBUG),
        FakeService(Answer(body=json.dumps(given).encode())) as tokens,
        FakeService(refusal(403, "No.")) as service,
    ):
        proxies = {"https": "http://me:hidden-word@proxy.example:3128"}
        connection = Connection(key_file=key_file(tokens.url), proxies=proxies)
        account = credentials.find_account(connection.key_file)
        opened = Session(service.url, "p", Route(proxies), account)
        with pytest.raises(CsPlusError) as told:
            Client(opened).value(EXPRESSION)
        earth_engine_credentials(home, project="p")
        user = session_for(Connection(proxies=proxies))
    shown = " ".join(
        map(str, (told.value, connection, account, vars(user)["account"], user.proxy, opened.account))
    )
    shown += repr(connection) + repr(account) + repr(Route(proxies)) + caplog.text
    assert not [word for word in SECRETS if word in shown]
    assert user.proxy == "proxy.example:3128"


def test_equal_connections_share_a_session_and_others_do_not(home: Path):
    earth_engine_credentials(home, project="p")
    one = Connection(proxies={"https": "http://a.example:1"})
    assert session_for(one) is session_for(Connection(proxies={"https": "http://a.example:1"}))
    others = [
        Connection(),
        dataclasses.replace(one, project="q"),
        dataclasses.replace(one, proxies={"https": "http://b.example:1"}),
        dataclasses.replace(one, no_proxy=("https://earthengine.googleapis.com",)),
    ]
    assert len({id(session_for(connection)) for connection in [one, *others]}) == 5


def test_threads_that_come_together_get_the_same_session(home: Path):
    earth_engine_credentials(home, project="p")
    barrier = threading.Barrier(10)

    def open_one(_: int) -> int:
        barrier.wait()
        return id(session_for(Connection()))

    with ThreadPoolExecutor(10) as workers:
        assert len(set(workers.map(open_one, range(10)))) == 1


def test_a_socks_proxy_without_its_library_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch):
    earth_engine_credentials(home, project="p")
    monkeypatch.setitem(sys.modules, "socks", None)
    with pytest.raises(CsPlusError, match=r"PySocks.*pip install"):
        session_for(Connection(proxies={"https": "socks5h://proxy.example:1080"}))


def test_opening_a_session_opens_no_socket(home: Path, monkeypatch: pytest.MonkeyPatch):
    import socket

    def refuse(*_: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    earth_engine_credentials(home, project="p")
    session_for(Connection())
    application_default(home)
    (home / ".config" / "earthengine" / "credentials").unlink()
    session_for(Connection(project="p"))


def test_the_pool_serves_forty_requests_at_once(home: Path):
    earth_engine_credentials(home, project="p")
    http = session_for(Connection())._http
    adapter = http.get_adapter("https://earthengine.googleapis.com")
    assert adapter.poolmanager.connection_pool_kw["maxsize"] >= 40
