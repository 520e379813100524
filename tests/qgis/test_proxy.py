"""The proxy as QGIS itself stores it, with an account in the authentication store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from csplus.csplus_plugin import proxy, settings
from csplus.csplus_plugin.core.errors import InvalidChoice
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsNetworkAccessManager, QgsSettings


@pytest.fixture
def store(qgis_app: QgsApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[QgsSettings]:
    """QGIS's settings; what a test writes is taken away again."""
    monkeypatch.delenv("CSPLUS_ENDPOINT", raising=False)
    stored = QgsSettings()
    yield stored
    stored.remove("proxy")


def use_proxy(store: QgsSettings, **more: object) -> None:
    values = {
        "proxyEnabled": True,
        "proxyType": "HttpProxy",
        "proxyHost": "proxy.example",
        "proxyPort": "3128",
        **more,
    }
    for name, value in values.items():
        store.setValue(f"proxy/{name}", value)


def test_the_proxy_is_the_one_that_qgis_uses_itself(store: QgsSettings):
    use_proxy(store, proxyUser="me", proxyPassword="word", noProxyUrls=["https://a.example"])
    manager = QgsNetworkAccessManager.instance()
    manager.setupDefaultProxyAndCache()
    used = manager.fallbackProxy()
    account = f"{used.user()}:{used.password()}"
    assert settings.connection().proxies["https"] == f"http://{account}@{used.hostName()}:{used.port()}"
    assert list(settings.connection().no_proxy) == manager.noProxyList() == ["https://a.example"]


def test_the_system_s_proxy_is_left_to_the_environment(store: QgsSettings):
    use_proxy(store, proxyType="DefaultProxy")
    assert settings.connection().proxies == {}


def test_a_locked_authentication_store_is_no_prompt(store: QgsSettings, monkeypatch: pytest.MonkeyPatch):
    use_proxy(store, authcfg="abc1234")
    monkeypatch.setattr(
        type(QgsApplication.authManager()), "masterPasswordIsSet", lambda _: False, raising=True
    )
    with pytest.raises(InvalidChoice, match="locked"):
        settings.connection()


def test_an_account_in_the_authentication_store(store: QgsSettings):
    manager = QgsApplication.authManager()
    manager.setMasterPassword("master", True)
    if not manager.masterPasswordIsSet():
        pytest.skip("this QGIS has no authentication store that can be unlocked")
    config = QgsAuthMethodConfig("Basic")
    config.setName("proxy")
    config.setConfig("username", "stored-user")
    config.setConfig("password", "stored-word")
    assert manager.storeAuthenticationConfig(config)[0]
    try:
        use_proxy(store, authcfg=config.id())
        assert proxy.read_proxies()["https"] == "http://stored-user:stored-word@proxy.example:3128"
        use_proxy(store, authcfg="none999")
        with pytest.raises(InvalidChoice, match="cannot be read"):
            proxy.read_proxies()
    finally:
        manager.removeAuthenticationConfig(config.id())
