"""The cases of bench/against-pytorch: models and batches."""

import numpy

from batches import make_stream

SIZES = {  # layers, hidden size; heads of 64 and an intermediate size of 4 × hidden, as in BERT
    "tiny": (2, 128), "mini": (4, 256), "distil": (6, 768), "base": (12, 768), "large": (24, 1024),
}
VOCAB_SIZE = 30522


def config_of(size):
    """distil: DistilBERT's size, as a BERT of six layers on both sides."""
    layers, hidden = SIZES[size]
    return {"architectures": ["BertForPreTraining"], "model_type": "bert", "vocab_size": VOCAB_SIZE,
            "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": hidden // 64,
            "intermediate_size": 4 * hidden, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 512,
            "type_vocab_size": 2, "initializer_range": 0.02, "layer_norm_eps": 1e-12,
            "pad_token_id": 0}


class Case:
    """A batch of `sequences` of at most `length` tokens. `kind`: "full" (all of that length), "pairs" (real pairs of
    natural length) or "sentences" (real sentences, for inference). `like`: the name of the case on which PyTorch is
    tuned for this one, if it is another."""

    def __init__(self, size, sequences, length, kind="full", quick=False, like=None):
        self.size, self.sequences, self.length, self.kind, self.quick = size, sequences, length, kind, quick
        self.inference = kind == "sentences"
        self.name = f"{size} {'' if kind == 'full' else kind + ' '}{sequences}x{length}"
        self.like = like or self.name

    def full_stream(self):
        return make_stream(numpy.full(self.sequences, self.length), VOCAB_SIZE, seed=1)


CASES = [
    Case("base", 8, 128, quick=True),
    Case("base", 32, 128, like="base 8x128"),
    Case("base", 4, 512),
    Case("large", 4, 128, like="base 8x128"),
    Case("large", 2, 512, like="base 4x512"),
    Case("distil", 8, 128, like="base 8x128"),
    Case("distil", 4, 512, like="base 4x512"),
    Case("mini", 32, 128, quick=True),
    Case("mini", 8, 512, like="mini 32x128"),
    Case("tiny", 32, 128, quick=True),
    Case("tiny", 8, 512, like="tiny 32x128"),
    Case("base", 16, 128, "pairs", like="base 8x128"),
    Case("base", 8, 512, "pairs", like="base 4x512"),
    Case("mini", 32, 128, "pairs", like="mini 32x128"),
    Case("mini", 32, 512, "pairs", like="mini 32x128", quick=True),
    Case("base", 128, 128, "sentences", quick=True),
]
