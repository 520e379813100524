"""Certificates that are trusted: those of the system, of QGIS, and of a file that the environment names."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from csplus.csplus_plugin.core.errors import InvalidChoice, Unreachable
from csplus.csplus_plugin.earthengine import trust
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Session

from ..support.fake_service import FakeService, value

EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}


@pytest.fixture(autouse=True)
def _nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def certify(name: str, signer: tuple | None = None) -> tuple:
    """A key and a certificate for it: an authority's, or of 127.0.0.1 and signed by one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signing_key, issuer = (signer[0], signer[1].subject) if signer else (key, subject)
    usage = dict.fromkeys(
        [
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("crl_sign", "encipher_only", "decipher_only"),
        ],
        False,
    )
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=signer is None, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if signer:
        names = [x509.IPAddress(ip_address("127.0.0.1"))]
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, built.sign(signing_key, hashes.SHA256())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def authority() -> tuple:
    return certify("Inspecting Proxy")


@pytest.fixture
def authority_file(authority: tuple, tmp_path: Path) -> Path:
    file = tmp_path / "authority.pem"
    file.write_text(pem(authority[1]))
    return file


@pytest.fixture
def service(authority: tuple, tmp_path: Path) -> Iterator[FakeService]:
    key, certificate = certify("server", authority)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "server.pem"
    file.write_text(pem(certificate) + private.decode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with FakeService(value(7)) as plain:
        plain._server.socket = context.wrap_socket(plain._server.socket, server_side=True)
        plain.url = plain.url.replace("http", "https")
        yield plain


def ask(url: str, certificates: str = "") -> int:
    session = Session(url, "p", Route(), certificates=certificates)
    return Client(session, backoff=Backoff(max_tries=1)).value(EXPRESSION)


def test_nobody_vouches_for_it(service: FakeService):
    with pytest.raises(Unreachable, match="secure connection") as told:
        ask(service.url)
    for way in ("system", "Authentication", "REQUESTS_CA_BUNDLE"):
        assert way in told.value.next_step


def test_qgis_does(service: FakeService, authority: tuple):
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert ask(service.url, broken + pem(certify("other")[1]) + pem(authority[1])) == 7


def test_the_system_does(service: FakeService, authority_file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))  # where OpenSSL looks for the system's
    assert ask(service.url) == 7


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_file_does(
    service: FakeService, authority_file: Path, monkeypatch: pytest.MonkeyPatch, variable: str
):
    monkeypatch.setenv(variable, str(authority_file))
    assert ask(service.url) == 7


def test_a_file_takes_nobody_s_trust_away(
    service: FakeService, authority: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    other = tmp_path / "other.pem"
    other.write_text(pem(certify("other")[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    assert ask(service.url, pem(authority[1])) == 7


def test_a_certificate_of_another_host_is_refused(service: FakeService, authority: tuple):
    with pytest.raises(Unreachable, match="secure connection"):
        ask(service.url.replace("127.0.0.1", "localhost"), pem(authority[1]))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None):
    file = tmp_path / "none.pem"
    if content:
        file.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    with pytest.raises(InvalidChoice, match=r"none\.pem cannot be used \(REQUESTS_CA_BUNDLE\)"):
        trust.trusting()


def test_the_public_authorities_are_trusted():
    assert len(trust.trusting().get_ca_certs()) > 100  # Mozilla's list has about 140
