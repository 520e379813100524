"""Every setting of the plugin, typed: the environment first, then QGIS's settings, then a default.

Nothing here asks a server or shows a prompt. Outside QGIS only the environment is read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from . import certificates, proxy, qgis_settings
from .core.errors import InvalidChoice
from .core.language import _, marked
from .earthengine.route import is_loopback
from .earthengine.session import ENDPOINTS, SANDBOX, Connection


class Kind(Enum):
    """What a setting holds, so that a page can show a fitting widget."""

    TEXT = "text"
    ENDPOINT = "endpoint"
    FILE = "file"
    FOLDER = "folder"
    MEGABYTES = "megabytes"
    CHOICE = "choice"


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        key: Name in QGIS's settings.
        variables: Environment variables that win over it, the first one first.
        label: What it is, on the page of options.
        help: What it is for, in a sentence or two.
        default: Value where nothing is set.
        kind: What it holds.
        choices: The values to choose from, where there are some.
    """

    key: str
    variables: tuple[str, ...]
    label: str
    help: str
    default: str = ""
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()

    def value(self) -> str:
        """Read the setting: from the environment, else from QGIS, else the default."""
        return self._lookup()[0]

    def source(self) -> str:
        """Say where the value comes from, for a sentence."""
        return self._lookup()[1]

    def fixed_by(self) -> str:
        """Name the environment variable that decides; empty where none does."""
        return next((name for name in self.variables if os.environ.get(name, "").strip()), "")

    def store(self, value: str) -> None:
        """Write the setting to QGIS's settings; the default is not stored."""
        value = value.strip()
        qgis_settings.write(self.key, "" if value == self.default else value)

    def _lookup(self) -> tuple[str, str]:
        if variable := self.fixed_by():
            return os.environ[variable].strip(), _("environment variable {variable}", variable=variable)
        if value := str(qgis_settings.read(self.key) or "").strip():
            return value, _("QGIS settings")
        return self.default, "default"


ENDPOINT = Setting(
    "csplus/endpoint",
    ("CSPLUS_ENDPOINT",),
    marked("Endpoint"),
    marked(
        "Who computes: earthengine, high-volume (for many small requests), sandbox (synthetic scenes on this computer, "
        "no account needed), or a URL."
    ),
    default="earthengine",
    kind=Kind.ENDPOINT,
    choices=(*ENDPOINTS, SANDBOX),
)
PROJECT = Setting(
    "csplus/project",
    ("CSPLUS_PROJECT", "GOOGLE_CLOUD_PROJECT"),
    marked("Google Cloud project"),
    marked(
        "Id of the project that is charged and whose quota counts; empty: the one stored with the credentials."
    ),
)
KEY_FILE = Setting(
    "csplus/key_file",
    ("GOOGLE_APPLICATION_CREDENTIALS",),
    marked("Key file"),
    marked("Key of a service account; empty: the Earth Engine credentials of this computer."),
    kind=Kind.FILE,
)
TRUSTED_HOST = Setting(
    "csplus/trusted_host",
    ("CSPLUS_TRUSTED_HOST",),
    marked("Trusted host"),
    marked(
        "Your account signs for Google's hosts only; for an endpoint elsewhere, name its host here if you trust it."
    ),
)
SANDBOX_DATA = Setting(
    "csplus/sandbox_data",
    ("CSPLUS_SANDBOX_DATA",),
    marked("Sandbox's archive"),
    marked("Folder of scenes that the sandbox serves; empty: the sample scenes."),
    kind=Kind.FOLDER,
)
BYTES_IN_FLIGHT = Setting(
    "csplus/bytes_in_flight",
    ("CSPLUS_BYTES_IN_FLIGHT",),
    marked("Memory of a download"),
    marked("Pixels that a download may hold in memory."),
    default="256",
    kind=Kind.MEGABYTES,
)
LARGE_DOWNLOAD = Setting(
    "csplus/large_download",
    ("CSPLUS_LARGE_DOWNLOAD",),
    marked("Large download"),
    marked("A download above this size suggests an export instead."),
    default="5000",
    kind=Kind.MEGABYTES,
)
COMPRESSION = Setting(
    "csplus/compression",
    ("CSPLUS_COMPRESSION",),
    marked("Compression of files"),
    marked("DEFLATE, which every program reads, or ZSTD, which is faster."),
    default="DEFLATE",
    kind=Kind.CHOICE,
    choices=("DEFLATE", "ZSTD"),
)

TABLE = (
    *(ENDPOINT, PROJECT, KEY_FILE, TRUSTED_HOST, SANDBOX_DATA),
    *(BYTES_IN_FLIGHT, LARGE_DOWNLOAD, COMPRESSION),
)
"""Every setting, in the order of the page of options."""

Lookup = Callable[[Setting], str]

_MEGABYTE = 1_000_000


def connection(value: Lookup = Setting.value) -> Connection:
    """Read how the user wants to reach Earth Engine, with QGIS's proxy and certificates.

    Args:
        value: Gives the value of a setting; a page of options has some that are not stored yet.

    Raises:
        InvalidChoice: QGIS's proxy settings cannot be used.
    """
    endpoint = value(ENDPOINT)
    stays_here = endpoint == SANDBOX or is_loopback(endpoint)
    return Connection(
        endpoint=endpoint,
        project=value(PROJECT),
        key_file=_path(value(KEY_FILE)),
        sandbox_data=_path(value(SANDBOX_DATA)),
        proxies={} if stays_here else proxy.read_proxies(),
        no_proxy=proxy.read_no_proxy(),
        environment_proxy=proxy.read_environment_proxy(),
        trusted_host=value(TRUSTED_HOST),
        certificates="" if stays_here else certificates.read_trusted(),
    )


def google_connection(value: Lookup = Setting.value) -> Connection:
    """Read how the user reaches Google, to sign in there: also while the sandbox is chosen, which needs no proxy.

    Args:
        value: As for `connection`.

    Raises:
        InvalidChoice: QGIS's proxy settings cannot be used.
    """
    return connection(lambda setting: ENDPOINT.default if setting is ENDPOINT else value(setting))


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
    if value not in COMPRESSION.choices:
        raise InvalidChoice(
            _("Unknown compression {value} ({source}).", value=value, source=COMPRESSION.source()),
            _("Choose {choices}.", choices=" or ".join(COMPRESSION.choices)),
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
            _(
                "{key} is {value!r} ({source}), not a size in megabytes.",
                key=setting.key,
                value=value,
                source=setting.source(),
            ),
            _("Set a number above 0."),
        )
    return int(size * _MEGABYTE)


def _path(value: str) -> Path | None:
    return Path(value).expanduser() if value else None
