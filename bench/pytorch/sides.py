"""The processes that bench/against-pytorch compares, and the probe of the machine's cores."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from settings import split

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "release"


class Side:
    """A process that runs steps on demand and is idle otherwise, so that several sides can exist at once."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        self.failed = not self.process.stdout.readline()

    def steps(self, count):
        """Runs `count` steps; returns the mean seconds per step."""
        try:
            self.process.stdin.write(f"steps {count}\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            raise RuntimeError("the process ended: " + " ".join(map(str, self.process.args))) from None
        self.peak_bytes = answer["peak_bytes"]
        return answer["seconds"] / count

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def pytorch(files, case, setting, threads):
    flags, environment = split(setting)
    mode = ["--inference"] if case.inference else []
    return Side([sys.executable, HERE / "baseline.py", "--config", files[0], "--batch", files[1],
                 "--threads", str(threads), *mode, *flags], environment)


def ours(files, case, precision, threads):
    mode = ["--inference"] if case.inference else []
    return Side([BUILD / "bench" / "training_step", *files, str(threads), "--precision", precision, *mode])


class Probe:
    """The current FMA throughput of the machine, to detect rounds in which other processes used the cores. The usual
    rate is the upper third of several measurements at the start: some processors are briefly faster."""

    def __init__(self, threads):
        self.command = [BUILD / "bench" / "fma_probe", str(threads)]
        rates = sorted(self.measure() for _ in range(12))
        self.usual, self.best = rates[8], rates[-1]

    def measure(self):
        return float(subprocess.run(self.command, capture_output=True, text=True, check=True).stdout)

    def free(self):
        rate = self.measure()
        self.best = max(self.best, rate)
        return rate > 0.85 * self.usual


def cpu_seconds(pids):
    """CPU time since boot of the whole machine, including stolen time, and of the given processes."""
    tick = os.sysconf("SC_CLK_TCK")
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    own = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own += int(fields[11]) + int(fields[12])
    return (user + nice + system + irq + softirq + steal) / tick, own / tick


class NoQuietRound(Exception):
    pass


class Rounds:
    """Interleaved measurements. A round is kept if the probes before and after it reached the usual rate and others
    (other processes, the host of a virtual machine) used less than 5 % of the CPU time; else it is discarded. Stops
    after `seconds`, or when twice as many rounds were discarded as requested."""

    def __init__(self, probe, rounds, seconds=float("inf")):
        self.probe, self.rounds, self.seconds = probe, rounds, seconds
        self.kept, self.discarded = 0, 0

    def one(self, measures, pids):
        """Seconds by name, and whether to keep the round."""
        free = self.probe.free()
        start, (machine, own) = time.perf_counter(), cpu_seconds(pids)
        now = {name: measure() for name, measure in measures.items()}
        passed, (machine_after, own_after) = time.perf_counter() - start, cpu_seconds(pids)
        others = machine_after - machine - (own_after - own)
        free = free and (not pids or others < 0.05 * passed * os.cpu_count())
        return now, self.probe.free() and free

    def medians(self, measures, pids=()):
        """Median results of the functions, called in turn; `pids`: the processes that do the work, if they persist."""
        times, start = {name: [] for name in measures}, time.perf_counter()
        while self.kept < self.rounds and self.discarded < 2 * self.rounds:
            if self.kept + self.discarded > 0 and time.perf_counter() - start > self.seconds:
                break
            now, counts = self.one(measures, pids)
            if not counts:
                self.discarded += 1
                continue
            self.kept += 1
            for name, seconds in now.items():
                times[name].append(seconds)
        if self.kept == 0:
            raise NoQuietRound(f"{self.discarded} rounds, all of them disturbed by other processes")
        return {name: statistics.median(values) for name, values in times.items()}


def seconds_until(command, environment, seen):
    """Seconds from starting the command until `seen` returns true; then kills the process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env={**os.environ, **environment})
    while not seen(process):
        if process.poll() is not None:
            raise RuntimeError("the process ended early: " + " ".join(map(str, command)))
        time.sleep(0.002)
    seconds = time.perf_counter() - start
    process.kill()
    process.communicate()
    return seconds


def our_first_step(config, data, threads):
    """`bert pretrain` on one pair of 128 tokens, until its first step appears in metrics.jsonl."""
    with tempfile.TemporaryDirectory() as directory:
        run = pathlib.Path(directory) / "run"
        metrics = run / "metrics.jsonl"
        command = [BUILD / "bert", "pretrain", "--data", data, "--model", config, "--output", run,
                   "--threads", str(threads), "--per-device-train-batch-size", "1", "--max-seq-length", "128",
                   "--logging-steps", "1", "--max-steps", "100000"]
        return seconds_until(command, {}, lambda _: metrics.exists() and metrics.stat().st_size > 0)


def their_first_step(config, data, threads, setting):
    _, environment = split(setting)
    command = [sys.executable, HERE / "first_step.py", config, data, str(threads)]
    return seconds_until(command, environment, lambda process: process.stdout.readline())
