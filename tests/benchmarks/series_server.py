"""A far, busy and limited sandbox that counts: for each line on standard input it prints what it saw and computed."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from csplus_plugin.sandbox import service_model
from csplus_plugin.sandbox.rest.listener import Handler
from csplus_plugin.sandbox.server import start
from csplus_plugin.sandbox.service_model import Fault, ServiceModel


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--refusals", type=float, default=0)
    parser.add_argument("--latency", type=float, default=0.3)
    parser.add_argument("--work", type=float, default=2.0)
    choices = parser.parse_args()
    seen = {"requests": 0, "refused": 0, "bytes": 0}
    lock, write = threading.Lock(), Handler._write

    def count(self: Handler, answer: object, **kept: object) -> None:
        with lock:
            seen["requests"] += 1
            seen["refused"] += answer.status == 429
            seen["bytes"] += len(answer.body)
        write(self, answer, **kept)

    Handler._write = count
    # As long as the service: on busy cores the sandbox's own patience would end what only computes slowly.
    service_model.PATIENCE = 300.0
    model = ServiceModel(
        latency=choices.latency,
        work=choices.work,
        max_concurrent=40,
        fault_rate=choices.refusals,
        faults=(Fault.TOO_MANY,),
    )
    with start(model=model) as sandbox:
        print(sandbox.url, flush=True)
        before = time.process_time()
        for _ in sys.stdin:
            with lock:
                print(json.dumps({**seen, "work": time.process_time() - before}), flush=True)
                before = time.process_time()
                seen.update(dict.fromkeys(seen, 0))


if __name__ == "__main__":
    main()
