"""Runs the cases: interleaves both sides and prints medians and ratios; --tune finds PyTorch's best settings."""

import argparse
import importlib.metadata
import json
import os
import pathlib
import tempfile

import corpus
from batches import read_safetensors, write_safetensors
from cases import CASES, config_of
from settings import CANDIDATES, Tuned
from sides import NoQuietRound, Probe, Rounds, our_first_step, ours, pytorch, their_first_step

FIRST_STEP = "base first step"
QUICK_SECONDS = 20  # for the rounds of a case; starting the programs and the first steps take as long again
LONG_STEP = 3  # seconds


def write_files(case, directory):
    """Writes the configuration and the batch for both sides; returns the paths and the number of tokens."""
    files = [os.path.join(directory, "config.json"), os.path.join(directory, "batch.safetensors")]
    with open(files[0], "w") as file:
        json.dump(config_of(case.size), file)
    if case.kind == "full":
        write_safetensors(files[1], case.full_stream())
    else:
        corpus.write_batch(files[1], case)
    return files, len(read_safetensors(files[1])["tokens"])


def tune(case, precision, files, threads, tuned):
    """Tries every setting: two warm-up steps, then the best of three."""
    seconds = {}
    for setting in CANDIDATES[precision]:
        with pytorch(files, case, setting, threads) as side:
            try:
                side.steps(2)
                seconds[setting] = min(side.steps(1) for _ in range(3))
            except RuntimeError:
                continue
        print(f"  {case.name} {precision}: {seconds[setting]:.4f} s  {setting or '(as installed)'}", flush=True)
    if not seconds:
        raise RuntimeError(f"PyTorch runs {case.name} with none of its settings")
    tuned.keep(case, precision, seconds)


def compare(case, precision, arguments, probe, tuned):
    with tempfile.TemporaryDirectory() as directory:
        files, tokens = write_files(case, directory)
        return compare_files(case, precision, files, tokens, arguments, probe, tuned)


def timed_steps(side, count, step):
    """Times steps after an untimed one, as the other side has evicted this side's data from the caches. Long steps
    (`step`, in seconds) need no warm-up."""
    if step < LONG_STEP:
        side.steps(1)
    return side.steps(count)


def compare_files(case, precision, files, tokens, arguments, probe, tuned):
    if arguments.tune:
        tune(case, precision, files, arguments.threads, tuned)
    setting, origin = tuned.find(case, precision, compiled=not arguments.quick)
    rounds = Rounds(probe, arguments.rounds, arguments.seconds)
    with ours(files, case, precision, arguments.threads) as us, \
            pytorch(files, case, setting, arguments.threads) as them:
        sides = {"bert.c": us, "pytorch": them}
        measures = {}
        for name, side in sides.items():
            side.steps(1)  # allocates, compiles
            step = side.steps(1)
            count = max(1, round(1.0 / step))  # at least about one second per round
            measures[name] = lambda side=side, count=count, step=step: timed_steps(side, count, step)
        medians = rounds.medians(measures, [side.process.pid for side in sides.values()])
        peaks = {name: side.peak_bytes for name, side in sides.items()}
    return {"seconds": medians, "tokens_per_second": {name: tokens / value for name, value in medians.items()},
            "ratio": medians["pytorch"] / medians["bert.c"], "peak_bytes": peaks,
            "memory": peaks["bert.c"] / peaks["pytorch"], "setting": setting, "setting_origin": origin,
            "rounds": rounds.kept, "discarded": rounds.discarded}


def compare_first_step(arguments, probe, tuned):
    data, rounds = corpus.prepared(), Rounds(probe, arguments.rounds, arguments.seconds)
    setting, origin = "jemalloc mkl", "not tuned"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        json.dump(config_of("base"), config)
        config.flush()
        measures = {"bert.c": lambda: our_first_step(config.name, data, arguments.threads),
                    "pytorch": lambda: their_first_step(config.name, data, arguments.threads, setting)}
        for measure in measures.values():
            measure()  # programs and data come into the page cache
        medians = rounds.medians(measures)
    return {"seconds": medians, "ratio": medians["pytorch"] / medians["bert.c"], "setting": setting,
            "setting_origin": origin, "rounds": rounds.kept, "discarded": rounds.discarded}


HEADER = (f"{'case':<26}{'precision':>10}{'bert.c':>12}{'PyTorch':>12}{'ratio':>8}{'memory':>8}{'rounds':>8}"
          f"{'discarded':>10}  PyTorch's setting")


def show(name, precision, result):
    rates = result.get("tokens_per_second")
    unit = "tokens/s" if rates else "s"
    ours_, theirs = (rates or result["seconds"]).values()
    digits = 0 if rates else 2
    memory = f"{result['memory']:.2f}" if "memory" in result else ""
    print(f"{name:<26}{precision:>10}{ours_:>12,.{digits}f}{theirs:>12,.{digits}f}{result['ratio']:>8.2f}{memory:>8}"
          f"{result['rounds']:>8}{result['discarded']:>10}  {result['setting'] or 'as installed'} "
          f"({result['setting_origin']}; {unit})", flush=True)


def wanted_cases(parser, arguments):
    names = [case.name for case in CASES] + [FIRST_STEP]
    if arguments.cases:
        wanted = arguments.cases.split(",")
        unknown = set(wanted) - set(names)
        if unknown:
            parser.error(f"no such case: {', '.join(unknown)}; expected: {', '.join(names)}")
        return wanted
    return [case.name for case in CASES if case.quick or not arguments.quick] + [FIRST_STEP]


def keep(path, place, name, precision, result):
    """Adds the results to those of earlier runs in the file, if machine, threads and versions are the same."""
    path = pathlib.Path(path)
    report = json.loads(path.read_text()) if path.exists() else {}
    if report.get("machine") != place:
        report = {"machine": place, "cases": {}}
    report["cases"].setdefault(name, {})[precision] = result
    path.write_text(json.dumps(report, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="a few minutes: some cases, float32, at most three rounds, no torch.compile")
    parser.add_argument("--tune", action="store_true", help="find and store PyTorch's best settings first")
    parser.add_argument("--cases", help="names, separated by commas (default: all)")
    parser.add_argument("--precision", choices=["float32", "bf16", "both"], default="both")
    parser.add_argument("--rounds", type=int, help="default: 5, quick: 3")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", metavar="FILE", help="also write the results as JSON, added to those in FILE")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 5)
    precisions = ["float32", "bf16"] if arguments.precision == "both" else [arguments.precision]
    arguments.seconds = QUICK_SECONDS if arguments.quick else float("inf")
    if arguments.quick:
        precisions = ["float32"]
    versions = " ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "transformers"))
    probe, tuned = Probe(arguments.threads), Tuned(arguments.threads, versions)
    print(f"{tuned.place}; multiply-add peak {probe.best:.0f} GFLOP/s")
    print("memory: our peak over PyTorch's; discarded: rounds in which other processes used the cores")
    print(HEADER)
    by_name = {case.name: case for case in CASES}
    for name in wanted_cases(parser, arguments):
        for precision in precisions if name != FIRST_STEP else ["float32"]:
            try:
                if name == FIRST_STEP:
                    result = compare_first_step(arguments, probe, tuned)
                else:
                    result = compare(by_name[name], precision, arguments, probe, tuned)
            except NoQuietRound as reason:
                print(f"{name:<26}{precision:>10}  not measured: {reason}", flush=True)
                continue
            result["peak_gflops"] = probe.best
            show(name, precision, result)
            if arguments.json:
                keep(arguments.json, tuned.place, name, precision, result)


if __name__ == "__main__":
    main()
