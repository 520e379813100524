"""The one table of endpoints, which their modules fill."""

from __future__ import annotations

from ..router import Router

router = Router()
