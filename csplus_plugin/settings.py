"""Every setting of the plugin, typed: the environment first, then QGIS's settings, then a default.

Nothing here asks a server or shows a prompt. Outside QGIS only the environment is read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from . import certificates, proxy, qgis_settings
from .core.errors import InvalidChoice
from .earthengine.route import is_loopback
from .earthengine.session import SANDBOX, Connection


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        key: Name in QGIS's settings.
        variables: Environment variables that win over it, the first one first.
        default: Value where nothing is set.
    """

    key: str
    variables: tuple[str, ...]
    default: str = ""

    def value(self) -> str:
        """Read the setting: from the environment, else from QGIS, else the default."""
        return self._lookup()[0]

    def source(self) -> str:
        """Say where the value comes from, for a sentence."""
        return self._lookup()[1]

    def _lookup(self) -> tuple[str, str]:
        for variable in self.variables:
            if value := os.environ.get(variable, "").strip():
                return value, f"environment variable {variable}"
        if value := str(qgis_settings.read(self.key) or "").strip():
            return value, "QGIS settings"
        return self.default, "default"


ENDPOINT = Setting("csplus/endpoint", ("CSPLUS_ENDPOINT",), "earthengine")
PROJECT = Setting("csplus/project", ("CSPLUS_PROJECT", "GOOGLE_CLOUD_PROJECT"))
TRUSTED_HOST = Setting("csplus/trusted_host", ("CSPLUS_TRUSTED_HOST",))
KEY_FILE = Setting("csplus/key_file", ("GOOGLE_APPLICATION_CREDENTIALS",))
SANDBOX_DATA = Setting("csplus/sandbox_data", ("CSPLUS_SANDBOX_DATA",))
BYTES_IN_FLIGHT = Setting("csplus/bytes_in_flight", ("CSPLUS_BYTES_IN_FLIGHT",), "256")
LARGE_DOWNLOAD = Setting("csplus/large_download", ("CSPLUS_LARGE_DOWNLOAD",), "5000")
COMPRESSION = Setting("csplus/compression", ("CSPLUS_COMPRESSION",), "DEFLATE")

_MEGABYTE = 1_000_000
_COMPRESSIONS = ("DEFLATE", "ZSTD")


def connection() -> Connection:
    """Read how the user wants to reach Earth Engine, with QGIS's proxy and certificates.

    Raises:
        InvalidChoice: QGIS's proxy settings cannot be used.
    """
    endpoint = ENDPOINT.value()
    stays_here = endpoint == SANDBOX or is_loopback(endpoint)
    return Connection(
        endpoint=endpoint,
        project=PROJECT.value(),
        key_file=_path(KEY_FILE),
        sandbox_data=_path(SANDBOX_DATA),
        proxies={} if stays_here else proxy.read_proxies(),
        no_proxy=proxy.read_no_proxy(),
        environment_proxy=proxy.read_environment_proxy(),
        trusted_host=TRUSTED_HOST.value(),
        certificates="" if stays_here else certificates.read_trusted(),
    )


def bytes_in_flight() -> int:
    """Read the bytes of pixels that a download may hold in memory; the setting is in megabytes.

    Raises:
        InvalidChoice: The setting is not a number above 0.
    """
    return _megabytes(BYTES_IN_FLIGHT)


def large_download() -> int:
    """Read the bytes above which a run suggests an export instead; the setting is in megabytes.

    Raises:
        InvalidChoice: The setting is not a number above 0.
    """
    return _megabytes(LARGE_DOWNLOAD)


def compression() -> str:
    """Read the compression of files: `DEFLATE`, which every program reads, or `ZSTD`, which is faster.

    Raises:
        InvalidChoice: The setting names another.
    """
    value = COMPRESSION.value().upper()
    if value not in _COMPRESSIONS:
        raise InvalidChoice(
            f"Unknown compression {value} ({COMPRESSION.source()}).",
            f"Choose {' or '.join(_COMPRESSIONS)}.",
        )
    return value


def _megabytes(setting: Setting) -> int:
    value = setting.value()
    try:
        size = float(value)
    except ValueError:
        size = 0
    if not 0 < size < float("inf"):
        raise InvalidChoice(
            f"{setting.key} is {value!r} ({setting.source()}), not a size in megabytes.",
            "Set a number above 0.",
        )
    return int(size * _MEGABYTE)


def _path(setting: Setting) -> Path | None:
    value = setting.value()
    return Path(value).expanduser() if value else None
