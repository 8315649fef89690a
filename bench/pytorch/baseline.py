"""The PyTorch side of bench/against-pytorch: one model, one batch, steps on demand.

Reads lines "steps N" from standard input, runs N steps and answers with one JSON object per line:
{"seconds": …, "loss": …, "peak_bytes": …}. The first line it prints, before any command, is
{"ready": …}. All settings that make PyTorch fast on CPUs are
flags, so that the driver can measure which combination is best.
"""

import argparse
import json
import resource
import sys
import time

import numpy
import torch
import transformers

from batches import read_safetensors


def dense_batch(stream, first=0, end=None):
    """Sequences [first, end) of an unpadded batch as the padded tensors that transformers needs; labels of tokens that
    are not predicted are -100."""
    starts = stream["sequence_starts"]
    lengths = numpy.diff(starts)[first:end]
    rows, width = len(lengths), int(lengths.max())
    tokens = numpy.zeros((rows, width), numpy.int64)
    types = numpy.zeros((rows, width), numpy.int64)
    mask = numpy.zeros((rows, width), numpy.int64)
    flat_labels = numpy.full(int(starts[-1]), -100, numpy.int64)
    flat_labels[stream["masked_positions"]] = stream["masked_labels"]
    labels = numpy.full((rows, width), -100, numpy.int64)
    for row, (start, length) in enumerate(zip(starts[first:], lengths)):
        tokens[row, :length] = stream["tokens"][start:start + length]
        types[row, :length] = stream["token_types"][start:start + length]
        labels[row, :length] = flat_labels[start:start + length]
        mask[row, :length] = 1
    batch = {"input_ids": tokens, "token_type_ids": types, "labels": labels,
             "next_sentence_label": stream["next_sentence_labels"][first:end].astype(numpy.int64)}
    if lengths.min() < width:
        batch["attention_mask"] = mask
    return {name: torch.from_numpy(value) for name, value in batch.items()}


def decay_groups(model, weight_decay):
    exempt = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    exempt_ids = {id(p) for p in exempt}
    decayed = [p for p in model.parameters() if id(p) not in exempt_ids]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": exempt, "weight_decay": 0.0}]


class Baseline:
    def __init__(self, arguments):
        torch.set_num_threads(arguments.threads)
        torch.manual_seed(0)
        config = transformers.BertConfig.from_json_file(arguments.config)
        config._attn_implementation = arguments.attention
        self.training = not arguments.inference
        if self.training:
            self.model = transformers.BertForPreTraining(config)
        else:  # both sides compute hidden states
            self.model = transformers.BertModel(config, add_pooling_layer=False)
        self.model.train(self.training)
        self.bf16 = arguments.bf16
        if arguments.bf16_matmul:  # everything else in float32, like --precision bf16 of `bert`
            torch.backends.mkldnn.matmul.fp32_precision = "bf16"
        stream = read_safetensors(arguments.batch)
        if arguments.inference:  # as from a tokenizer with padding=True, in batches of 32
            count = len(stream["sequence_starts"]) - 1
            pieces = [dense_batch(stream, first, min(first + 32, count)) for first in range(0, count, 32)]
            self.batches = [{k: v for k, v in b.items() if "label" not in k} for b in pieces]
        else:
            self.batches = [dense_batch(stream)]
        self.run = torch.compile(self.model) if arguments.compile else self.model
        if self.training:
            self.optimizer = torch.optim.AdamW(decay_groups(self.model, 0.01), lr=1e-4, eps=1e-8,
                                               fused=True)

    def step(self):
        loss = 0.0
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            if not self.training:
                with torch.inference_mode():
                    for batch in self.batches:
                        self.run(**batch)
                return loss
            output = self.run(**self.batches[0])
        output.loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(output.loss.detach())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--batch", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--attention", default="sdpa", choices=["sdpa", "eager"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true", help="autocast")
    parser.add_argument("--bf16-matmul", action="store_true", help="matrix multiplications only, by oneDNN")
    parser.add_argument("--inference", action="store_true")
    arguments = parser.parse_args()
    baseline = Baseline(arguments)
    print(json.dumps({"ready": torch.__version__, "transformers": transformers.__version__}), flush=True)
    for line in sys.stdin:
        count = int(line.split()[1])
        start = time.perf_counter()
        for _ in range(count):
            loss = baseline.step()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "loss": loss, "peak_bytes": peak}), flush=True)


if __name__ == "__main__":
    main()
