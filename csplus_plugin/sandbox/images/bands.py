"""Bands of images put together."""

from __future__ import annotations

from collections.abc import Sequence

from .image import Band, Image, masked_raster
from .pixelwise import gathered


def overlaid(image: Image, added: Image) -> Image:
    """Bands of another image put in place of those of the same name, or appended."""
    places: dict[str, tuple[Image, int]] = {name: (image, i) for i, name in enumerate(image.names)}
    places |= {name: (added, i) for i, name in enumerate(added.names)}
    bands = [source.bands[i] for source, i in places.values()]
    return gathered(list(places.values()), bands, image)


def masked_everywhere(bands: Sequence[Band]) -> Image:
    """Give an image without a single valid pixel."""
    nowhere = (1.0, 1.0, 0.0, 0.0)
    return Image(
        tuple(bands),
        lambda canvas, wanted: [masked_raster(canvas.shape, bands[i].type) for i in wanted],
        extent=nowhere,
    )
