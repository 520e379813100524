"""One download in a process of its own, to be killed or measured: prints the peak of its memory in megabytes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    import tests.conftest  # noqa: F401 the root's name

from csplus.csplus_plugin.core.bands import DIGITAL_NUMBERS, BandInfo
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download import assembly, overviews
from csplus.csplus_plugin.download import layout as layouts
from csplus.csplus_plugin.download import plan as planning
from csplus.csplus_plugin.download.download import download
from csplus.csplus_plugin.download.fetch import FetchOptions
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.limiter import Limiter
from csplus.csplus_plugin.earthengine.session import Connection, session_for

EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}
BANDS = ("B4", "B8", "B2", "B3", "B5", "B6", "B7", "B8A", "B11", "B12")


def main(url: str, path: str, width: str, height: str, bands: str, block: str, memory: str) -> None:
    planning.BLOCK = layouts.BLOCK = assembly.BLOCK = overviews.BLOCK = int(block)
    planning.ENOUGH_TILES = 1
    grid = Grid("EPSG:32611", 10, 0, 0, int(width), int(height))
    layout = layouts.Layout(grid, [BandInfo(name, name) for name in BANDS[: int(bands)]], DIGITAL_NUMBERS, {})
    session = session_for(Connection(endpoint=url, project="p"))
    session.limiter = Limiter(spacing=0)
    download(
        Client(session),
        EXPRESSION,
        planning.plan(grid, int(bands), 2),
        layout,
        Path(path),
        options=FetchOptions(memory=int(memory)),
    )
    # Not ru_maxrss: a new program begins with the peak of the process that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
