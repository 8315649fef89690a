"""Weights and configuration there and back: what this library writes opens in `transformers` with
no key missing or left over and gives the same logits, and the other way round."""

import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForPreTraining, BertConfig, BertForMaskedLM, BertForPreTraining

TOLERANCE = 1e-4
EXCHANGE = sys.argv[1]


def exchange(*arguments):
    subprocess.run([EXCHANGE, *map(str, arguments)], check=True)


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def compare(model, directory, what):
    """Our logits of the model in `directory` against those of `model`."""
    exchange("run", directory)
    run = load_file(directory / "run.safetensors")
    with torch.no_grad():
        output = model.eval()(input_ids=run["tokens"].long(), token_type_ids=run["types"].long())
    pairs = isinstance(model, BertForPreTraining)
    logits = output.prediction_logits if pairs else output.logits
    differences = {"MLM": (logits.flatten(0, 1)[run["positions"].long()] - run["mlm_logits"])}
    if pairs:
        differences["NSP"] = output.seq_relationship_logits - run["nsp_logits"]
    for head, difference in differences.items():
        largest = float(difference.abs().max())
        print(f"{what}: {head} logits differ by at most {largest:.2g}")
        check(largest < TOLERANCE, f"{what}: {head} logits differ by {largest}")
    check(float(logits.abs().max()) > 0.1, f"{what}: logits are all near zero")


def check_written(directory, kind, model_class):
    exchange("write", directory, kind)
    model, info = model_class.from_pretrained(directory, output_loading_info=True)
    for part in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        check(not info[part], f"{kind}: {part}: {info[part]}")
    config = AutoConfig.from_pretrained(directory)
    check(config.architectures == [model_class.__name__], f"architectures {config.architectures}")
    check(isinstance(config, BertConfig) and config.vocab_size == 211, "config.json")
    compare(model, directory, f"written here, {kind}")


def check_read(directory, model_class):
    config = BertConfig(vocab_size=173, hidden_size=48, num_hidden_layers=3, num_attention_heads=4,
                        intermediate_size=80, max_position_embeddings=20, initializer_range=0.2)
    model = model_class(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    model.save_pretrained(directory)
    compare(model, directory, f"written by transformers, {model_class.__name__}")


torch.manual_seed(0)
with tempfile.TemporaryDirectory() as temporary:
    for number, (kind, model_class) in enumerate(
            [("pairs", BertForPreTraining), ("mlm", BertForMaskedLM)]):
        for name, test in (("written", lambda d: check_written(d, kind, model_class)),
                           ("read", lambda d: check_read(d, model_class))):
            directory = pathlib.Path(temporary) / f"{name}-{kind}"
            directory.mkdir()
            test(directory)
    loaded = AutoModelForPreTraining.from_pretrained(pathlib.Path(temporary) / "written-pairs")
    check(isinstance(loaded, BertForPreTraining), "AutoModelForPreTraining")
