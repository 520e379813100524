"""Which targets there are: id of the algorithm -> kind of target."""

from __future__ import annotations

from .change import Change
from .clear_scene import ClearScene
from .composite import Composite
from .gap_filled import GapFilled
from .metrics import Metrics
from .observations import Observations
from .periodic import Periodic
from .scene_list import SceneList
from .score import Score
from .series import Series
from .stored import Stored
from .target import Target
from .thresholds import Thresholds

TARGETS: dict[str, type[Target]] = {
    kind.ALGORITHM: kind
    for kind in (
        *(Composite, Periodic, GapFilled, ClearScene, Change, Metrics, Stored),
        *(Observations, Score, SceneList, Thresholds, Series),
    )
}
