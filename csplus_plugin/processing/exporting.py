"""Images -> tasks of Earth Engine: said, started, waited for, and told as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core.about import version
from ..core.bands import encoding
from ..core.errors import BadRequest, Cancelled, PermissionDenied, QuotaExceeded, ServiceError, Unreachable
from ..core.export import LABEL, Destination, request
from ..core.grid import grid_for
from ..core.language import _, marked, ngettext
from ..core.recipe import Recipe
from ..core.survey import Survey
from ..core.table import Cell, Column
from ..core.targets.target import ImageTarget
from ..earthengine import failures, operations, tasks
from ..earthengine.operations import STATES, Operation
from ..layers import provenance
from .leaving import telling_what_goes_on
from .run import Run

COLUMNS = (
    Column("task_id", "text", marked("Id of the task")),
    Column("name", "text", marked("Name of the result")),
    Column("start", "day", marked("First day")),
    Column("end", "day", marked("Last day (included)")),
    Column("scenes", "whole", marked("Scenes found")),
    Column("scored", "whole", marked("Scenes with a score")),
    Column("pixels", "whole", marked("Columns x rows")),
    Column("bytes", "whole", marked("Size without compression (bytes)")),
    Column("destination", "text", marked("Where the result goes")),
    Column("state", "text", marked("State of the task, when the run ended")),
    Column("progress", "number", marked("Share that is done (percent)")),
    Column("eecu_seconds", "number", marked("Computation that it cost (EECU-seconds)")),
    Column("error", "text", marked("Why it failed")),
    Column("links", "text", marked("Addresses of the result")),
    Column("recipe", "text", marked("Recipe (JSON), from which it can be made again")),
)


_LARGE = 500_000_000
"""Bytes of an image of which it is said that it may come in parts."""


@dataclass(frozen=True)
class Export:
    """One image of a run, and the task that makes it.

    Attributes:
        recipe: Of the image.
        survey: Its scenes.
        name: Of the file or the asset.
        task: The task, once it is started.
    """

    recipe: Recipe[ImageTarget]
    survey: Survey
    name: str
    task: Operation | None = None

    @property
    def size(self) -> int:
        """Bytes without compression."""
        bands = self.recipe.target.file_bands(self.recipe.scenes)
        return self.pixels * len(bands) * encoding(bands).item_size

    @property
    def pixels(self) -> int:
        """Columns x rows."""
        grid = grid_for(self.recipe.scenes.region, self.recipe.output)
        return grid.width * grid.height


def announce(run: Run, exports: Sequence[Export], destination: Destination) -> None:
    """Say what will be made, how large it is and where it goes, and warn where the account may not allow it."""
    recipe = exports[0].recipe
    grid = grid_for(recipe.scenes.region, recipe.output)
    bands = recipe.target.file_bands(recipe.scenes)
    run.say(
        ngettext(
            "Export: {count} task, {width} x {height} pixels of {bands} bands in {dtype}, {size:.1f} MB without "
            "compression.",
            "Export: {count} tasks, {width} x {height} pixels of {bands} bands in {dtype}, {size:.1f} MB without "
            "compression each.",
            len(exports),
            width=grid.width,
            height=grid.height,
            bands=len(bands),
            dtype=encoding(bands).dtype,
            size=exports[0].size / 1e6,
        )
    )
    first = exports[0].name
    name, place = f"{LABEL}{first}", destination.place(first, run.session.project)
    run.say(
        _("{name} goes to {place}, and the others likewise.", name=name, place=place)
        if len(exports) > 1
        else _("{name} goes to {place}.", name=name, place=place)
    )
    if destination.kind != "asset" and exports[0].size > _LARGE:
        run.say(
            _(
                "Earth Engine may cut so large an image into several files, whose names end in -row-column.tif."
            )
        )
    _warn_of_limits(run, exports, destination)


def start(
    run: Run,
    exports: Sequence[Export],
    destination: Destination,
    started: list[Export],
    *,
    share: float = 1,
    cancel: bool = False,
) -> None:
    """Start a task for each image.

    Args:
        run: The open run.
        exports: The images.
        destination: Where they go.
        started: Gets each image with its task, as soon as it is started.
        share: Of the run's progress that this is.
        cancel: Whether a cancel of the run cancels the tasks, too.

    Raises:
        CsPlusError: The service refuses one, or the run was cancelled; the log names those that were started before.
    """
    for number, one in enumerate(exports, 1):
        with telling_what_goes_on(run, lambda: _tasks(started), cancel=cancel):
            try:
                task = tasks.start(run.client, _request(run, one, destination))
            except (BadRequest, QuotaExceeded) as refused:
                next_step = failures.hint(refused.what)
                if not next_step and destination.kind == "asset" and isinstance(refused, BadRequest):
                    next_step = _(
                        "Choose another NAME if the asset is there already, and a FOLDER that is there."
                    )
                if not next_step:
                    raise
                raise type(refused)(refused.what, next_step, status=refused.status) from refused
            except (Unreachable, Cancelled):
                run.warn(
                    _(
                        "Whether {name} was started is not known: csplus:exporttasks lists the tasks.",
                        name=f"{LABEL}{one.name}",
                    )
                )
                raise
        started.append(replace(one, task=task))
        run.say(
            _(
                "Task {identity}: {name}, {state}.",
                identity=task.identity,
                name=f"{LABEL}{one.name}",
                state=_(STATES[task.state]),
            )
        )
        run.show(100 * share * number / len(exports), _("Starting tasks"))


def wait(run: Run, exports: list[Export], *, cancel: bool = False) -> None:
    """Wait until the tasks are over.

    Args:
        run: The open run.
        exports: The images, each with its task, which is kept as it was last seen.
        cancel: Whether a cancel of the run cancels the tasks, too.

    Raises:
        CsPlusError: The run was cancelled, or the service does not tell any more; the tasks go on.
    """

    def keep(found: Sequence[Operation]) -> None:
        exports[:] = [replace(one, task=task) for one, task in zip(exports, found, strict=True)]

    wait_for(run, _tasks(exports), cancel=cancel, keep=keep)


def wait_for(
    run: Run,
    waited: Sequence[Operation],
    *,
    cancel: bool = False,
    keep: Callable[[Sequence[Operation]], None] = lambda _: None,
) -> list[Operation]:
    """Wait until tasks are over, and say of each how it ended.

    Args:
        run: The open run.
        waited: The tasks.
        cancel: Whether a cancel of the run cancels the tasks, too.
        keep: Gets all of them after each look.

    Raises:
        CsPlusError: The run was cancelled, or the service does not tell any more; the tasks go on.
    """
    told: set[str] = set()
    seen = list(waited)

    def tell(found: Sequence[Operation]) -> None:
        seen[:] = found
        keep(found)
        done = sum(1.0 if task.is_over else task.progress for task in found)
        over = sum(task.is_over for task in found)
        run.show(
            100 * done / max(len(found), 1),
            _("Tasks over: {over} of {count}", over=over, count=len(found)),
        )
        for task in found:
            if task.is_over and task.identity not in told:
                told.add(task.identity)
                run.say(describe(task))

    with telling_what_goes_on(run, lambda: seen, cancel=cancel):
        return tasks.wait(run.client, waited, run.is_cancelled, tell, run.warn)


def _tasks(exports: Sequence[Export]) -> list[Operation]:
    return [one.task for one in exports if one.task]


def describe(task: Operation) -> str:
    """Say how a task is, in a sentence or two."""
    cost = _(", {seconds:.0f} EECU-seconds", seconds=task.eecu_seconds) if task.eecu_seconds else ""
    error = f" {task.error}" if task.error and task.state == operations.FAILED else ""
    link = f" {task.links[0]}" if task.links else ""
    state = _("{state}{cost}.", state=_(STATES[task.state]), cost=cost)
    return f"{task.description or task.identity}: {state}{error}{link}"


def require_done(found: Sequence[Operation]) -> None:
    """Refuse tasks of which one came to nothing.

    Raises:
        ServiceError: One failed, or somebody cancelled it.
    """
    failed = [task for task in found if task.state in (operations.FAILED, operations.CANCELLED)]
    if not failed:
        return
    first = failed[0]
    why = f": {first.error}" if first.error and first.state == operations.FAILED else ""
    why += "" if why.endswith((".", "!", "?", "…")) else "."
    name = first.description or first.identity
    others = (
        _(", as {more} more of {count}", more=len(failed) - 1, count=len(found)) if len(failed) > 1 else ""
    )
    what = _("has failed") if first.state == operations.FAILED else _("was cancelled")
    raise ServiceError(
        _("The task {name} {what}{others}{why}", name=name, what=what, others=others, why=why),
        failures.hint(first.error) or _("The log names each task; run again for those that are missing."),
    )


def state_of(found: Sequence[Operation]) -> str:
    """Give the one state of several tasks: the first of these that one of them has."""
    states = {task.state for task in found}
    order = (
        operations.FAILED,
        operations.CANCELLED,
        operations.CANCELLING,
        operations.RUNNING,
        operations.PENDING,
    )
    return next((state for state in order if state in states), operations.SUCCEEDED)


def cost_of(found: Sequence[Operation]) -> float | None:
    """Add up what tasks have cost in EECU-seconds; None where the service tells of none."""
    told = [task.eecu_seconds for task in found if task.eecu_seconds is not None]
    return sum(told) if told else None


def row(one: Export, destination: Destination, project: str) -> tuple[Cell, ...]:
    """Tell of an export in a row of the table."""
    task = one.task or Operation("", operations.PENDING)
    scenes = one.recipe.scenes
    return (
        task.identity,
        one.name,
        scenes.start.isoformat(),
        scenes.end.isoformat(),
        one.survey.scene_count,
        one.survey.scored_count,
        one.pixels,
        one.size,
        destination.place(one.name, project),
        task.state,
        100 * task.progress,
        task.eecu_seconds,
        task.error or None,
        " ".join(task.links) or None,
        one.recipe.to_json(),
    )


def _request(run: Run, one: Export, destination: Destination) -> dict[str, object]:
    session = run.session
    properties: dict[str, str | int] = {
        key: value
        for key, value in provenance.tags(
            one.recipe, one.survey, endpoint=session.base_url, version=version(), sandbox=session.is_sandbox
        ).items()
        if not key.startswith("TIFFTAG_")
    }
    return request(one.recipe, destination, one.name, session.project, properties)


def _warn_of_limits(run: Run, exports: Sequence[Export], destination: Destination) -> None:
    """Ask what the project may do, where that could matter; who may not read it learns nothing, and goes on."""
    try:
        if len(exports) > 1:
            at_once = _whole(run.client.project_config().get("maxConcurrentExports"))
            if at_once and at_once < len(exports):
                run.warn(
                    _(
                        "The project runs {at_once} exports at a time: the others wait for their turn.",
                        at_once=at_once,
                    )
                )
        if destination.kind == "asset":
            quota = run.client.asset_quota()
            used, most = _whole(quota.get("sizeBytes")), _whole(quota.get("maxSizeBytes"))
            needed = sum(one.size for one in exports)
            if most and needed > most - (used or 0):
                run.warn(
                    _(
                        "The project's assets have {left:,.1f} MB left, and this may take up "
                        "to {needed:,.1f} MB.",
                        left=max(most - (used or 0), 0) / 1e6,
                        needed=needed / 1e6,
                    )
                )
    except (BadRequest, PermissionDenied):
        return


def _whole(text: object) -> int | None:
    """Read a number that the service sends as a text."""
    said = str(text)
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None  # noqa: PLR2004
