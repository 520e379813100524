"""The sandbox at the shell: `python3 -m csplus_plugin.sandbox`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from types import FrameType

from . import folders
from .errors import SANDBOX_NAME, CannotStart
from .server import start
from .service_model import Fault, ServiceModel

MAX_LATENCY = 3600  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve scenes, or write the sample scenes; the exit code is 0, 1 (cannot start) or 2 (bad usage)."""
    choices = _parser().parse_args(arguments)
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        if choices.command == "samples":
            _write_samples(choices.folder)
        else:
            _serve(choices)
    except CannotStart as error:
        _complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _serve(choices: argparse.Namespace) -> None:
    """Answer until the process is told to end."""
    options = {
        field.name: getattr(choices, field.name) for field in fields(ServiceModel) if field.name in choices
    }
    model = ServiceModel(**options)
    with start(choices.data, choices.port, _complain, exports=choices.exports, model=model) as sandbox:
        print(f"{SANDBOX_NAME} at {sandbox.url}", flush=True)  # noqa: T201 (the line that says it is ready)
        while True:
            time.sleep(1)


def _write_samples(folder: Path) -> None:
    try:
        folders.write_to(folder)
    except OSError as error:
        reason = error.strerror or error
        raise CannotStart(f"The sample scenes cannot be written to {folder}: {reason}.") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m csplus_plugin.sandbox",
        description="A local stand-in for Google Earth Engine, to try Cloud Score+ composites without an account.",
    )
    parser.set_defaults(command="serve", port=0, data=None, exports=None)
    _add_serve_options(parser)
    commands = parser.add_subparsers(title="commands", metavar="")
    serve = commands.add_parser("serve", help="answer Earth Engine clients on 127.0.0.1 (the default)")
    _add_serve_options(serve)
    samples = commands.add_parser("samples", help="write the sample scenes as an archive")
    samples.set_defaults(command="samples")
    samples.add_argument("folder", metavar="FOLDER", type=Path, help="absent or empty")
    return parser


def _add_serve_options(parser: argparse.ArgumentParser) -> None:
    """Give the options of `serve`, which also work without that word."""
    option = partial(parser.add_argument, default=argparse.SUPPRESS)
    option("--port", type=_port, help="TCP port; 0, the default, takes a free one")
    option("--data", type=Path, metavar="FOLDER", help="serve this archive instead of the sample scenes")
    option(
        "--exports",
        type=Path,
        metavar="FOLDER",
        help="where exports and assets land; default: the user's cache",
    )
    model = parser.add_argument_group(
        "service model", "how slow, limited and faulty to be; all of it is off by default"
    )
    option = partial(model.add_argument, default=argparse.SUPPRESS)
    option("--latency", type=_seconds, metavar="SECONDS", help="delay every answer by this long")
    option("--work", type=_seconds, metavar="SECONDS", help="work for each megapixel of a band of a scene")
    option(
        "--max-concurrent",
        type=_count,
        metavar="N",
        help="refuse more concurrent requests than this (status 429)",
    )
    option("--rate", type=_count, metavar="N", help="refuse more requests per second than this (status 429)")
    option("--retry-after", type=_count, metavar="SECONDS", help="Retry-After to send with every 429")
    option(
        "--memory-limit",
        type=_seconds,
        metavar="N",
        help="refuse requests that draw more than this (megapixels x bands x scenes)",
    )
    option(
        "--time-limit", type=_seconds, metavar="SECONDS", help="refuse requests that need more work than this"
    )
    option("--fault-rate", type=_share, metavar="SHARE", help="make this share of the requests fail, 0 to 1")
    option(
        "--faults",
        type=_faults,
        metavar="KINDS",
        help="kinds of failure: some of 503,429,reset,truncation (the default), memory,size,rate,daily-quota",
    )
    option("--seed", type=int, metavar="N", help="seed that decides which requests fail")
    option("--restricted", action="store_true", help="say that the project's quota is used up")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 2**16:
        raise argparse.ArgumentTypeError(f"{port} is not between 0 and 65535")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= MAX_LATENCY:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {MAX_LATENCY}")
    return seconds


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return share


def _faults(text: str) -> tuple[Fault, ...]:
    try:
        return tuple(Fault(word) for word in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text} is not a list of {', '.join(f.value for f in Fault)}"
        ) from error


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} is less than 1")
    return count


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does: unfinished files are removed and connections closed."""
    raise KeyboardInterrupt


def _complain(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 (a command speaks on standard error)


if __name__ == "__main__":
    sys.exit(main())
