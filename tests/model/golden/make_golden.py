"""Makes the golden values that test_golden.c holds the model against.

    $(scripts/python-environment transformers) tests/model/golden/make_golden.py

For each case a small BERT or DistilBERT of `transformers` with random weights, run in float64
without dropout on a batch of sequences of different length (padded, with attention mask, as that
library wants it): logits, losses, the gradient of every parameter, and, where a case has settings,
the parameters after some steps of an optimizer. All is stored as float32 in tests/model/golden/CASE/golden.safetensors: the batch as the unpadded
stream of src/model/model.h, and values/, gradients/ and after/ with a tensor for each parameter.
"""

import json
import pathlib

import numpy as np
import torch
import transformers

# transformers' schedules want the class under the name that it has from PyTorch 2.0 on.
if not hasattr(torch.optim.lr_scheduler, "LRScheduler"):
    torch.optim.lr_scheduler.LRScheduler = torch.optim.lr_scheduler._LRScheduler

from safetensors.numpy import save_file
from transformers import (BertConfig, BertForMaskedLM, BertForPreTraining,
                          BertForSequenceClassification, DistilBertConfig, DistilBertForMaskedLM,
                          DistilBertForSequenceClassification)

FOLDER = pathlib.Path(__file__).parent
IGNORED = -100  # label of positions that are not predicted
PAD = 0

CASES = {
    # Everything that pre-training has; clipping is at work, warm-up ends inside the steps.
    "pair": {
        "model": BertForPreTraining,
        "config": dict(vocab_size=99, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                       intermediate_size=64, max_position_embeddings=24, type_vocab_size=2),
        "lengths": [11, 17, 5, 1, 20],
        "settings": dict(optim="adamw", learning_rate=0.01, weight_decay=0.1, adam_beta1=0.9,
                         adam_beta2=0.98, adam_epsilon=1e-6, max_grad_norm=0.5,
                         lr_scheduler_type="linear", warmup_steps=2, total_steps=7, steps=5),
    },
    # Sizes that are no multiple of any vector, three heads, another epsilon, no NSP head, decay in
    # the gradient, no clipping.
    "masked": {
        "model": BertForMaskedLM,
        "config": dict(vocab_size=61, hidden_size=21, num_hidden_layers=1, num_attention_heads=3,
                       intermediate_size=35, max_position_embeddings=16, type_vocab_size=3,
                       layer_norm_eps=1e-5),
        "lengths": [16, 3, 9],
        "settings": dict(optim="adam", learning_rate=0.005, weight_decay=0.01, adam_beta1=0.8,
                         adam_beta2=0.99, adam_epsilon=1e-6, max_grad_norm=0.0,
                         lr_scheduler_type="constant_with_warmup", warmup_steps=3, total_steps=5,
                         steps=5),
    },
    # DistilBERT: no token types, positions that are sines and have no gradient.
    "distil": {
        "model": DistilBertForMaskedLM,
        "config": dict(vocab_size=53, dim=24, n_layers=2, n_heads=3, hidden_dim=40,
                       max_position_embeddings=20, sinusoidal_pos_embds=True),
        "lengths": [12, 1, 7],
    },
    # Sequence classification: classes (with weights) and numbers, on both families.
    "classes": {
        "model": BertForSequenceClassification,
        "config": dict(vocab_size=37, hidden_size=20, num_hidden_layers=1, num_attention_heads=2,
                       intermediate_size=28, max_position_embeddings=16, type_vocab_size=2,
                       num_labels=3),
        "lengths": [5, 14, 9, 1, 6],
        "class_weights": [0.5, 2.0, 1.25],
    },
    "score": {
        "model": BertForSequenceClassification,
        "config": dict(vocab_size=37, hidden_size=20, num_hidden_layers=1, num_attention_heads=2,
                       intermediate_size=28, max_position_embeddings=16, type_vocab_size=2,
                       num_labels=1),
        "lengths": [5, 14, 9],
    },
    "distil_classes": {
        "model": DistilBertForSequenceClassification,
        "config": dict(vocab_size=37, dim=20, n_layers=1, n_heads=2, hidden_dim=28,
                       max_position_embeddings=16, num_labels=2),
        "lengths": [5, 14, 9, 3],
    },
    "distil_scores": {
        "model": DistilBertForSequenceClassification,
        "config": dict(vocab_size=37, dim=20, n_layers=1, n_heads=2, hidden_dim=28,
                       max_position_embeddings=16, num_labels=2, problem_type="regression"),
        "lengths": [5, 14, 9, 3],
    },
}

# The other activations, in the feed-forward layers and the MLM head.
ACTIVATION_CASES = {
    name: {
        "model": BertForMaskedLM,
        "config": dict(vocab_size=31, hidden_size=12, num_hidden_layers=1, num_attention_heads=2,
                       intermediate_size=20, max_position_embeddings=16, type_vocab_size=2,
                       hidden_act=name),
        "lengths": [9, 1, 6],
    } for name in ("gelu_new", "gelu_pytorch_tanh", "gelu_python", "relu", "silu", "swish")
}
ACTIVATION_CASES["distil_relu"] = {
    "model": DistilBertForMaskedLM,
    "config": dict(vocab_size=31, dim=12, n_layers=1, n_heads=2, hidden_dim=20,
                   max_position_embeddings=16, activation="relu"),
    "lengths": [9, 1, 6],
}


def random_weights(model, random):
    """All parameters at random, biases and LayerNorms too, so that no gradient is trivial; rounded
    to float32, for that is what both sides start from."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = random.normal(0.0, 0.25, parameter.shape)
            if name.endswith(("LayerNorm.weight", "layer_norm.weight")):
                values += 1.0
            parameter.copy_(torch.from_numpy(values.astype(np.float32).astype(np.float64)))


def make_batch(config, lengths, random):
    ids = np.full((len(lengths), max(lengths)), PAD)
    types, mask = np.zeros_like(ids), np.zeros_like(ids)
    labels = np.full_like(ids, IGNORED)
    for row, length in enumerate(lengths):
        ids[row, :length] = random.integers(1, config.vocab_size, length)
        types[row, :length] = np.sort(random.integers(0, getattr(config, "type_vocab_size", 1), length))
        mask[row, :length] = 1
        predicted = random.choice(length, max(1, round(0.3 * length)), replace=False)
        labels[row, predicted] = random.integers(0, config.vocab_size, len(predicted))
    ids[0, 2] = PAD  # inside a sequence: its look-up has no gradient, the decoder's row has one
    return ids, types, mask, labels, random.integers(0, 2, len(lengths))


def stream(lengths, ids, types, labels, pair_labels):
    """The same batch without padding (src/model/model.h)."""
    flat = lambda array: np.concatenate([row[:n] for row, n in zip(array, lengths)])
    flat_labels = flat(labels)
    positions = np.nonzero(flat_labels != IGNORED)[0]
    integers = {
        "batch/tokens": flat(ids), "batch/token_types": flat(types),
        "batch/sequence_starts": np.cumsum([0] + lengths),
        "batch/masked_positions": positions, "batch/masked_labels": flat_labels[positions],
        "batch/next_sentence_labels": pair_labels,
    }
    return {name: array.astype(np.int32) for name, array in integers.items()}


def make_optimizer(model, settings):
    no_decay = lambda name: name.endswith(".bias") or "LayerNorm" in name
    groups = [
        {"params": [p for n, p in model.named_parameters() if not no_decay(n)],
         "weight_decay": settings["weight_decay"]},
        {"params": [p for n, p in model.named_parameters() if no_decay(n)], "weight_decay": 0.0},
    ]
    kind = torch.optim.AdamW if settings["optim"] == "adamw" else torch.optim.Adam
    optimizer = kind(groups, lr=settings["learning_rate"], eps=settings["adam_epsilon"],
                     betas=(settings["adam_beta1"], settings["adam_beta2"]))
    return optimizer, transformers.get_scheduler(
        settings["lr_scheduler_type"], optimizer, num_warmup_steps=settings["warmup_steps"],
        num_training_steps=settings["total_steps"])


def copies(model, prefix, of):
    return {prefix + name: of(parameter).detach().numpy().astype(np.float32)
            for name, parameter in model.named_parameters()}


def gradient(parameter):
    """Zeros for what is not trained."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


class PreTraining:
    """Masked tokens, and pairs where the model has them."""

    def __init__(self, model, case, batch, random):
        self.labels, self.pairs = batch["labels"], isinstance(model, BertForPreTraining)
        self.inputs = {**batch["inputs"], "labels": torch.from_numpy(self.labels)}
        if self.pairs:
            self.inputs["next_sentence_label"] = torch.from_numpy(batch["pair_labels"])
        self.golden = stream(case["lengths"], batch["ids"], batch["types"], self.labels,
                             batch["pair_labels"])

    def run(self, model):
        output = model(**self.inputs)
        logits = output.prediction_logits if self.pairs else output.logits
        labels = self.inputs["labels"]
        mlm_loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        floats = {"mlm_logits": logits[labels != IGNORED], "mlm_loss": mlm_loss}
        if self.pairs:
            floats["nsp_logits"] = output.seq_relationship_logits
            floats["nsp_loss"] = output.loss - mlm_loss
        return output.loss, floats


class Classification:
    """A label or numbers for each sequence. The loss is the model's own, except that class weights
    are what a caller gives to the same function of PyTorch."""

    def __init__(self, model, case, batch, random):
        config, count = model.config, len(case["lengths"])
        nothing = np.full_like(batch["ids"], IGNORED)
        self.golden = stream(case["lengths"], batch["ids"], batch["types"], nothing,
                             batch["pair_labels"])
        regression = config.problem_type == "regression" or config.num_labels == 1
        weights = case.get("class_weights")
        if regression:
            targets = random.normal(0.0, 2.0, (count, config.num_labels)).astype(np.float32)
            self.golden["batch/targets"] = targets
            labels = torch.from_numpy(targets.astype(np.float64))
        else:
            labels = torch.from_numpy(random.integers(0, config.num_labels, count))
            self.golden["batch/labels"] = labels.numpy().astype(np.int32)
        if weights:
            self.golden["batch/class_weights"] = np.array(weights, np.float32)
        self.inputs = {**batch["inputs"], "labels": labels}
        self.weights = torch.tensor(weights).double() if weights else None

    def run(self, model):
        output = model(**self.inputs)
        loss = output.loss
        if self.weights is not None:
            loss = torch.nn.functional.cross_entropy(output.logits, self.inputs["labels"], self.weights)
        return loss, {"label_logits": output.logits, "label_loss": loss}


def take_steps(model, task, settings):
    optimizer, schedule = make_optimizer(model, settings)
    norms = []
    for _ in range(settings["steps"]):
        optimizer.zero_grad()
        task.run(model)[0].backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(
            model.parameters(), settings["max_grad_norm"] or float("inf"))))
        optimizer.step()
        schedule.step()
    return norms


def make_case(name, case, random):
    distil = case["model"].__name__.startswith("Distil")
    dropouts = (dict(dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0) if distil else
                dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))
    config = (DistilBertConfig if distil else BertConfig)(
        attn_implementation="eager", **dropouts, **case["config"])
    model = case["model"](config).double().train()
    config.architectures = [case["model"].__name__]
    random_weights(model, random)
    ids, types, mask, labels, pair_labels = make_batch(config, case["lengths"], random)
    inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
    if not distil:
        inputs["token_type_ids"] = torch.from_numpy(types)
    batch = {"inputs": inputs, "ids": ids, "types": types, "labels": labels,
             "pair_labels": pair_labels}
    kind = Classification if "SequenceClassification" in case["model"].__name__ else PreTraining
    task = kind(model, case, batch, random)

    golden = {**task.golden, **copies(model, "values/", lambda p: p)}
    loss, floats = task.run(model)
    loss.backward()
    golden.update(copies(model, "gradients/", gradient))
    for key, tensor in floats.items():
        golden[key] = np.atleast_1d(tensor.detach().numpy().astype(np.float32))
    norms = []
    if "settings" in case:
        norms = take_steps(model, task, case["settings"])
        golden.update(copies(model, "after/", lambda p: p))

    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    save_file({key: np.ascontiguousarray(array) for key, array in golden.items()},
              folder / "golden.safetensors",
              metadata={"made_with": f"torch {torch.__version__}, "
                                     f"transformers {transformers.__version__}"})
    (folder / "config.json").write_text(config.to_json_string())
    if "settings" in case:
        (folder / "settings.json").write_text(json.dumps(case["settings"], indent=2) + "\n")
    size = (folder / "golden.safetensors").stat().st_size
    print(f"{name}: loss {float(loss):.6f}, norms {[round(n, 4) for n in norms]}, {size} bytes")


def distillation_losses(student, teacher, labels, mask, settings):
    """As DistilBERT's training computes them, its soft targets restricted to the masked tokens."""
    temperature, masked = settings["temperature"], labels != IGNORED
    s_logits, t_logits = student.logits[masked], teacher.logits[masked].detach()
    soft = torch.nn.functional.kl_div(
        torch.log_softmax(s_logits / temperature, -1), torch.softmax(t_logits / temperature, -1),
        reduction="batchmean") * temperature ** 2
    states = [output.hidden_states[-1][mask == 1] for output in (student, teacher)]
    cosine = torch.nn.functional.cosine_embedding_loss(
        states[0], states[1].detach(), torch.ones(len(states[0])).double())
    return {"mlm_loss": student.loss, "soft_loss": soft, "cosine_loss": cosine}


def make_distillation(random):
    """A DistilBERT of 2 layers that learns from a BERT of 4."""
    settings = dict(temperature=2.0, alpha_ce=5.0, alpha_mlm=2.0, alpha_cos=1.0)
    sizes = dict(vocab_size=53, max_position_embeddings=20, attn_implementation="eager")
    student_config = DistilBertConfig(dim=24, n_layers=2, n_heads=3, hidden_dim=40, dropout=0.0,
                                      attention_dropout=0.0, **sizes)
    teacher_config = BertConfig(hidden_size=24, num_hidden_layers=4, num_attention_heads=2,
                                intermediate_size=32, hidden_dropout_prob=0.0,
                                attention_probs_dropout_prob=0.0, **sizes)
    student = DistilBertForMaskedLM(student_config).double().train()
    teacher = BertForMaskedLM(teacher_config).double().eval()
    lengths = [12, 1, 7]
    for model in (student, teacher):
        random_weights(model, random)
        model.config.architectures = [type(model).__name__]
    ids, types, mask, labels, pair_labels = make_batch(teacher_config, lengths, random)
    inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask),
              "output_hidden_states": True}
    targets = torch.from_numpy(labels)
    losses = distillation_losses(
        student(**inputs, labels=targets),
        teacher(**inputs, token_type_ids=torch.from_numpy(types)), targets,
        inputs["attention_mask"], settings)
    (settings["alpha_mlm"] * losses["mlm_loss"] + settings["alpha_ce"] * losses["soft_loss"] +
     settings["alpha_cos"] * losses["cosine_loss"]).backward()

    golden = {**stream(lengths, ids, types, labels, pair_labels),
              **copies(student, "values/", lambda p: p), **copies(teacher, "teacher/", lambda p: p),
              **copies(student, "gradients/", gradient)}
    for name, loss in losses.items():
        golden[name] = np.atleast_1d(loss.detach().numpy().astype(np.float32))
    folder = FOLDER / "distillation"
    folder.mkdir(exist_ok=True)
    save_file({key: np.ascontiguousarray(array) for key, array in golden.items()},
              folder / "golden.safetensors")
    (folder / "config.json").write_text(student_config.to_json_string())
    (folder / "teacher.json").write_text(teacher_config.to_json_string())
    print(f"distillation: {({name: float(loss) for name, loss in losses.items()})}")


if __name__ == "__main__":
    generator = np.random.default_rng(20181011)  # the day BERT's paper appeared
    torch.manual_seed(0)
    for case_name, description in CASES.items():
        make_case(case_name, description, generator)
    make_distillation(generator)
    for number, (case_name, description) in enumerate(ACTIVATION_CASES.items()):
        make_case(case_name, description, np.random.default_rng([20160627, number]))
