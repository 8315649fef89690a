"""Makes muon.json: ten steps of torch.optim.Muon, which PyTorch has from 2.9 on.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch==2.9.1 numpy
    /tmp/torch/bin/python tests/optim/golden/make_muon.py

Its Newton-Schulz iterations run in bfloat16 there; here in float32, so that what is compared is the
method and not the rounding. Gradients are a formula that the test has too.
"""

import json
import math
import pathlib

import torch

torch.Tensor.bfloat16 = torch.Tensor.float
STEPS, RATE, DECAY, MOMENTUM = 10, 0.02, 0.1, 0.95


def gradient(step, rows, columns):
    return torch.tensor([math.sin(0.7 * i * i + 1.3 * step + i) for i in range(rows * columns)],
                        dtype=torch.float64).float().view(rows, columns)


def run(rows, columns, adjust):
    start = torch.tensor([math.cos(0.3 * i * i) for i in range(rows * columns)],
                         dtype=torch.float64).float().view(rows, columns)
    weight = torch.nn.Parameter(start)
    muon = torch.optim.Muon([weight], lr=RATE, weight_decay=DECAY, momentum=MOMENTUM,
                            adjust_lr_fn=adjust)
    for step in range(1, STEPS + 1):
        weight.grad = gradient(step, rows, columns)
        muon.step()
    return dict(rows=rows, columns=columns, adjust_lr_fn=adjust,
                weights=[round(value, 7) for value in weight.detach().flatten().tolist()])


SHAPES = [(1, 1), (1, 6), (6, 1), (3, 5), (5, 3), (4, 4), (4, 16), (17, 5), (8, 24), (24, 8)]
cases = [run(rows, columns, adjust) for rows, columns in SHAPES
         for adjust in ("original", "match_rms_adamw")]
pathlib.Path(__file__).with_name("muon.json").write_text(
    '{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n")
