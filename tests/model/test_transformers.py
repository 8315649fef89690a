"""Weights and configuration there and back, for every kind of model: what this library writes opens
in `transformers` with no key missing or left over and gives the same numbers, and the other way
round, in every form in which weights are published; and the same for a real model, where there is
one.

    test_transformers.py MODEL_EXCHANGE [FOLDER OF A REAL BERT]"""

import json
import pathlib
import shutil
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

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "formats"))
import tensor_bundle  # the writer of tests/formats

TOLERANCE = 1e-4
EXCHANGE = sys.argv[1]
REAL = sys.argv[2] if len(sys.argv) > 2 else ""
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


def compare(model, directory, what, *name):
    """Our numbers of the model in `directory`, or of that name, against those of `model`."""
    exchange("run", directory, *name)
    run = load_file(directory / "run.safetensors")
    expected = numbers_of(model, run)
    check(set(run) - {"tokens", "types", "positions"} == set(expected), f"{what}: {sorted(run)}")
    for name, values in expected.items():
        largest = float((values - run[name]).abs().max())
        print(f"{what}: {name} differ by at most {largest:.2g}")
        check(largest < TOLERANCE, f"{what}: {name} differ by {largest}")
        check(float(values.abs().max()) > 0.02, f"{what}: {name} are all near zero")


def load_whole(model_class, directory):
    """With no key missing or left over."""
    model, info = model_class.from_pretrained(directory, output_loading_info=True)
    for part in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        check(not info[part], f"{model_class.__name__}: {part}: {info[part]}")
    return model


def check_written(directory, model_class):
    name = model_class.__name__
    exchange("write", directory, name)
    model = load_whole(model_class, directory)
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


def random_model(model_class):
    model = model_class(small_config(model_class))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


def check_read(directory, model_class):
    model = random_model(model_class)
    model.save_pretrained(directory)
    compare(model, directory, f"written by transformers, {model_class.__name__}")


def old_names(state):
    """As the first published files have them: gamma and beta, and a buffer of positions."""
    renamed = {name.replace("LayerNorm.weight", "LayerNorm.gamma")
                   .replace("LayerNorm.bias", "LayerNorm.beta"): tensor
               for name, tensor in state.items()}
    return {**renamed, "bert.embeddings.position_ids": torch.arange(20).expand(1, 20)}


def check_forms(root, model_class):
    """One model in every form in which weights are published."""
    model = random_model(model_class)
    state = model.state_dict()
    legacy = dict(_use_new_zipfile_serialization=False)
    forms = {
        "shards": lambda d: model.save_pretrained(d, max_shard_size="60KB"),
        "bin": lambda d: model.save_pretrained(d, safe_serialization=False),
        "bin-shards": lambda d: model.save_pretrained(d, safe_serialization=False,
                                                      max_shard_size="60KB"),
        "bin-legacy": lambda d: torch.save(state, d / "pytorch_model.bin", **legacy),
        "bin-double": lambda d: torch.save({n: t.double() for n, t in state.items()},
                                           d / "pytorch_model.bin"),
        "bin-parameters": lambda d: torch.save(dict(model.named_parameters()),
                                               d / "pytorch_model.bin", **legacy),
        "bin-old-names": lambda d: torch.save(old_names(state), d / "pytorch_model.bin", **legacy),
    }
    for name, save in forms.items():
        directory = root / f"{name}-{model_class.__name__}"
        directory.mkdir()
        model.config.architectures = [model_class.__name__]
        model.config.save_pretrained(directory)
        save(directory)
        check(not (directory / "model.safetensors").exists(), name)
        compare(model, directory, f"{model_class.__name__} as {name}")
    for kind, dtype in (("half", torch.half), ("bfloat16", torch.bfloat16)):
        directory = root / f"{kind}-{model_class.__name__}"
        narrow = random_model(model_class).to(dtype)
        narrow.save_pretrained(directory)
        compare(narrow.float(), directory, f"{model_class.__name__} as {kind}")


def export_to_tensorflow(variables, prefix, dtype=torch.float32, optimizer=False, **options):
    """{variable: (values, transposed)} as Google's training would have saved them, with the moments
    of its Adam if asked for."""
    codes = {torch.float32: tensor_bundle.FLOAT, torch.half: tensor_bundle.HALF,
             torch.bfloat16: tensor_bundle.BFLOAT16}

    def tensor(values):
        values = values.to(dtype).contiguous()
        data = bytes(values.flatten().view(torch.uint8).tolist())
        return tensor_bundle.tensor(codes[dtype], tuple(values.shape), data)

    tensors = {}
    for name, (values, transposed) in variables.items():
        tensors[name] = tensor(values.t() if transposed else values)
        if optimizer:
            tensors[f"{name}/adam_m"] = tensors[f"{name}/adam_v"] = tensor(values[:1])
    if optimizer:
        tensors["global_step"] = tensor_bundle.tensor(tensor_bundle.INT64, (), bytes(8))
    tensor_bundle.write(prefix, tensors, **options)


def google_config(config):
    """A bert_config.json."""
    keys = ("attention_probs_dropout_prob hidden_act hidden_dropout_prob hidden_size "
            "initializer_range intermediate_size max_position_embeddings num_attention_heads "
            "num_hidden_layers type_vocab_size vocab_size")
    return json.dumps({key: getattr(config, key) for key in keys.split()})


def tensorflow_folder(root, name, model, variables, **options):
    directory = root / f"tensorflow-{name}"
    directory.mkdir()
    (directory / "bert_config.json").write_text(google_config(model.config))
    export_to_tensorflow(variables, directory / "bert_model.ckpt", **options)
    return directory


def check_tensorflow(root):
    """Google's checkpoints in a folder of their own."""
    for name, options in {
            "plain": dict(optimizer=True),
            "shards": dict(shards=3, block_size=300, interval=3),
            "snappy": dict(compressed=True),
            "half": dict(dtype=torch.half),
            "bfloat16": dict(dtype=torch.bfloat16)}.items():
        model = random_model(BertForPreTraining).to(options.get("dtype", torch.float32))
        variables = tensor_bundle.bert_variables(model.state_dict())
        directory = tensorflow_folder(root, name, model, variables, **options)
        compare(model.float(), directory, f"TensorFlow, {name}")


def check_tensorflow_by_name(root):
    """One checkpoint of several, beside safetensors."""
    named, others = random_model(BertForPreTraining), random_model(BertForPreTraining)
    variables = tensor_bundle.bert_variables(others.state_dict())
    directory = tensorflow_folder(root, "names", others, variables)
    others.save_pretrained(directory) # first: it removes what looks like old shards
    export_to_tensorflow(tensor_bundle.bert_variables(named.state_dict()),
                         directory / "model.ckpt-20")
    for name in ("model.ckpt-20", "model.ckpt-20.index"):
        compare(named, directory, f"TensorFlow, {name}", directory / name)
    compare(others, directory, "safetensors beside TensorFlow's")


def check_tensorflow_heads(root):
    """An encoder alone gets its heads; a classifier of Google's run_classifier.py."""
    model = random_model(BertForPreTraining)
    variables = tensor_bundle.bert_variables(model.bert.state_dict(prefix="bert."))
    directory, copy = tensorflow_folder(root, "encoder", model, variables), root / "encoder-copy"
    copy.mkdir()
    exchange("copy", copy, directory)
    complete = load_whole(BertForPreTraining, copy)
    for (name, ours), theirs in zip(complete.bert.named_parameters(), model.bert.parameters()):
        check(torch.equal(ours, theirs), f"{name} of a checkpoint without heads")

    model = random_model(BertForSequenceClassification)
    variables = tensor_bundle.bert_variables(model.bert.state_dict(prefix="bert."))
    variables.update(output_weights=(model.classifier.weight.data, False),
                     output_bias=(model.classifier.bias.data, False))
    directory = tensorflow_folder(root, "classifier", model, variables)
    model.config.architectures = ["BertForSequenceClassification"]
    model.config.save_pretrained(directory) # which says what a bert_config.json does not
    compare(model, directory, "TensorFlow, fine-tuned")


def check_real(root):
    """Hidden states of published weights; and with heads made up they come back whole."""
    original, copy = root / "real", root / "real-copy"
    shutil.copytree(REAL, original)
    copy.mkdir()
    encoder = AutoModel.from_pretrained(original)
    compare(encoder, original, "the real model")
    exchange("copy", copy, original)
    check(json.loads((copy / "config.json").read_text())["architectures"] == ["BertForPreTraining"],
          "architectures of the copy")
    complete = load_whole(BertForPreTraining, copy)
    compare(complete, copy, "the real model with heads")
    for (name, ours), theirs in zip(complete.bert.named_parameters(), encoder.parameters()):
        check(torch.equal(ours, theirs), f"{name} of the copy")


torch.manual_seed(0)
with tempfile.TemporaryDirectory() as temporary:
    root = pathlib.Path(temporary)
    for model_class in KINDS:
        for name, test in (("written", check_written), ("read", check_read)):
            directory = root / f"{name}-{model_class.__name__}"
            directory.mkdir()
            test(directory, model_class)
    check_forms(root, BertForPreTraining)
    check_forms(root, DistilBertForSequenceClassification)
    check_tensorflow(root)
    check_tensorflow_by_name(root)
    check_tensorflow_heads(root)
    if REAL:
        check_real(root)
    else:
        print("skipped: no real model to be had")
    for auto, model_class in ((AutoModelForPreTraining, BertForPreTraining),
                              (AutoModelForSequenceClassification, DistilBertForSequenceClassification),
                              (AutoModel, DistilBertModel)):
        loaded = auto.from_pretrained(root / f"written-{model_class.__name__}")
        check(isinstance(loaded, model_class), auto.__name__)
