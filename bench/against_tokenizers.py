"""See against-tokenizers. Encoding: the fastest of several passes over all lines, with ids and offsets on both
sides and the same vocabulary; then as much text of random words, which rarely repeat, so that word caches do not
help. Training: one run each; peak memory is that of the process."""
import json
import os
import random
import string
import subprocess
import sys
import tempfile
import time

build, vocab, *files = sys.argv[1:]
SECONDS = float(os.environ.get("SECONDS_EACH", "5"))
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def native_tokenizer(path=None):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    model = models.WordPiece.from_file(path, unk_token="[UNK]") if path else \
        models.WordPiece(unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if path:
        tokenizer.add_special_tokens(SPECIAL)
        tokenizer.post_processor = processors.BertProcessing(
            ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]")))
    return tokenizer


def encode_native(path, file):
    tokenizer = native_tokenizer(path)
    with open(file, newline="", errors="replace") as opened:
        lines = opened.read().split("\n")
    best = {}
    for method in "encode_batch", "encode_batch_fast":
        getattr(tokenizer, method)(lines[:1000])
        end = time.monotonic() + SECONDS
        while method not in best or time.monotonic() < end:
            start = time.monotonic()
            rows = getattr(tokenizer, method)(lines)
            seconds = time.monotonic() - start
            best[method] = min(seconds, best.get(method, seconds))
            ids = sum(len(row) for row in rows[:-1 if not lines[-1] else None])
            del rows
    print(json.dumps({**best, "ids": ids}))


def train_native(file):
    from tokenizers import trainers
    native_tokenizer().train([file], trainers.WordPieceTrainer(
        vocab_size=30522, min_frequency=2, limit_alphabet=1000, show_progress=False,
        special_tokens=SPECIAL))


def measure(command, threads):
    """Output, seconds and peak memory in MB of a process."""
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM":
                   "true" if threads > 1 else "false", "OMP_NUM_THREADS": str(threads)}
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return output, time.monotonic() - start, usage.ru_maxrss / 1024


def write_random_words(path, size):
    """Lines of twelve words of 1 to 12 letters, the same in every run."""
    generator = random.Random(1)
    letters = "".join(generator.choices(string.ascii_lowercase, k=size))
    with open(path, "w") as file:
        at = words = 0
        while at < size:
            length = generator.randrange(1, 13)
            words += 1
            file.write(letters[at:at + length] + ("\n" if words % 12 == 0 else " "))
            at += length + 1


def compare_encoding(file, size, threads):
    this = [sys.executable, os.path.abspath(__file__)]
    ours = json.loads(measure([f"{build}/bench/tokenizer_speed", vocab, file, str(threads),
                               str(SECONDS)], threads)[0])
    theirs = json.loads(measure([*this, "encode", vocab, file], threads)[0])
    print(f"  encode, {threads} thread(s): {size / ours['seconds']:.1f} MB/s; "
          + "; ".join(f"{name} {size / theirs[name]:.2f} MB/s, ratio {theirs[name] / ours['seconds']:.1f}"
                      for name in ("encode_batch", "encode_batch_fast"))
          + f"; ids {ours['ids']} and {theirs['ids']}", flush=True)


def compare_training(file, threads):
    this = [sys.executable, os.path.abspath(__file__)]
    with tempfile.TemporaryDirectory() as folder:
        _, seconds, memory = measure([f"{build}/bert", "train-tokenizer", "--output", f"{folder}/tokenizer",
                                      "--threads", str(threads), file], threads)
    _, their_seconds, their_memory = measure([*this, "train", file], threads)
    print(f"  train, {threads} thread(s): {seconds:.2f} s, {memory:.1f} MB; theirs {their_seconds:.2f} s, "
          f"{their_memory:.1f} MB; ratios {their_seconds / seconds:.1f} in time and "
          f"{their_memory / memory:.2f} in peak memory", flush=True)


def main():
    every_threads = sorted({1, len(os.sched_getaffinity(0))})
    for file in files:
        size = os.path.getsize(file) / 1e6
        print(f"{file}: {size:.1f} MB", flush=True)
        for threads in every_threads:
            compare_encoding(file, size, threads)
            compare_training(file, threads)
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/random.txt"
        write_random_words(file, os.path.getsize(files[0]))
        size = os.path.getsize(file) / 1e6
        print(f"random words: {size:.1f} MB", flush=True)
        for threads in every_threads:
            compare_encoding(file, size, threads)


if build == "encode":
    encode_native(vocab, files[0])
elif build == "train":
    train_native(vocab)
else:
    main()
