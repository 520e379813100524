"""Whose certificates are trusted: the system's, QGIS's, those that come with requests, and a file that is named.

A proxy that inspects encrypted traffic signs with a certificate of its own, which an administrator puts into the
system or into QGIS; requests looks there for none.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
from pathlib import Path

from ..core.errors import InvalidChoice
from ..core.language import _

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Environment variables that name a file or a folder of certificates; the first that is set counts."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def trusting(certificates: str = "") -> ssl.SSLContext:
    """Make the settings of encrypted connections.

    Args:
        certificates: What QGIS trusts, in the form PEM.

    Raises:
        InvalidChoice: The file of certificates that the environment names cannot be used.
    """
    from requests.certs import where
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    with contextlib.suppress(ssl.SSLError):  # one broken certificate in the store of Windows
        context.load_default_certs()
    # Some packagers leave the library's own file out, and have the system's in its place.
    with contextlib.suppress(OSError):
        context.load_verify_locations(where())
    for certificate in _CERTIFICATE.findall(certificates):
        with contextlib.suppress(
            ssl.SSLError, ValueError
        ):  # one that is broken is not trusted, the others are
            context.load_verify_locations(cadata=certificate)
    variable = next((name for name in _VARIABLES if os.environ.get(name)), "")
    if variable:
        _load_named(context, variable)
    return context


def _load_named(context: ssl.SSLContext, variable: str) -> None:
    place = Path(os.environ[variable])
    try:
        context.load_verify_locations(**{"capath" if place.is_dir() else "cafile": str(place)})
    except (OSError, ValueError) as why:  # ssl.SSLError is an OSError
        raise InvalidChoice(
            _("The certificate file {place} cannot be used ({variable}).", place=place, variable=variable),
            _("Correct the variable, or unset it: what the system and QGIS trust is used anyway."),
        ) from why
