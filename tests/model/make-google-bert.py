#!/usr/bin/env python3
"""Writes tests/model/google-bert/: a BERT of no use, in the files in which Google published theirs:
bert_config.json, vocab.txt and a TensorFlow checkpoint, with an optimizer's variables and a head for
questions beside the model.

    python3 tests/model/make-google-bert.py

The files are committed: the tests that read them need no Python."""

import json
import pathlib
import random
import string
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "formats"))
import tensor_bundle

FOLDER = pathlib.Path(__file__).parent / "google-bert"
HIDDEN, INTERMEDIATE, POSITIONS = 8, 12, 64
VOCABULARY = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(string.ascii_lowercase)
              + ["##" + letter for letter in string.ascii_lowercase] + [".", ","])
CONFIG = {
    "attention_probs_dropout_prob": 0.1, "directionality": "bidi", "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1, "hidden_size": HIDDEN, "initializer_range": 0.02,
    "intermediate_size": INTERMEDIATE, "max_position_embeddings": POSITIONS,
    "num_attention_heads": 2, "num_hidden_layers": 1, "pooler_fc_size": 768,
    "type_vocab_size": 2, "vocab_size": len(VOCABULARY),
}


def shapes():
    def dense(scope, inputs, outputs):
        return {f"{scope}/kernel": (inputs, outputs), f"{scope}/bias": (outputs,)}

    def norm(scope):
        return {f"{scope}/LayerNorm/gamma": (HIDDEN,), f"{scope}/LayerNorm/beta": (HIDDEN,)}

    layer = "bert/encoder/layer_0"
    return {
        "bert/embeddings/word_embeddings": (len(VOCABULARY), HIDDEN),
        "bert/embeddings/position_embeddings": (POSITIONS, HIDDEN),
        "bert/embeddings/token_type_embeddings": (2, HIDDEN),
        **norm("bert/embeddings"),
        **dense(f"{layer}/attention/self/query", HIDDEN, HIDDEN),
        **dense(f"{layer}/attention/self/key", HIDDEN, HIDDEN),
        **dense(f"{layer}/attention/self/value", HIDDEN, HIDDEN),
        **dense(f"{layer}/attention/output/dense", HIDDEN, HIDDEN),
        **norm(f"{layer}/attention/output"),
        **dense(f"{layer}/intermediate/dense", HIDDEN, INTERMEDIATE),
        **dense(f"{layer}/output/dense", INTERMEDIATE, HIDDEN),
        **norm(f"{layer}/output"),
        **dense("bert/pooler/dense", HIDDEN, HIDDEN),
        **dense("cls/predictions/transform/dense", HIDDEN, HIDDEN),
        **norm("cls/predictions/transform"),
        "cls/predictions/output_bias": (len(VOCABULARY),),
        "cls/seq_relationship/output_weights": (2, HIDDEN),
        "cls/seq_relationship/output_bias": (2,),
        "cls/squad/output_weights": (2, HIDDEN),
    }


def main():
    numbers = random.Random(1)
    FOLDER.mkdir(exist_ok=True)
    tensors = {"global_step": tensor_bundle.tensor(tensor_bundle.INT64, (), struct.pack("<q", 9))}
    for name, shape in shapes().items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        middle = 1 if name.endswith("gamma") else 0
        values = struct.pack(f"<{count}f", *[numbers.gauss(middle, 0.3) for _ in range(count)])
        tensors[name] = tensor_bundle.tensor(tensor_bundle.FLOAT, shape, values)
        if "predictions" not in name:
            moment = tensor_bundle.tensor(tensor_bundle.FLOAT, (1,), bytes(4))
            tensors[f"{name}/adam_m"] = tensors[f"{name}/adam_v"] = moment
    tensor_bundle.write(FOLDER / "bert_model.ckpt", tensors)
    (FOLDER / "bert_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    (FOLDER / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")


main()
