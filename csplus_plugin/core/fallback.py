"""The style of an image that lacks the bands of the style that was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from .catalog import COUNT_BAND, STYLES, Style


def fallback(names: Sequence[str]) -> tuple[Style, tuple[str, ...]]:
    """Draw what there is: natural colours where possible, else the first band.

    Args:
        names: The bands that there are, at least one.

    Returns:
        The style, and the bands that it draws.
    """
    for name in ("true_color", "false_color"):
        if set(STYLES[name].bands) <= set(names):
            return STYLES[name], STYLES[name].bands
    reflectance = STYLES["true_color"]
    grey = Style("Grey", (), reflectance.minimum, reflectance.maximum, ("#000000", "#ffffff"))
    known = {COUNT_BAND: STYLES["count"]}
    is_band = names[0].startswith("B") and names[0][1:2].isdigit()
    return known.get(names[0], grey if is_band else STYLES["index"]), (names[0],)
