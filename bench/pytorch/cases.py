"""What bench/against-pytorch compares: models, batches, and the ways in which PyTorch may be fast."""

import numpy

from batches import make_stream, natural_lengths

SIZES = {  # layers, hidden; heads of 64 and 4 × hidden inside, as everywhere in BERT
    "tiny": (2, 128), "mini": (4, 256), "distil": (6, 768), "base": (12, 768), "large": (24, 1024),
}
VOCAB_SIZE = 30522


def config_of(size):
    layers, hidden = SIZES[size]
    return {"architectures": ["BertForPreTraining"], "model_type": "bert", "vocab_size": VOCAB_SIZE,
            "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": hidden // 64,
            "intermediate_size": 4 * hidden, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 512,
            "type_vocab_size": 2, "initializer_range": 0.02, "layer_norm_eps": 1e-12,
            "pad_token_id": 0}


def full(count, length):
    return lambda: make_stream(numpy.full(count, length), VOCAB_SIZE, seed=1)


def natural(count, length):
    return lambda: make_stream(natural_lengths(count, length, seed=2), VOCAB_SIZE, seed=3)


class Case:
    def __init__(self, name, size, batch, inference=False, quick=False):
        self.name, self.size, self.batch, self.inference, self.quick = name, size, batch, inference, quick


CASES = [
    Case("base 8x128", "base", full(8, 128), quick=True),
    Case("base 32x128", "base", full(32, 128)),
    Case("base 4x512", "base", full(4, 512)),
    Case("large 4x128", "large", full(4, 128)),
    Case("large 1x512", "large", full(1, 512)),
    Case("distil 8x128", "distil", full(8, 128)),
    Case("mini 32x128", "mini", full(32, 128), quick=True),
    Case("mini 8x512", "mini", full(8, 512)),
    Case("tiny 32x128", "tiny", full(32, 128), quick=True),
    Case("tiny 8x512", "tiny", full(8, 512)),
    Case("base natural 16x128", "base", natural(16, 128)),
    Case("mini natural 32x128", "mini", natural(32, 128)),
    Case("base inference, mixed", "base", natural(32, 128), inference=True, quick=True),
]

# Flags of peer.py. bfloat16 stands apart: it is another arithmetic, so each side's is held against the
# other's, and then the best of each.
FLOAT32 = [["--fused"], ["--fused", "--compile"], ["--fused", "--attention", "eager"]]
BFLOAT16 = [["--fused", "--bf16"], ["--fused", "--bf16", "--compile"]]
