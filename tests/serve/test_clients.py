#!/usr/bin/env python3
"""Compares bert serve, through Hugging Face's client, with transformers' pipelines on the same folder.

    test_clients.py BERT FIXTURE
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from huggingface_hub import InferenceClient, constants
from transformers import AutoModel, AutoTokenizer, BertForSequenceClassification, pipeline

TOLERANCE = 1e-4
TEXTS = ["the [MASK] saw a dog.", "[MASK] the river [MASK] it", "A tree, [MASK]!", "[MASK]"]


def start(bert, folder):
    server = subprocess.Popen([bert, "serve", "--port", "0", "--threads", "1", folder],
                              stderr=subprocess.PIPE, text=True)
    line = server.stderr.readline()
    address = re.search(r"http://\S+:\d+/", line)
    assert address, line
    return server, address.group(0)


def same_predictions(ours, theirs):
    assert len(ours) == len(theirs), (len(ours), len(theirs))
    for mine, other in zip(ours, theirs):
        if isinstance(other, list):
            same_predictions(mine, other)
            continue
        assert abs(mine["score"] - other["score"]) < TOLERANCE, (mine, other)
        for key in "token", "token_str", "sequence":
            assert mine[key] == other[key], (key, mine, other)


def post(address, body):
    request = urllib.request.Request(address, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def check_fill_mask(address, folder):
    theirs = pipeline("fill-mask", model=folder, tokenizer=folder)
    for text in TEXTS:
        same_predictions(post(address, {"inputs": text}), theirs(text))
    same_predictions(post(address, {"inputs": TEXTS, "parameters": {"top_k": 3}}),
                     theirs(TEXTS, top_k=3))
    targets = ["the", "dog"]
    same_predictions(post(address, {"inputs": TEXTS[0], "parameters": {"targets": targets}}),
                     theirs(TEXTS[0], targets=targets))
    client = InferenceClient(model=address)
    found = client.fill_mask(TEXTS[0])
    same_predictions([dict(one) for one in found], theirs(TEXTS[0]))


def mean_embedding(folder, text):
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)


def check_features(address, folder):
    text = "the dog saw a tree."
    expected = mean_embedding(folder, text)
    path = address + "pipeline/feature-extraction"
    found = torch.tensor(InferenceClient(model=path).feature_extraction(text))
    assert (found - expected).abs().max() < TOLERANCE
    normal = torch.tensor(post(path, {"inputs": [text], "parameters": {"normalize": True}}))[0]
    assert (normal - expected / expected.norm()).abs().max() < TOLERANCE


def make_classifier(folder, out):
    """A model with three labels on the encoder of `folder`, with a random classifier."""
    torch.manual_seed(1)
    names = {0: "good", 1: "bad", 2: "neither"}
    model = BertForSequenceClassification.from_pretrained(
        folder, num_labels=3, id2label=names, label2id={name: i for i, name in names.items()})
    model.classifier.weight.data.mul_(20)  # so that scores differ clearly
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)


def same_labels(ours, theirs):
    if isinstance(theirs[0], list):  # for a string, but not for a pair
        theirs = theirs[0]
    assert [one["label"] for one in ours] == [one["label"] for one in theirs], (ours, theirs)
    for mine, other in zip(ours, theirs):
        assert abs(mine["score"] - other["score"]) < TOLERANCE, (mine, other)


def check_classification(address, folder):
    theirs = pipeline("text-classification", model=folder, tokenizer=folder, top_k=None)
    pair = {"text": "the dog saw a tree.", "text_pair": "a river"}
    same_labels(post(address, {"inputs": "a tree"})[0], theirs("a tree"))
    same_labels(post(address, {"inputs": [pair]})[0], theirs(pair))
    assert len(post(address, {"inputs": ["a", "b"], "parameters": {"top_k": 2}})[1]) == 2
    found = InferenceClient(model=address).text_classification("a tree")
    same_labels([dict(one) for one in found], theirs("a tree"))


def serve(bert, folder, checks):
    server, address = start(bert, folder)
    try:
        for check in checks:
            check(address, folder)
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=30)
    assert code == 0, code


def main():
    bert, fixture = sys.argv[1:]
    constants.HF_HUB_OFFLINE = False  # otherwise the client rejects requests even to this machine
    folder = os.path.join(fixture, "run", "checkpoint-20")
    serve(bert, folder, [check_fill_mask, check_features])
    with tempfile.TemporaryDirectory() as classifier:
        make_classifier(folder, classifier)
        serve(bert, classifier, [check_classification])
    print("fill-mask, feature-extraction and text-classification agree with transformers")


main()
