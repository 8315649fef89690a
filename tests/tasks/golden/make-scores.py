#!/usr/bin/env python3
"""Writes scores.inc: predictions, labels, and what scikit-learn and scipy score them. Run by hand, with both
installed; the tests read what it wrote.

    make-scores.py > scores.inc
"""
import random
import warnings

import scipy
import sklearn
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

warnings.simplefilter("ignore")  # what they say of degenerate cases; the values are what counts
draw = random.Random(20)


def noisy(labels, classes, wrong):
    return [draw.randrange(classes) if draw.random() < wrong else label for label in labels]


def classification():
    binary = [int(draw.random() < 0.3) for _ in range(60)]
    many = [draw.randrange(4) for _ in range(50)]
    yield "two classes", 2, noisy(binary, 2, 0.4), binary
    yield "two classes, worse than chance", 2, [1 - p for p in noisy(binary, 2, 0.5)], binary
    yield "four classes", 4, noisy(many, 4, 0.5), many
    yield "a class that never comes", 5, noisy(many, 4, 0.5), many
    yield "all right", 2, binary, binary
    yield "always class 1", 2, [1] * 20, binary[:20]
    yield "always class 0", 2, [0] * 20, binary[:20]
    yield "labels of one class", 2, binary[:20], [1] * 20
    yield "class 1 nowhere", 2, [0] * 5, [0] * 5
    yield "class 1 everywhere", 2, [1] * 5, [1] * 5
    yield "one example, right", 2, [1], [1]
    yield "one example, wrong", 2, [0], [1]


def regression():
    scores = [round(5 * draw.random(), 3) for _ in range(40)]
    coarse = [draw.randrange(6) / 1.0 for _ in range(40)]
    yield "no ties", [s + draw.gauss(0, 1) for s in scores], scores
    yield "ties on one side", [s + draw.gauss(0, 1) for s in coarse], coarse
    yield "ties on both sides", [float(draw.randrange(4)) for _ in coarse], coarse
    yield "falling", [-s for s in scores], scores
    yield "monotone, not linear", [s ** 5 for s in scores], scores
    yield "a small spread far from zero", [1e6 + s / 1024 for s in scores], scores
    yield "predictions all equal", [2.5] * 10, scores[:10]
    yield "labels all equal", scores[:10], [0.1] * 10
    yield "two examples", [1.0, 2.0], [5.0, 3.0]


def number(value):
    return "NAN" if value != value else repr(float(value))


print(f"/* Written by make-scores.py with scikit-learn {sklearn.__version__} and scipy {scipy.__version__}. */")
print("static const struct classification_case classification_cases[] = {")
for name, classes, predictions, labels in classification():
    f1 = f1_score(labels, predictions) if classes == 2 else float("nan")
    print(f'    {{"{name}", {len(labels)}, {classes},\n     {{{", ".join(map(str, predictions))}}},'
          f'\n     {{{", ".join(map(str, labels))}}},\n     {number(accuracy_score(labels, predictions))}, '
          f"{number(f1)}, {number(matthews_corrcoef(labels, predictions))}}},")
print("};\nstatic const struct regression_case regression_cases[] = {")
for name, predictions, labels in regression():
    print(f'    {{"{name}", {len(labels)},\n     {{{", ".join(map(number, predictions))}}},'
          f'\n     {{{", ".join(map(number, labels))}}},\n     {number(pearsonr(predictions, labels)[0])}, '
          f"{number(spearmanr(predictions, labels)[0])}}},")
print("};")
