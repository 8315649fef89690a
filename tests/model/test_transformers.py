"""Weights and configuration there and back, for every kind of model: what this library writes opens
in `transformers` with no key missing or left over and gives the same numbers, and the other way
round."""

import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file
from transformers import (AutoConfig, AutoModel, AutoModelForPreTraining,
                          AutoModelForSequenceClassification, BertConfig, BertForMaskedLM,
                          BertForPreTraining, BertForSequenceClassification, BertModel,
                          DistilBertConfig, DistilBertForMaskedLM,
                          DistilBertForSequenceClassification, DistilBertModel)

TOLERANCE = 1e-4
EXCHANGE = sys.argv[1]
KINDS = [BertForPreTraining, BertForMaskedLM, BertModel, BertForSequenceClassification,
         DistilBertForMaskedLM, DistilBertModel, DistilBertForSequenceClassification]


def exchange(*arguments):
    subprocess.run([EXCHANGE, *map(str, arguments)], check=True)


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def is_distil(model_class):
    return model_class.config_class is DistilBertConfig


def numbers_of(model, run):
    """What `transformers` computes of the batch, under the names of run.safetensors."""
    inputs = {"input_ids": run["tokens"].long()}
    if not is_distil(type(model)):
        inputs["token_type_ids"] = run["types"].long()
    with torch.no_grad():
        output = model.eval()(**inputs, output_hidden_states=True)
    numbers = {"hidden_states": output.hidden_states[-1].flatten(0, 1)}
    masked = run["positions"].long()
    if isinstance(model, BertForPreTraining):
        numbers["mlm_logits"] = output.prediction_logits.flatten(0, 1)[masked]
        numbers["nsp_logits"] = output.seq_relationship_logits
    elif isinstance(model, (BertForMaskedLM, DistilBertForMaskedLM)):
        numbers["mlm_logits"] = output.logits.flatten(0, 1)[masked]
    elif not isinstance(model, (BertModel, DistilBertModel)):
        numbers["label_logits"] = output.logits
    return numbers


def compare(model, directory, what):
    """Our numbers of the model in `directory` against those of `model`."""
    exchange("run", directory)
    run = load_file(directory / "run.safetensors")
    expected = numbers_of(model, run)
    check(set(run) - {"tokens", "types", "positions"} == set(expected), f"{what}: {sorted(run)}")
    for name, values in expected.items():
        largest = float((values - run[name]).abs().max())
        print(f"{what}: {name} differ by at most {largest:.2g}")
        check(largest < TOLERANCE, f"{what}: {name} differ by {largest}")
        check(float(values.abs().max()) > 0.02, f"{what}: {name} are all near zero")


def check_written(directory, model_class):
    name = model_class.__name__
    exchange("write", directory, name)
    model, info = model_class.from_pretrained(directory, output_loading_info=True)
    for part in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        check(not info[part], f"{name}: {part}: {info[part]}")
    config = AutoConfig.from_pretrained(directory)
    check(config.architectures == [name], f"architectures {config.architectures}")
    check(type(config) is model_class.config_class and config.vocab_size == 211, "config.json")
    compare(model, directory, f"written here, {name}")


def small_config(model_class):
    sizes = dict(vocab_size=173, max_position_embeddings=20, initializer_range=0.2, num_labels=4)
    if is_distil(model_class):
        return DistilBertConfig(dim=48, n_layers=3, n_heads=4, hidden_dim=80,
                                sinusoidal_pos_embds=model_class is DistilBertForMaskedLM, **sizes)
    return BertConfig(hidden_size=48, num_hidden_layers=3, num_attention_heads=4,
                      intermediate_size=80, **sizes)


def check_read(directory, model_class):
    model = model_class(small_config(model_class))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    model.save_pretrained(directory)
    compare(model, directory, f"written by transformers, {model_class.__name__}")


torch.manual_seed(0)
with tempfile.TemporaryDirectory() as temporary:
    root = pathlib.Path(temporary)
    for model_class in KINDS:
        tests = [("written", check_written), ("read", check_read)]
        if model_class in (BertModel, DistilBertModel):
            tests.pop()  # there the names lack their prefix
        for name, test in tests:
            directory = root / f"{name}-{model_class.__name__}"
            directory.mkdir()
            test(directory, model_class)
    for auto, model_class in ((AutoModelForPreTraining, BertForPreTraining),
                              (AutoModelForSequenceClassification, DistilBertForSequenceClassification),
                              (AutoModel, DistilBertModel)):
        loaded = auto.from_pretrained(root / f"written-{model_class.__name__}")
        check(isinstance(loaded, model_class), auto.__name__)
