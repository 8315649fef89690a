"""Throughput of bert predict and bert embed against transformers, from text to numbers.

Both sides read the same texts in the same order, with the lengths of sentences (log-normal, median 20 words,
truncated at 128 tokens), and the same weights. The baseline is typical user code: the fast tokenizer on batches of
32 texts, padded to the longest, the model under inference_mode, with the fastest of several settings (attention,
threads, torch.compile). Ours is the command itself, with the speed it reports on stderr. Both exclude loading, the
baseline also its warm-up. The results are compared, to check that both did the same work.
"""
import argparse
import itertools
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["TOKENIZERS_PARALLELISM"] = "true"

import numpy
import torch
import transformers

transformers.utils.logging.disable_progress_bar()

BERT = pathlib.Path(__file__).resolve().parent.parent / "build" / "release" / "bert"
SIZES = {  # layers, hidden size, heads; texts
    "mini": (4, 256, 4, 1500), "minilm": (6, 384, 12, 600), "base": (12, 768, 12, 128)}
BATCH = 32
CPUS = len(os.sched_getaffinity(0))


def make_texts(count, words):
    draw = numpy.random.default_rng(5)
    lengths = numpy.clip(numpy.exp(draw.normal(numpy.log(20), 0.7, count)), 3, 120).astype(int)
    return [" ".join(words[i] for i in draw.integers(0, len(words), length)) for length in lengths]


def make_model(directory, size):
    layers, hidden, heads, _ = SIZES[size]
    letters = "bcdfghjklmnprstvwz"
    words = ["".join(w) for w in itertools.product(letters, "aeiou", letters, "aeiou")][:4000]
    words += [f"##{w[:2]}" for w in words[:400:5]]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words
    vocabulary += [f"[unused{i}]" for i in range(30522 - len(vocabulary))]
    (directory / "words.txt").write_text("\n".join(vocabulary) + "\n")
    torch.manual_seed(1)
    config = transformers.BertConfig(vocab_size=len(vocabulary), hidden_size=hidden, num_hidden_layers=layers,
                                     num_attention_heads=heads, intermediate_size=4 * hidden)
    model = transformers.BertForSequenceClassification(config).eval()
    model.save_pretrained(directory)
    transformers.BertTokenizerFast(vocab=str(directory / "words.txt"), vocab_file=str(directory / "words.txt"),
                                   model_max_length=512).save_pretrained(directory)
    (directory / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    return words[:4000]


class Theirs:
    def __init__(self, directory, job, attention, threads, compiled):
        kind = transformers.AutoModel if job == "embed" else transformers.AutoModelForSequenceClassification
        torch.set_num_threads(threads)
        self.threads, self.job = threads, job
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
        self.model = kind.from_pretrained(directory, attn_implementation=attention).eval()
        self.run_model = torch.compile(self.model, dynamic=True) if compiled else self.model
        self.name = f"{attention}, {threads} threads{', compiled' if compiled else ''}"

    def answer(self, texts):
        torch.set_num_threads(self.threads)
        results = []
        with torch.inference_mode():
            for first in range(0, len(texts), BATCH):
                batch = self.tokenizer(texts[first:first + BATCH], padding=True, truncation=True, max_length=128,
                                       return_tensors="pt")
                output = self.run_model(**batch)
                if self.job == "embed":
                    mask = batch["attention_mask"].unsqueeze(-1)
                    results.append((output.last_hidden_state * mask).sum(1) / mask.sum(1))
                else:
                    results.append(output.logits.softmax(-1))
        return torch.cat(results).numpy()

    def measure(self, texts):
        start = time.perf_counter()
        result = self.answer(texts)
        return time.perf_counter() - start, result


def ours(directory, job, texts):
    array = directory / "vectors.npy"
    options = ["--output", array] if job == "embed" else ["--json"]
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    done = subprocess.run([BERT, job, "--model", directory, "--max-seq-length", "128", *options], check=True,
                          capture_output=True, text=True, input="".join(t + "\n" for t in texts), env=environment)
    found = re.search(r"([0-9,]+) texts, ([0-9,]+) tokens in [0-9.]+ s: ([0-9,]+) texts/s", done.stderr)
    seconds = len(texts) / int(found[3].replace(",", ""))
    if job == "embed":
        return seconds, numpy.load(array), int(found[2].replace(",", ""))
    lines = [json.loads(line)["probabilities"] for line in done.stdout.splitlines()]
    return seconds, numpy.array([[p["LABEL_0"], p["LABEL_1"]] for p in lines]), int(found[2].replace(",", ""))


def fastest(directory, job, texts, compile_too):
    """The fastest of the baseline's settings, each warmed up, on some of the texts."""
    settings = [("sdpa", CPUS, False), ("eager", CPUS, False)]
    settings += [("sdpa", 1, False)] if CPUS > 1 else []
    settings += [("sdpa", CPUS, True)] if compile_too else []
    part, best = texts[:max(4 * BATCH, len(texts) // 8)], None
    for attention, threads, compiled in settings:
        side = Theirs(directory, job, attention, threads, compiled)
        try:
            side.answer(part)
            seconds = min(side.measure(part)[0] for _ in range(2))
        except Exception as problem:  # a setting that fails here is skipped
            print(f"  {side.name}: {type(problem).__name__}")
            continue
        if best is None or seconds < best[0]:
            best = (seconds, side)
    return best[1]


def run(size, job, rounds, compile_too):
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        texts = make_texts(SIZES[size][3], make_model(directory, size))
        side = fastest(directory, job, texts, compile_too)
        side.answer(texts[:4 * BATCH])
        times = {"ours": [], "theirs": []}
        ours(directory, job, texts)
        for _ in range(rounds):
            seconds, mine, tokens = ours(directory, job, texts)
            times["ours"].append(seconds)
            seconds, other = side.measure(texts)
            times["theirs"].append(seconds)
        difference = float(numpy.abs(mine - other).max())
        assert mine.shape == other.shape and difference < 1e-4, f"{size} {job}: results differ by {difference}"
    medians = {key: statistics.median(values) for key, values in times.items()}
    return {"size": size, "job": job, "texts": len(texts), "tokens": tokens, "difference": difference,
            "texts_per_second": {key: len(texts) / value for key, value in medians.items()},
            "ratio": medians["theirs"] / medians["ours"], "setting": side.name,
            "spread": {key: [min(values), max(values)] for key, values in times.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--jobs", default="predict,embed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-compile", dest="compile", action="store_false",
                        help="do not try torch.compile, which takes minutes")
    parser.add_argument("--json", metavar="FILE", help="also write the results as JSON")
    arguments = parser.parse_args()
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {CPUS} cores; texts/s, from text to "
          "results, float32")
    print(f"{'size':<8}{'job':<9}{'tokens':>8}{'bert.c':>10}{'theirs':>10}{'ratio':>8}")
    results = []
    for size in arguments.sizes.split(","):
        for job in arguments.jobs.split(","):
            result = run(size, job, arguments.rounds, arguments.compile)
            results.append(result)
            speed = result["texts_per_second"]
            print(f"{size:<8}{job:<9}{result['tokens']:>8,}{speed['ours']:>10,.0f}{speed['theirs']:>10,.0f}"
                  f"{result['ratio']:>8.2f}   {result['setting']}; results differ by {result['difference']:.1g}",
                  flush=True)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()
