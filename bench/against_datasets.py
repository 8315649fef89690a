"""See against-datasets. Time is that of a process from start to end; memory is the highest sum over
it and its children of what each has for itself and its part of what they share (PSS)."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

ROUNDS = int(os.environ.get("ROUNDS", "3"))


def peer(vocab, output, processes, files):
    import datasets
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    datasets.disable_progress_bars()
    tokenizer = Tokenizer(models.WordPiece.from_file(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # A cheap rule for the ends of sentences, where bert asks ICU.
    end = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])|\n")

    def encode(batch):
        sentences, counts = [], []
        for text in batch["text"]:
            parts = [part for part in end.split(text) if part and not part.isspace()]
            sentences += parts
            counts.append(len(parts))
        ids = iter(tokenizer.encode_batch_fast(sentences, add_special_tokens=False))
        return {"input_ids": [[next(ids).ids for _ in range(count)] for count in counts]}

    data = datasets.load_dataset("text", data_files=files, sample_by="paragraph", split="train",
                                 cache_dir=f"{output}/cache")
    data = data.map(encode, batched=True, num_proc=processes, remove_columns=["text"])
    data.save_to_disk(f"{output}/saved", num_proc=processes)


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


def measure(command, threads):
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false",
                   "HF_HUB_OFFLINE": "1", "HF_HOME": os.environ.get("TMPDIR", "/tmp") + "/bench-hf"}
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=environment)
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.05):
            peak[0] = max(peak[0], sum(map(pss, family(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    message = process.communicate()[1]
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{command[0]} failed: {message.decode()[-2000:]}")
    return seconds, peak[0]


def main():
    bert, vocab, work, *files = sys.argv[1:]
    threads = len(os.sched_getaffinity(0))
    size = sum(map(os.path.getsize, files)) / 1e6
    print(f"{size:.1f} MB of text, {threads} threads or processes, median of {ROUNDS} alternating rounds")
    output = f"{work}/out"
    commands = {
        "bert prepare": [bert, "prepare", "--tokenizer", vocab, "--output", f"{output}/data", *files],
        "datasets + tokenizers": [sys.executable, os.path.abspath(__file__), "peer", vocab, output,
                                  str(threads), *files],
    }
    results = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            shutil.rmtree(output, ignore_errors=True)
            os.makedirs(output)
            results[name].append(measure(command, threads))
    medians = {}
    for name, rounds in results.items():
        medians[name] = sorted(seconds for seconds, _ in rounds)[ROUNDS // 2]
        print(f"{name:24}{medians[name]:8.2f} s {size / medians[name]:8.1f} MB/s "
              f"{max(memory for _, memory in rounds):8.0f} MB of memory")
    ours, theirs = medians.values()
    print(f"ratio {theirs / ours:.1f}")


if __name__ == "__main__":
    if sys.argv[1] == "peer":
        peer(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:])
    else:
        main()
