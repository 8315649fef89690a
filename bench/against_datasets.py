"""See against-datasets. Time is that of the whole process, including the start of Python for the baseline;
memory is the peak of the proportional set size (PSS), summed over the process and its children."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

BASELINE = pathlib.Path(__file__).with_name("datasets_baseline.py")


def family(pid):
    members, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        members.append(member)
        for children in pathlib.Path(f"/proc/{member}/task").glob("*/children"):
            try:
                waiting += map(int, children.read_text().split())
            except OSError:
                pass
    return members


def pss(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024
    except (OSError, TypeError):
        return 0


def measure(command, threads, cache):
    """Output, seconds, and peak memory in MB."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false",
                   "HF_HUB_OFFLINE": "1", "HF_HOME": cache}
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.05):
            peak[0] = max(peak[0], sum(map(pss, family(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, message = process.communicate()
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{' '.join(command[:3])} failed: {message.decode()[-2000:]}")
    return output, seconds, peak[0]


def first_megabytes(files, megabytes, work):
    """The same fraction of each file, from its beginning."""
    share = min(1, megabytes * 1e6 / sum(map(os.path.getsize, files)))
    cut = []
    for number, path in enumerate(files):
        with open(path, "rb") as file:
            data = file.read(int(os.path.getsize(path) * share))
        cut.append(f"{work}/cut-{number}.txt")
        with open(cut[-1], "wb") as file:
            file.write(data[:data.rfind(b"\n\n") + 1] if share < 1 else data)
    return cut


class Side:
    def __init__(self, name, command, count):
        self.name, self.command, self.count, self.rounds, self.counts = name, command, count, [], None

    def run(self, output, threads, cache):
        shutil.rmtree(output, ignore_errors=True)
        os.makedirs(output)
        said, seconds, memory = measure(self.command, threads, cache)
        self.rounds.append((seconds, memory))
        self.counts = self.counts or self.count(said, output)

    def seconds(self):
        return sorted(seconds for seconds, _ in self.rounds)[len(self.rounds) // 2]

    def memory(self):
        return max(memory for _, memory in self.rounds)


def our_counts(said, _):
    return json.loads(said)["train"]


def their_counts(_, output):
    return json.loads(subprocess.check_output([sys.executable, str(BASELINE), "count", output]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=float, default=1e9)
    parser.add_argument("--splitter", choices=["regex", "icu", "both"], default="both")
    parser.add_argument("bert")
    parser.add_argument("vocab")
    parser.add_argument("work")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    output, cache = f"{options.work}/out", f"{options.work}/cache"
    files = first_megabytes(options.files, options.megabytes, options.work)
    size = sum(map(os.path.getsize, files)) / 1e6
    sides = [Side("bert prepare", [options.bert, "prepare", "--json", "--tokenizer", options.vocab,
                                   "--validation-fraction", "0", "--output", f"{output}/data", *files],
                  our_counts)]
    for splitter in ["regex", "icu"] if options.splitter == "both" else [options.splitter]:
        sides.append(Side(f"datasets + tokenizers, {splitter}",
                          [sys.executable, str(BASELINE), "prepare", options.vocab, output, str(threads),
                           splitter, *files], their_counts))
    print(f"{size:.1f} MB of text; {threads} threads, {threads} processes; "
          f"median of {options.rounds} interleaved rounds")
    for _ in range(options.rounds):
        for side in sides:
            side.run(output, threads, cache)
    print(f"{'':30}{'seconds':>9}{'MB/s':>8}{'memory':>10}{'documents':>11}{'sentences':>11}{'tokens':>12}")
    for side in sides:
        counts = side.counts
        print(f"{side.name:30}{side.seconds():9.2f}{size / side.seconds():8.1f}{side.memory():7.0f} MB"
              f"{counts['documents']:11}{counts['sentences']:11}{counts['tokens']:12}")
    ours = sides[0]
    for side in sides[1:]:
        print(f"{side.name}: {side.seconds() / ours.seconds():.1f} times our time, "
              f"{side.memory() / ours.memory():.1f} times our memory")
        if abs(side.counts["tokens"] - ours.counts["tokens"]) > ours.counts["tokens"] / 1000:
            sys.exit("the numbers of tokens differ by more than 0.1 %: not the same job")


if __name__ == "__main__":
    main()
