"""Runs the cases: tunes PyTorch, then alternates both sides and prints medians and ratios."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from batches import write_safetensors
from cases import BFLOAT16, CASES, FLOAT32, config_of

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "release" / "bench"
JEMALLOC = ["/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "/usr/lib/aarch64-linux-gnu/libjemalloc.so.2"]


class Side:
    """A worker process that runs steps on demand."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        self.failed = not self.process.stdout.readline()

    def steps(self, count):
        self.process.stdin.write(f"steps {count}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the process ended: " + " ".join(map(str, self.process.args)))
        answer = json.loads(line)
        self.peak_bytes = answer["peak_bytes"]
        return answer["seconds"] / count

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Probe:
    """The machine's own multiply-add rate now: a round without its usual cores tells nothing."""

    def __init__(self, threads):
        self.command = [BUILD / "fma_probe", str(threads)]
        self.best = max(self.measure() for _ in range(5))

    def measure(self):
        return float(subprocess.run(self.command, capture_output=True, text=True, check=True).stdout)

    def free(self):
        rate = self.measure()
        self.best = max(self.best, rate)
        return rate > 0.85 * self.best


def peer(case_files, case, flags, threads):
    preload = [path for path in JEMALLOC if os.path.exists(path)][:1]
    environment = {"LD_PRELOAD": preload[0]} if preload else {}
    mode = ["--inference"] if case.inference else []
    return Side([sys.executable, HERE / "peer.py", "--config", case_files[0], "--batch", case_files[1],
                 "--threads", str(threads), *mode, *flags], environment)


def ours(case_files, case, precision, threads):
    mode = ["--inference"] if case.inference else []
    return Side([BUILD / "training_step", *case_files, str(threads), "--precision", precision, *mode])


def best_flags(candidates, case_files, case, threads):
    """The fastest of PyTorch's settings for this case: each warms up, then the best of three counts."""
    times = {}
    for flags in candidates:
        side = peer(case_files, case, flags, threads)
        if side.failed:
            continue
        try:
            side.steps(2)
            times[tuple(flags)] = min(side.steps(1) for _ in range(3))
        except RuntimeError:
            continue
        finally:
            side.close()
    if not times:
        raise RuntimeError(f"PyTorch runs with none of its settings for {case.name}")
    return list(min(times, key=times.get))


def measure(sides, rounds, probe):
    """Alternates the sides; a round counts where the machine was free before and after it."""
    times, kept, set_aside = {name: [] for name in sides}, 0, 0
    counts = {}
    for name, side in sides.items():
        side.steps(1)
        counts[name] = max(1, round(1.0 / side.steps(1)))  # at least about a second each
    while kept < rounds and set_aside < 4 * rounds:
        before = probe.free()
        now = {name: side.steps(counts[name]) for name, side in sides.items()}
        if not (before and probe.free()):
            set_aside += 1
            continue
        kept += 1
        for name, seconds in now.items():
            times[name].append(seconds)
    if kept == 0:
        raise RuntimeError("the machine was never free: no round could be counted")
    return {name: statistics.median(values) for name, values in times.items()}, kept, set_aside


def run(case, arguments, probe):
    with tempfile.TemporaryDirectory() as directory:
        files = [os.path.join(directory, "config.json"), os.path.join(directory, "batch.safetensors")]
        stream = case.batch()
        write_safetensors(files[1], stream)
        with open(files[0], "w") as file:
            json.dump(config_of(case.size), file)
        flags = {"torch_float32": best_flags(FLOAT32, files, case, arguments.threads),
                 "torch_bfloat16": best_flags(BFLOAT16, files, case, arguments.threads)}
        sides = {"bert.c": ours(files, case, "float32", arguments.threads),
                 "bert.c bf16": ours(files, case, "bf16", arguments.threads)}
        sides.update({name: peer(files, case, flag, arguments.threads) for name, flag in flags.items()})
        try:
            medians, kept, set_aside = measure(sides, arguments.rounds, probe)
            peaks = {name: side.peak_bytes for name, side in sides.items()}
        finally:
            for side in sides.values():
                side.close()
    tokens = len(stream["tokens"])
    return {"case": case.name, "tokens": tokens, "seconds": medians, "peak_bytes": peaks,
            "tokens_per_second": {name: tokens / value for name, value in medians.items()},
            "ratio_float32": medians["torch_float32"] / medians["bert.c"],
            "ratio_bfloat16": medians["torch_bfloat16"] / medians["bert.c bf16"],
            "ratio_best": min(medians["torch_float32"], medians["torch_bfloat16"])
            / min(medians["bert.c"], medians["bert.c bf16"]),
            "memory_ratio": peaks["bert.c"] / peaks["torch_float32"],
            "flags": {name: " ".join(flag) for name, flag in flags.items()},
            "rounds": kept, "rounds_set_aside": set_aside}


def show(result):
    speed = result["tokens_per_second"]
    print(f"{result['case']:<24}{speed['bert.c']:>10,.0f}{speed['torch_float32']:>10,.0f}"
          f"{result['ratio_float32']:>8.2f}{speed['bert.c bf16']:>10,.0f}{speed['torch_bfloat16']:>10,.0f}"
          f"{result['ratio_bfloat16']:>8.2f}{result['ratio_best']:>8.2f}{result['memory_ratio']:>8.2f}"
          f"   {result['rounds']} rounds, {result['rounds_set_aside']} set aside; "
          f"{result['flags']['torch_float32']} | {result['flags']['torch_bfloat16']}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few cases only; tuning PyTorch takes minutes a case")
    parser.add_argument("--cases", help="names, separated by commas (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", metavar="FILE", help="also write the results as JSON")
    arguments = parser.parse_args()
    cases = [case for case in CASES if case.quick or not arguments.quick]
    if arguments.cases:
        wanted = arguments.cases.split(",")
        unknown = set(wanted) - {case.name for case in CASES}
        if unknown:
            parser.error(f"no such case: {', '.join(unknown)}; there are {', '.join(c.name for c in CASES)}")
        cases = [case for case in CASES if case.name in wanted]
    probe = Probe(arguments.threads)
    print(f"multiply-add peak {probe.best:.0f} GFLOP/s on {arguments.threads} threads")
    print("tokens/s of both sides and their ratio: in float32, in bfloat16, the best of each side; memory: "
          "our peak over PyTorch's in float32")
    print(f"{'case':<24}{'bert.c':>10}{'torch':>10}{'ratio':>8}{'bf16':>10}{'torch':>10}{'ratio':>8}"
          f"{'best':>8}{'memory':>8}")
    results = []
    for case in cases:
        results.append(run(case, arguments, probe))
        show(results[-1])
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"peak_gflops": probe.best, "threads": arguments.threads, "cases": results}, file, indent=2)


if __name__ == "__main__":
    main()
