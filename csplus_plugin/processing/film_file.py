"""Pictures -> an animated PNG or GIF, and a folder of frames: whole, or not there."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from ..core.animated_png import animated
from ..core.errors import FileTrouble, InvalidChoice
from ..core.language import _

ENDINGS = (".png", ".apng", ".gif")
_MOST_GIF_PIXELS = 300_000_000
_FRAME = re.compile(r"frame_\d{4,}\.png")


def check_ending(file: Path) -> None:
    """Refuse a file that is neither a PNG nor a GIF that can be written here.

    Raises:
        InvalidChoice: With what is possible.
    """
    if file.suffix.lower() not in ENDINGS:
        raise InvalidChoice(
            _("{name} is neither a PNG nor a GIF.", name=file.name),
            _("Choose a name that ends in .png or .gif."),
        )
    if file.suffix.lower() == ".gif" and importlib.util.find_spec("PIL") is None:
        raise InvalidChoice(
            _("A GIF needs Pillow, which QGIS's Python does not have."),
            _("Choose a name that ends in .png: an animated PNG plays in every browser."),
        )


def check_frames(folder: Path) -> None:
    """Refuse a folder that cannot be made, or holds frames already: a longer film before would end this one.

    Raises:
        InvalidChoice: With what to do.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InvalidChoice(
                _("{folder} is not a folder.", folder=folder), _("Choose another for FRAMES.")
            )
        old = folder.is_dir() and any(_FRAME.fullmatch(path.name) for path in folder.iterdir())
    except (OSError, ValueError) as problem:
        raise InvalidChoice(
            _("{folder} cannot be a folder: {problem}.", folder=folder, problem=problem),
            _("Choose another for FRAMES."),
        ) from problem
    if old:
        raise InvalidChoice(
            _("{folder} holds frames already.", folder=folder), _("Choose an empty folder for FRAMES.")
        )


def check_pixels(file: Path, pixels: int) -> None:
    """Refuse a GIF that would not fit into memory, where all of its frames are kept.

    Raises:
        InvalidChoice: With what is possible.
    """
    if file.suffix.lower() == ".gif" and pixels > _MOST_GIF_PIXELS:
        raise InvalidChoice(
            _(
                "The frames have {pixels:,.0f} million pixels; a GIF takes at most {most:,.0f}.",
                pixels=pixels / 1e6,
                most=_MOST_GIF_PIXELS / 1e6,
            ),
            _("Choose a smaller WIDTH, or a name that ends in .png."),
        )


def write_film(
    pictures: Iterator[bytes], count: int, seconds: float, file: Path, frames: Path | None
) -> None:
    """Write the film, and the frames where a folder is given; an older file stays until the new one is whole.

    Args:
        pictures: PNG files of one size.
        count: How many.
        seconds: Each is shown.
        file: Ends in one of `ENDINGS`.
        frames: Folder for `frame_0001.png` and so on; made where it is missing.

    Raises:
        FileTrouble: The disk is full, or a folder cannot be written.
        CsPlusError: Whatever the pictures raise.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        with ExitStack() as stack:
            stack.callback(part.unlink, missing_ok=True)
            if frames is not None:
                pictures = _kept(pictures, stack.enter_context(_Frames(frames)))
            with part.open("wb") as stream:
                if file.suffix.lower() == ".gif":
                    _write_gif(pictures, seconds, stream)
                else:
                    stream.writelines(animated(pictures, count, seconds))
            os.replace(part, file)  # noqa: PTH105 the one call that also replaces on Windows
    except OSError as problem:
        raise FileTrouble(
            _("The animation cannot be written: {cause}.", cause=problem.strerror or problem),
            _("Make room on the disk, or choose another folder."),
        ) from problem


class _Frames:
    """A folder of frames, filled in the end: what is left of a run that fails is an empty folder at most."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._is_new = folder, not folder.exists()
        self._count = 0

    def __enter__(self) -> _Frames:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._temporary = tempfile.TemporaryDirectory(prefix=".part-", dir=self._folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._temporary as temporary:
            if kind is None:
                for path in sorted(Path(temporary).iterdir()):
                    path.rename(self._folder / path.name)
        if kind is not None and self._is_new:
            self._folder.rmdir()

    def add(self, picture: bytes) -> None:
        self._count += 1
        Path(self._temporary.name, f"frame_{self._count:04d}.png").write_bytes(picture)


def _kept(pictures: Iterator[bytes], folder: _Frames) -> Iterator[bytes]:
    for picture in pictures:
        folder.add(picture)
        yield picture


def _write_gif(pictures: Iterator[bytes], seconds: float, stream: BinaryIO) -> None:
    from PIL import Image

    images = (Image.open(io.BytesIO(picture)).convert("RGB").quantize() for picture in pictures)
    first = next(images)
    # Times in a GIF are whole hundredths of a second.
    delay = max(20, 10 * round(100 * seconds))
    first.save(stream, "GIF", save_all=True, append_images=images, duration=delay, loop=0)
