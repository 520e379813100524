"""A recipe as a task that Earth Engine runs by itself: where its result goes, and what is sent to start it.

The region and the grid go into the expression, as the official client puts them for `Export.image`: a printed script
and this start the same task. Source: REST reference, `projects.image.export` (ExportImageRequest).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from .bands import encoding
from .checks import one_of, shown
from .errors import InvalidChoice
from .grid import Grid, grid_for
from .language import _
from .picture import masked_pixels, pixels

if TYPE_CHECKING:
    import ee

    from .recipe import Recipe
    from .targets.target import ImageTarget

DESTINATIONS = {
    "drive": "a GeoTIFF in your Google Drive, in FOLDER if one is given",
    "asset": "an Earth Engine asset of the project, in FOLDER, which has to be there",
    "cloud_storage": "a GeoTIFF in the Cloud Storage bucket BUCKET, under FOLDER",
}

LABEL = "csplus_"
"""Begins the description of every task that the plugin starts, so that it knows them again."""

_MOST_PIXELS = 10**13
"""More than any grid has: the service's own default of 1e8 is less than a Sentinel-2 tile."""

_LONGEST_NAME = 80
"""Characters: a label, a period and the parts that the service adds have room in a description of 100."""

_DAY = 86_400_000
"""Milliseconds."""

_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST_NAME}}}")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,100}")
_DRIVE_FOLDER = re.compile(r"[^/\\:*?\"<>|.\s][^/\\:*?\"<>|]{0,99}(?<![.\s])")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
"""Names of buckets (Cloud Storage documentation, bucket naming)."""


@dataclass(frozen=True)
class Destination:
    """Where the results of a run go.

    Attributes:
        kind: A key of `DESTINATIONS`.
        folder: In Drive, in the project's assets, or in the bucket; empty for the root.
        bucket: Of Cloud Storage.
    """

    kind: str = "drive"
    folder: str = ""
    bucket: str = ""

    def __post_init__(self) -> None:
        """Check each choice, and that they go together."""
        one_of("destination", self.kind, DESTINATIONS)
        if self.kind == "cloud_storage" and not _BUCKET.fullmatch(self.bucket):
            what = (
                _("{bucket} is not the name of a bucket.", bucket=shown(self.bucket))
                if self.bucket
                else _("There is no BUCKET.")
            )
            raise InvalidChoice(
                what, _("Name a Cloud Storage bucket that your account may write to, without gs://.")
            )
        if self.kind != "cloud_storage" and self.bucket:
            raise InvalidChoice(
                _("BUCKET is given, and the destination is {kind}.", kind=self.kind),
                _("Choose the destination cloud_storage, or leave BUCKET empty."),
            )
        if not self.folder or (self.kind == "drive" and self._is_printable_folder()):
            return
        if self.kind == "drive":
            raise InvalidChoice(
                _("{folder} is not the name of a folder in Drive.", folder=shown(self.folder)),
                _("Give one name, without slashes."),
            )
        if not all(_SEGMENT.fullmatch(part) for part in self.folder.split("/")):
            raise InvalidChoice(
                _("{folder} is not a folder.", folder=shown(self.folder)),
                _("Use letters, digits, - and _, with slashes between the parts."),
            )

    def _is_printable_folder(self) -> bool:
        return self.folder.isprintable() and bool(_DRIVE_FOLDER.fullmatch(self.folder))

    def asset(self, name: str, project: str) -> str:
        """Give the id of the asset of that name."""
        parts = self.folder.split("/") if self.folder else []
        inside = parts if parts[:1] == ["projects"] else ["projects", project, "assets", *parts]
        return "/".join([*inside, name])

    def place(self, name: str, project: str) -> str:
        """Say where a result goes: the place, then what it is called there."""
        if self.kind == "asset":
            return _("the asset {asset}", asset=self.asset(name, project))
        if self.kind == "cloud_storage":
            return f"gs://{self.bucket}/{self.inside(name)}.tif"
        if self.folder:
            return _("Google Drive, folder {folder}, file {name}.tif", folder=self.folder, name=name)
        return _("Google Drive, top folder, file {name}.tif", name=name)

    def inside(self, name: str) -> str:
        """Give what a result is called in the bucket, without the ending of a file."""
        return f"{self.folder}/{name}" if self.folder else name

    def options(self, recipe: Recipe[ImageTarget], name: str, project: str) -> dict[str, Any]:
        """Give the part of a request that says where the result goes, and in which form."""
        bands = recipe.target.file_bands(recipe.scenes)
        if self.kind == "asset":
            # As in the file's overviews: a mean of days, counts or classes would be none of them.
            whole = {band.name: "SAMPLE" for band in bands if not band.blends}
            return {
                "assetExportOptions": {
                    "earthEngineDestination": {"name": self.asset(name, project)},
                    "pyramidingPolicy": "MEAN",
                    **({"pyramidingPolicyOverrides": whole} if whole else {}),
                }
            }
        if self.kind == "cloud_storage":
            goal: dict[str, Any] = {
                "cloudStorageDestination": {"bucket": self.bucket, "filenamePrefix": self.inside(name)}
            }
        else:
            folder = {"folder": self.folder} if self.folder else {}
            goal = {"driveDestination": {**folder, "filenamePrefix": name}}
        nodata = {"noData": {"floatValue": encoding(bands).nodata}}
        return {"fileExportOptions": {"fileFormat": "GEO_TIFF", **goal, "geoTiffOptions": nodata}}


def check_name(name: str) -> None:
    """Refuse a name that a file, an asset and a task cannot all have.

    Raises:
        InvalidChoice: With what it may hold.
    """
    if not _NAME.fullmatch(name):
        raise InvalidChoice(
            _("{name} cannot be the name of a task and its result.", name=shown(name)),
            _("Use at most {longest_name} letters, digits, - and _.", longest_name=_LONGEST_NAME),
        )


def request(
    recipe: Recipe[ImageTarget],
    destination: Destination,
    name: str,
    project: str,
    properties: Mapping[str, str | int],
) -> dict[str, Any]:
    """Say what to start; who sends it adds the id of the request, by which it is started once.

    Args:
        recipe: Of one image.
        destination: Where it goes.
        name: Of the file or the asset; the task's description is this with `LABEL` before it.
        project: Whose asset it is.
        properties: Of an asset; a file of the service has room for none.

    Raises:
        InvalidChoice: The grid is impossible.
    """
    grid = grid_for(recipe.scenes.region, recipe.output)
    image = pixels(recipe)
    if destination.kind == "asset":
        # An asset has masks, which its pyramid and whoever reads it respect; a number for nodata they would average.
        image = masked_pixels(recipe).set({**properties, **_times(recipe)})
    return {
        "expression": _on_grid(image, grid),
        "description": f"{LABEL}{name}",
        "maxPixels": {"value": str(_MOST_PIXELS)},
        **destination.options(recipe, name, project),
    }


def _times(recipe: Recipe[ImageTarget]) -> dict[str, int]:
    """Give an asset its window in time, by which `filterDate` finds it: milliseconds since 1970, UTC, the end excluded.

    Source: REST reference, EarthEngineAsset (`startTime`, `endTime`).
    """
    scenes = recipe.scenes
    first, last = (day.toordinal() - date(1970, 1, 1).toordinal() for day in (scenes.start, scenes.end))
    return {"system:time_start": first * _DAY, "system:time_end": (last + 1) * _DAY}


def edge(grid: Grid) -> ee.Geometry:
    """Draw the edge of a grid in its own CRS: the service then exports exactly its pixels."""
    from .library import ee

    left, top = grid.left, grid.top
    right, bottom = left + grid.width * grid.resolution, top - grid.height * grid.resolution
    ring: list[Any] = [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    return ee.Geometry({"type": "Polygon", "coordinates": [ring]}, grid.crs, False)


def _on_grid(image: ee.Image, grid: Grid) -> ee.Image:
    size = grid.resolution
    transform = [size, 0, grid.left, 0, -size, grid.top]
    made, _ = image.prepare_for_export({"crs": grid.crs, "crs_transform": transform, "region": edge(grid)})
    return made
