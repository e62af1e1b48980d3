"""Requests per second of ``msssm-ts serve``, each of one series, with and without batching.

    python benchmarks/serving.py [--data ItalyPowerDemand] [--preset fast] [--clients 1,8,32]

Fits a model, starts a server with ``--batch-window 0`` and one with the default, and lets so many
clients ask, each its next series as soon as the last is answered, over connections that stay open.
Prints requests per second, the median and the 99th percentile of a request's time, and what CPU
time a request takes of the server (Linux only), which is what to look at on a busy machine: the
clients run beside the server, on the same cores.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import load


def client(port: int, bodies: list[bytes], end: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    kind = {"Content-Type": "application/json"}
    number = len(times)
    while time.perf_counter() < end:
        began = time.perf_counter()
        connection.request("POST", "/predict", bodies[number % len(bodies)], kind)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(text.decode())
        times.append(time.perf_counter() - began)
        number += 1


def measured(port: int, bodies: list[bytes], n_clients: int, seconds: float) -> list[float]:
    """Return the seconds that each request took."""
    times: list[list[float]] = [[] for _ in range(n_clients)]
    end = time.perf_counter() + seconds
    threads = [threading.Thread(target=client, args=(port, bodies, end, own)) for own in times]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for own in times for one in own]


def cpu_seconds(process: int) -> float:
    """Return what a process has used so far; NaN where the system does not say."""
    file = Path(f"/proc/{process}/stat")
    if not file.exists():
        return float("nan")
    # After the name, which may have blanks, utime and stime are the 12th and 13th.
    user, system = file.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="ItalyPowerDemand")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--clients", default="1,8,32")
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    train, test = load(arguments.data), load(f"{arguments.data}:test")
    bodies = [json.dumps({"series": [one.tolist()]}).encode() for one in test.values[:200]]
    with tempfile.TemporaryDirectory() as folder:
        model = MSSSMClassifier(arguments.preset, random_state=0)
        model.fit(train.as_estimator_input(), train.labels).save(Path(folder, "run"))
        print(f"{arguments.data}, {arguments.preset}; a series a request")
        print("window  clients  requests/s  median ms  99 % ms  CPU ms")
        for window in ("0", "5"):
            words = ["serve", f"{folder}/run", "--port", "0", "--quiet"]
            server = subprocess.Popen(
                [sys.executable, "-m", "msssm_ts", *words, "--batch-window", window],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            try:
                assert server.stdout is not None
                port = int(server.stdout.readline().strip("/\n").rpartition(":")[2])
                # The first request loads the kernels.
                measured(port, bodies, 1, 2)
                for n_clients in map(int, arguments.clients.split(",")):
                    before = cpu_seconds(server.pid)
                    times = 1000 * np.array(measured(port, bodies, n_clients, arguments.seconds))
                    rate = len(times) / arguments.seconds
                    middle, late = np.quantile(times, [0.5, 0.99])
                    used = 1000 * (cpu_seconds(server.pid) - before) / len(times)
                    print(
                        f"{window:>6}  {n_clients:7}  {rate:10.1f}  {middle:9.1f}  {late:7.1f}  "
                        f"{used:6.2f}"
                    )
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
