"""The rows of many scenes: in one request where they fit into one, else in pages that shrink with what is too heavy."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..core.choices import Scenes
from ..core.errors import ComputationTooHeavy, Unreachable
from ..core.language import _
from ..core.survey import Scene, Survey
from ..core.targets.scene_list import PAGE, SceneList, ids_of
from .run import Run

_PARTS = 4
"""Into how many pages a window is cut that is too heavy for one request."""


def ask_in_pages(run: Run, scenes: Scenes, target: SceneList) -> tuple[Survey, list[Any]]:
    """Ask for the scenes and for their rows.

    Returns:
        What was found, and a feature for each scene, in no order.

    Raises:
        NothingFound: No scene is left.
        ServiceError: One of its classes; a single scene that is too heavy, too.
    """
    size = PAGE
    try:
        survey, answer = run.survey_with(scenes, target.question(scenes), needs_scores=False)
    except ComputationTooHeavy:
        survey, answer = run.survey(scenes, needs_scores=False), []
        size = max(1, min(PAGE, survey.scene_count) // _PARTS)
    if not isinstance(answer, list):
        raise Unreachable(
            _("The answer to the question for scenes is damaged."), _("Run again in a few minutes.")
        )
    if missing := _missing(survey, answer):
        run.say(
            _(
                "{missing} of {count} scenes are asked for in further requests.",
                missing=len(missing),
                count=survey.scene_count,
            )
        )
        answer = [*answer, *_pages(run, scenes, target, missing, size)]
    if missing := _missing(survey, answer):
        raise Unreachable(
            _(
                "The service names {count} scenes, and gives nothing of {missing} of them.",
                count=survey.scene_count,
                missing=len(missing),
            ),
            _("Its answer is damaged: run again in a few minutes."),
        )
    return survey, answer


def _missing(survey: Survey, answer: list[Any]) -> list[Scene]:
    known = ids_of(answer)
    return [scene for scene in survey.scenes if scene.index not in known]


def _pages(run: Run, scenes: Scenes, target: SceneList, missing: Sequence[Scene], size: int) -> Iterable[Any]:
    waiting = deque(missing[begin : begin + size] for begin in range(0, len(missing), size))
    done = 0
    while waiting:
        page = waiting.popleft()
        run.show(
            100 * done / len(missing),
            _("{done} of {count} scenes", done=done, count=len(missing)),
        )
        try:
            found = run.client.value(target.question(_only(scenes, page)))
        except ComputationTooHeavy:
            if len(page) == 1:
                raise
            half = len(page) // 2
            waiting.extendleft((page[half:], page[:half]))
            continue
        done += len(page)
        yield from found if isinstance(found, list) else (found,)


def _only(scenes: Scenes, page: Sequence[Scene]) -> Scenes:
    """Narrow the choices to scenes in order of time; the service finds days sooner than ids."""
    return replace(scenes, start=page[0].day, end=page[-1].day, ids=tuple(scene.index for scene in page))
