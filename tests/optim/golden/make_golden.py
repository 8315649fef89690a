"""Makes the golden values that the tests of src/optim are held against.

    $(scripts/python-environment transformers) tests/optim/golden/make_golden.py

schedules.json: the learning rates that `transformers` and torch.optim.lr_scheduler give step by step
for a rate of 1. lamb.json: some steps of LAMB in float64, written after Algorithm 2 of You et al.
2019 with tensors of PyTorch, on two tensors that are scaled and one that is not.
"""

import json
import pathlib

import torch

# transformers' schedules want the class under the name that it has from PyTorch 2.0 on.
if not hasattr(torch.optim.lr_scheduler, "LRScheduler"):
    torch.optim.lr_scheduler.LRScheduler = torch.optim.lr_scheduler._LRScheduler

from transformers import optimization

FOLDER = pathlib.Path(__file__).parent
BEHIND = 1  # steps behind the last one


def rates(make, steps, rate=1.0):
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"] / rate)
        optimizer.step()
        scheduler.step()
    return values


def schedules():
    o, cases = optimization, []

    def add(name, total, make, warmup=0, behind=BEHIND, rate=1.0, **settings):
        cases.append(dict(name=name, warmup_steps=warmup, total_steps=total, settings=settings,
                          factors=rates(make, total + behind, rate)))

    for warmup, total in ((4, 23), (0, 10)):
        add("linear", total, lambda p: o.get_linear_schedule_with_warmup(p, warmup, total), warmup)
        add("cosine", total, lambda p: o.get_cosine_schedule_with_warmup(p, warmup, total), warmup)
        add("constant_with_warmup", total,
            lambda p: o.get_constant_schedule_with_warmup(p, warmup), warmup)
        add("inverse_sqrt", total, lambda p: o.get_inverse_sqrt_schedule(p, warmup), warmup)
        for cycles in (1, 3):
            add("cosine_with_restarts", total,
                lambda p: o.get_cosine_with_hard_restarts_schedule_with_warmup(
                    p, warmup, total, num_cycles=cycles), warmup, cycles=cycles)
        for power, end in ((1.0, 0.0), (2.0, 0.125), (0.5, 0.01)):
            rate = 0.25
            add("polynomial", total,
                lambda p: o.get_polynomial_decay_schedule_with_warmup(
                    p, warmup, total, lr_end=end * rate, power=power), warmup, rate=rate,
                power=power, end=end)
    for warmup, total, ratio in ((4, 23, 0.5), (0, 10, 0.25), (3, 11, 1.0), (2, 9, 0.0)):
        for decay in ("cosine", "linear", "1-sqrt"):
            steps = min(int(ratio * total), total - warmup)
            add("warmup_stable_decay", total,
                lambda p: o.get_wsd_schedule(p, warmup, steps, num_training_steps=total,
                                             decay_type=decay),
                warmup, decay_ratio=ratio, decay_type=decay)
    one_cycle = torch.optim.lr_scheduler.OneCycleLR
    for total, pct, div, final in ((20, 0.3, 25.0, 1e4), (23, 0.45, 10.0, 50.0), (7, 0.0, 4.0, 2.0),
                                   (9, 0.9, 4.0, 2.0)):
        add("one_cycle", total,
            lambda p: one_cycle(p, max_lr=1.0, total_steps=total, pct_start=pct,
                                div_factor=div, final_div_factor=final, cycle_momentum=False),
            behind=0, pct_start=pct, div_factor=div, final_div_factor=final)
    return cases


def lamb():
    torch.manual_seed(7)
    settings = dict(learning_rate=0.02, beta1=0.9, beta2=0.98, epsilon=1e-6, weight_decay=0.1)
    tensors = [torch.randn(4, 6, dtype=torch.float32), torch.randn(5, dtype=torch.float32) * 0.1,
               torch.randn(3, 7, dtype=torch.float32) * 3]
    scaled = [True, False, True]
    start = [tensor.flatten().tolist() for tensor in tensors]
    values = [tensor.double() for tensor in tensors]
    first = [torch.zeros_like(value) for value in values]
    second = [torch.zeros_like(value) for value in values]
    steps = []
    for step in range(1, 6):
        gradients = [torch.randn(value.shape, dtype=torch.float32) * 0.3 for value in values]
        for i, gradient in enumerate(gradients):
            g = gradient.double()
            first[i] = settings["beta1"] * first[i] + (1 - settings["beta1"]) * g
            second[i] = settings["beta2"] * second[i] + (1 - settings["beta2"]) * g * g
            m = first[i] / (1 - settings["beta1"] ** step)
            v = second[i] / (1 - settings["beta2"] ** step)
            direction, ratio = m / (v.sqrt() + settings["epsilon"]), 1.0
            if scaled[i]:
                direction = direction + settings["weight_decay"] * values[i]
                ratio = values[i].norm() / direction.norm()
            values[i] = values[i] - settings["learning_rate"] * ratio * direction
        steps.append(dict(gradients=[g.flatten().tolist() for g in gradients],
                          values=[v.flatten().tolist() for v in values]))
    return dict(settings=settings, scaled=scaled, start=start, steps=steps)


for name, content in (("schedules", schedules()), ("lamb", lamb())):
    (FOLDER / f"{name}.json").write_text(json.dumps({"cases": content} if name == "schedules"
                                                    else content, indent=1) + "\n")
