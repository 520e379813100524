"""Which targets there are: id of the algorithm -> kind of target."""

from __future__ import annotations

from .composite import Composite
from .metrics import Metrics
from .observations import Observations
from .periodic import Periodic
from .score import Score
from .target import Target

TARGETS: dict[str, type[Target]] = {
    kind.ALGORITHM: kind for kind in (Composite, Periodic, Metrics, Observations, Score)
}
