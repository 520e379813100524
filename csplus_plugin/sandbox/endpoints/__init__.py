"""The endpoints of the Earth Engine REST API that the sandbox answers, a few lines each.

Forms of requests and answers: https://developers.google.com/earth-engine/reference/rest and what the
official client 1.7.50 sends.
"""

from __future__ import annotations

from . import computing, keeping, starting
from .routes import router

__all__ = ["computing", "keeping", "router", "starting"]
