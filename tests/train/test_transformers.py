#!/usr/bin/env python3
"""Checkpoints of ours, opened by `transformers` as any model folder: nothing is missing, nothing is
left over, and it computes what we compute.

    test_transformers.py MAKE_CHECKPOINTS
"""
import json
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"  # folders only: nothing is looked up anywhere
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertForPreTraining, BertTokenizer

TOLERANCE = 1e-4


def logits(model, batch):
    """MLM logits of every token in the order of the stream, and NSP logits where there are any."""
    starts = batch["starts"]
    pieces = list(zip(starts, starts[1:]))
    length = max(b - a for a, b in pieces)
    ids = torch.zeros(len(pieces), length, dtype=torch.long)
    types, mask = ids.clone(), ids.clone()
    for row, (a, b) in enumerate(pieces):
        ids[row, : b - a] = torch.tensor(batch["tokens"][a:b])
        types[row, : b - a] = torch.tensor(batch["token_types"][a:b])
        mask[row, : b - a] = 1
    with torch.no_grad():
        output = model.eval()(input_ids=ids, token_type_ids=types, attention_mask=mask)
    mlm = output.prediction_logits if hasattr(output, "prediction_logits") else output.logits
    nsp = getattr(output, "seq_relationship_logits", torch.zeros(0))
    stream = torch.cat([mlm[row, : b - a] for row, (a, b) in enumerate(pieces)])
    return stream.flatten(), nsp.flatten()


def check(path):
    with open(path) as file:
        ours = json.load(file)
    folder = ours["folder"]
    kind = BertForPreTraining if ours["pairs"] else AutoModelForMaskedLM
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    for key in "missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs":
        assert not info[key], (key, info[key])
    expected_architecture = "BertForPreTraining" if ours["pairs"] else "BertForMaskedLM"
    assert model.config.architectures == [expected_architecture], model.config.architectures

    largest = 0.0
    for name, theirs, mine in zip(("MLM", "NSP"), logits(model, ours["batch"]),
                                  (ours["batch"]["mlm_logits"], ours["batch"]["nsp_logits"])):
        mine = torch.tensor(mine)
        assert theirs.shape == mine.shape, (name, theirs.shape, mine.shape)
        if len(mine):
            assert mine.std() > 0.1, f"{name} logits are all alike: the test would show nothing"
            largest = max(largest, (theirs - mine).abs().max().item())
    assert largest < TOLERANCE, f"logits differ by {largest}"

    for tokenizer in AutoTokenizer.from_pretrained(folder), BertTokenizer.from_pretrained(folder):
        assert len(tokenizer) == model.config.vocab_size
        for line in ours["texts"]:
            ids = tokenizer(line["text"])["input_ids"]
            assert ids == line["ids"], (type(tokenizer).__name__, line, ids)

    state = json.load(open(os.path.join(folder, "trainer_state.json")))
    assert state["global_step"] == 40 and state["log_history"], state
    print(f"{expected_architecture}: logits within {largest:.1e}, {len(ours['texts'])} texts equal")


with tempfile.TemporaryDirectory() as directory:
    subprocess.run([sys.argv[1], directory], check=True, stdout=subprocess.DEVNULL)
    check(os.path.join(directory, "pairs.json"))
    check(os.path.join(directory, "alone.json"))
