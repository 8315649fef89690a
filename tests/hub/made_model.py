"""A very small model, trained by bert in a second, for tests in which commands open one."""
import json

TEXT = "\n\n".join("The rain falls on the hill. The sun dries the road. A child walks home." for _ in range(30))
CONFIG = {"model_type": "bert", "architectures": ["BertForPreTraining"], "vocab_size": 60, "hidden_size": 16,
          "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 32}
MODEL_FILES = ("config.json", "model.safetensors", "vocab.txt", "tokenizer.json", "tokenizer_config.json",
               "special_tokens_map.json", "README.md")


def make_data(test):
    """corpus.txt, tokenizer/, data and config.json in the test's home directory."""
    (test.home / "corpus.txt").write_text(TEXT)
    (test.home / "config.json").write_text(json.dumps(CONFIG))
    test.good("train-tokenizer", "--output", "tokenizer", "--vocab-size", "60", "corpus.txt")
    test.good("prepare", "--tokenizer", "tokenizer", "--output", "data", "--validation-fraction", "0.2", "corpus.txt")


def train(test, output, *options, **environment):
    """Four steps, with checkpoints after the second and the fourth."""
    return test.run_bert("pretrain", "--data", "data", "--model", "config.json", "--output", output, "--max-steps", "4",
                         "--save-steps", "2", "--max-seq-length", "16", "--per-device-train-batch-size", "2",
                         "--threads", "1", *options, **environment)


def make_model(test):
    """The files of a model, by name."""
    make_data(test)
    run = train(test, "made")
    test.assertEqual(run.returncode, 0, run.stderr)
    folder = test.home / "made" / "checkpoint-4"
    return {name: (folder / name).read_bytes() for name in MODEL_FILES}
