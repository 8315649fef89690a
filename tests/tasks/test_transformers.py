#!/usr/bin/env python3
"""What models are used for, against `transformers`: answers, embeddings and fill-mask lists of the same
models, and folders that bert finetune wrote, opened there.

    test_transformers.py BERT [FOLDER OF A REAL MODEL]
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"  # folders only: nothing is looked up anywhere
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import numpy
import torch
from transformers import (AutoModel, AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoTokenizer,
                          BertConfig, BertForMaskedLM, BertForPreTraining, BertForSequenceClassification, BertTokenizer,
                          DistilBertConfig, DistilBertForMaskedLM, DistilBertForSequenceClassification)

TOLERANCE = 1e-4
BERT = os.path.abspath(sys.argv[1])
WORDS = "the a man woman king river house sees finds builds and of in on old small good red".split()
TEXTS = [" ".join(WORDS[(i * 7 + k * k) % len(WORDS)] for k in range(1 + (i * 5) % 23)) for i in range(60)]
SIZES = {"vocab_size": 23, "max_position_embeddings": 40}
BERT_SIZES = dict(SIZES, hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=80,
                  initializer_range=0.2)
DISTIL_SIZES = dict(SIZES, dim=48, n_layers=3, n_heads=4, hidden_dim=80, initializer_range=0.2)


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def run(*arguments, lines=None):
    done = subprocess.run([BERT, *map(str, arguments)], capture_output=True, text=True,
                          input="".join(line + "\n" for line in lines) if lines else None)
    check(done.returncode == 0, f"bert {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def save(directory, model):
    directory.mkdir()
    (directory / "words.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS) + "\n")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    model.eval().save_pretrained(directory)
    BertTokenizer(str(directory / "words.txt")).save_pretrained(directory)
    return AutoTokenizer.from_pretrained(directory)


def encode(tokenizer, model, texts, pairs=None):
    batch = tokenizer(texts, pairs, padding=True, truncation=True, return_tensors="pt",
                      max_length=model.config.max_position_embeddings)
    if model.config.model_type == "distilbert":
        batch.pop("token_type_ids", None)
    return batch


def compare(what, ours, theirs):
    ours = torch.as_tensor(ours, dtype=torch.float64)
    check(ours.shape == theirs.shape, f"{what}: shapes {tuple(ours.shape)} and {tuple(theirs.shape)}")
    largest = float((ours - theirs).abs().max())
    print(f"{what}: differ by at most {largest:.1e}")
    check(largest < TOLERANCE, f"{what}: differ by {largest}")
    check(float(theirs.std()) > 1e-3, f"{what}: all alike: the test would show nothing")


def check_embeddings(what, directory, tokenizer, model, texts=TEXTS, pairs=False):
    second = texts[1:] + texts[:1] if pairs else None
    lines = [f"{a}\t{b}" for a, b in zip(texts, second)] if pairs else texts
    batch = encode(tokenizer, model, texts, second)
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    mean = (hidden * mask).sum(1) / mask.sum(1)
    for name, theirs, options in (("mean", mean, []), ("cls", hidden[:, 0], ["--pooling", "cls"]),
                                  ("normalized", torch.nn.functional.normalize(mean), ["--normalize"])):
        array = directory / "vectors.npy"
        run("embed", "--model", directory, "--output", array, *options, *(["--pairs"] if pairs else []), lines=lines)
        compare(f"{what}, embeddings, {name}", numpy.load(array), theirs)
    first = json.loads(run("embed", "--model", directory, texts[0].replace("\t", " ")))["embedding"]
    check(len(first) == hidden.shape[-1], f"{what}: JSON lines")


def check_masks(what, directory, tokenizer, model, texts):
    batch = encode(tokenizer, model, texts)
    with torch.no_grad():
        output = model(**batch)
    logits = output.prediction_logits if hasattr(output, "prediction_logits") else output.logits
    results = json.loads(run("fill-mask", "--model", directory, "--json", "--top-k", 8, lines=texts))["results"]
    ours, theirs = [], []
    for row, result in enumerate(results):
        places = (batch["input_ids"][row] == tokenizer.mask_token_id).nonzero().flatten()
        check(len(places) == len(result["masks"]), f"{what}: number of masks")
        for place, mask in zip(places, result["masks"]):
            best = logits[row, place].softmax(-1).topk(8)
            check(best.indices.tolist() == [p["id"] for p in mask], f"{what}: another list for {texts[row]}")
            ours += [p["probability"] for p in mask]
            theirs += best.values.tolist()
    compare(f"{what}, fill-mask", ours, torch.tensor(theirs, dtype=torch.float64))


def check_labels(what, directory, tokenizer, model, pairs):
    second = TEXTS[1:] + TEXTS[:1] if pairs else None
    lines = [f"{a}\t{b}" for a, b in zip(TEXTS, second)] if pairs else TEXTS
    with torch.no_grad():
        logits = model(**encode(tokenizer, model, TEXTS, second)).logits
    objects = map(json.loads, run("predict", "--model", directory, "--json", *(["--pairs"] if pairs else []),
                                  lines=lines).splitlines())
    names = [model.config.id2label[i] for i in range(model.config.num_labels)]
    if model.config.problem_type == "regression":
        ours = [[o["values"][name] for name in names] for o in objects]
        compare(f"{what}, values", ours, logits)
    else:
        ours = [[o["probabilities"][name] for name in names] for o in objects]
        compare(f"{what}, probabilities", ours, logits.softmax(-1))


def check_inspect(what, folder, model):
    """bert inspect counts as PyTorch does, and finds nothing missing or left over."""
    report = json.loads(run("inspect", "--json", folder))
    weights, expected = report["weights"], model.state_dict()
    check(report["config"]["architecture"] == type(model).__name__, f"{what}: inspect: {report['config']}")
    check(weights["parameters"] == sum(p.numel() for p in model.parameters()),
          f"{what}: inspect counts {weights['parameters']} parameters")
    check(not weights["missing"] and not weights["problem"], f"{what}: inspect: missing {weights['missing']}")
    for tensor in weights["tensors"]:
        check(tensor["use"] in ("used", "copy", "buffer"), f"{what}: inspect: {tensor}")
        check(tensor["shape"] == list(expected[tensor["name"]].shape), f"{what}: inspect: {tensor}")
    return len({tensor["file"] for tensor in weights["tensors"]})


def check_inspect_files(what, directory, model):
    """The same weights as one file, as shards and as torch.save writes them."""
    check(check_inspect(what, directory, model) == 1, f"{what}: one file")
    shards, pickled = directory / "shards", directory / "pickled"
    model.save_pretrained(shards, max_shard_size="20KB")
    check(check_inspect(what, shards, model) > 1, f"{what}: shards")
    pickled.mkdir()
    shutil.copy(directory / "config.json", pickled)
    torch.save(model.state_dict(), pickled / "pytorch_model.bin")
    check(check_inspect(what, pickled, model) == 1, f"{what}: one pickle")


def masked(text, number):
    words = text.split()
    words[number % len(words)] = "[MASK]"
    return " ".join(words + (["[MASK]"] if number % 3 == 0 else []))


def check_random_models(temporary):
    masks = [masked(text, i) for i, text in enumerate(TEXTS)]
    for name, kind, config in (("BertForPreTraining", BertForPreTraining, BertConfig(**BERT_SIZES)),
                               ("BertForMaskedLM", BertForMaskedLM, BertConfig(**BERT_SIZES)),
                               ("DistilBertForMaskedLM", DistilBertForMaskedLM, DistilBertConfig(**DISTIL_SIZES))):
        directory, model = temporary / name, kind(config)
        tokenizer = save(directory, model)
        check_inspect_files(name, directory, model)
        check_masks(name, directory, tokenizer, model, masks)
        check_embeddings(name, directory, tokenizer, AutoModel.from_pretrained(directory).eval(),
                         pairs=name.startswith("Bert"))
    labels = {"id2label": {0: "bad", 1: "good", 2: "none"}, "label2id": {"bad": 0, "good": 1, "none": 2}}
    for name, kind, config in (
            ("BertForSequenceClassification", BertForSequenceClassification, BertConfig(**BERT_SIZES, **labels)),
            ("BERT regression", BertForSequenceClassification,
             BertConfig(**BERT_SIZES, num_labels=1, problem_type="regression")),
            ("DistilBertForSequenceClassification", DistilBertForSequenceClassification,
             DistilBertConfig(**DISTIL_SIZES, **labels))):
        directory, model = temporary / name, kind(config)
        tokenizer = save(directory, model)
        check_inspect_files(name, directory, model)
        check_labels(name, directory, tokenizer, model, pairs=name.startswith("B"))
        check_embeddings(name, directory, tokenizer, AutoModel.from_pretrained(directory).eval())


def check_finetuned(temporary):
    train = temporary / "train.tsv"
    train.write_text("text\tlabel\n" + "".join(f"{t}\t{'royal' if 'king' in t else 'common'}\n" for t in TEXTS * 2))
    out = temporary / "tuned"
    run("finetune", "--train-file", train, "--model", temporary / "BertForPreTraining", "--output", out,
        "--max-seq-length", "32", "--num-train-epochs", "1", "--per-device-train-batch-size", "16")
    model, info = AutoModelForSequenceClassification.from_pretrained(out, output_loading_info=True)
    for key in "missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs":
        check(not info[key], f"bert finetune: {key}: {info[key]}")
    check(model.config.id2label == {0: "common", 1: "royal"}, f"id2label {model.config.id2label}")
    check(model.config.label2id == {"common": 0, "royal": 1}, f"label2id {model.config.label2id}")
    check(model.config.problem_type == "single_label_classification", "problem_type")
    check_labels("written by bert finetune", out, AutoTokenizer.from_pretrained(out), model.eval(), pairs=False)


def check_real(folder):
    """A small published BERT, all-MiniLM-L6-v2, where it is to be had."""
    texts = ["The cat sits outside.", "A man is playing guitar.", "Zürich, naïve café — and 東京!", "",
             "The new movie is awesome, isn't it? " * 12]
    copy = pathlib.Path(tempfile.mkdtemp())
    try:
        for file in pathlib.Path(folder).iterdir():
            (copy / file.name).symlink_to(file)
        model = AutoModel.from_pretrained(folder).eval()
        check_embeddings("all-MiniLM-L6-v2", copy, AutoTokenizer.from_pretrained(folder), model, texts=texts)
    finally:
        shutil.rmtree(copy)


torch.manual_seed(0)
with tempfile.TemporaryDirectory() as directory:
    check_random_models(pathlib.Path(directory))
    check_finetuned(pathlib.Path(directory))
if len(sys.argv) > 2 and sys.argv[2]:
    check_real(sys.argv[2])
else:
    print("skipped: no real weights here")
