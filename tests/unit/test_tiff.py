"""Directories of TIFF files: read as they were written, and refused where there is none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from csplus.csplus_plugin.download import tiff


def test_a_directory_is_read_as_it_was_written() -> None:
    tags = {
        tiff.WIDTH: tiff.Tag.from_integer(70000),
        tiff.BLOCK_OFFSETS: tiff.Tag(4, 3, np.array([1, 2, 3], "<u4").tobytes()),
        42113: tiff.Tag(2, 5, b"abcd\0"),
    }
    for flavour in (tiff.CLASSIC, tiff.BIG):
        at = 24
        other = {**tags, tiff.HEIGHT: tiff.Tag.from_integer(3)}
        content = flavour.header(at).ljust(at, b"\0") + tiff.encode_directories([tags, other], flavour, at)
        assert tiff.read_directories(io.BytesIO(b"before" + content), 6) == [tags, other]
        assert tiff.read_directories(io.BytesIO(content))[0][tiff.BLOCK_OFFSETS].integers() == (1, 2, 3)


@pytest.mark.parametrize(
    "content", [b"", b"II", b"MM\0*\0\0\0\x08", b"II*\0\xff\xff\xff\xff", b"PNG is no TIFF"]
)
def test_what_is_no_tiff_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a TIFF"):
        tiff.read_directories(io.BytesIO(content))
