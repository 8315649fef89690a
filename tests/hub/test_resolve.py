"""Names on the Hub in the place of paths, from the cache or with --download."""
import json
import shutil
import subprocess
import urllib.request
from pathlib import Path

import case
from case import HubCase
from fake_hub import sha256
from made_model import TEXT, make_data, make_model, train

TABLES = Path(__file__).parent.parent / "formats" / "tables"
OFFLINE = {"HF_HUB_OFFLINE": "1"}


class Models(HubCase):
    def setUp(self):
        super().setUp()
        self.files = make_model(self)
        self.repository = self.hub.model("me/bert", self.files)
        self.snapshot = self.cache / "models--me--bert" / "snapshots" / self.repository.head()

    def test_every_command_takes_a_name(self):
        self.good("download", "me/bert")
        asked = len(self.hub.seen())
        small = ("--max-steps", "1", "--max-seq-length", "16", "--per-device-train-batch-size", "2")
        self.standard_input = "the rain\n"
        examples = "sentence\tlabel\n" + "the rain\t0\nthe sun\t1\n" * 4
        (self.home / "task.tsv").write_text(examples)
        tune = ("--task", "task.tsv", "--text-column", "sentence", "--max-seq-length", "16",
                "--num-train-epochs", "1", "--output")
        for command in (
            ["tokenize", "--tokenizer", "me/bert", "--tokens"],
            ["prepare", "--tokenizer", "me/bert", "--output", "again", "corpus.txt"],
            ["train-tokenizer", "--extend", "me/bert", "--add", "1", "--output", "longer", "corpus.txt"],
            ["inspect", "me/bert"],
            ["inspect", "--tokenizer", "me/bert", "corpus.txt"],
            ["embed", "--model", "me/bert", "The rain."],
            ["fill-mask", "--model", "me/bert", "The [MASK] falls."],
            ["evaluate", "--model", "me/bert", "--data", "data"],
            ["plan", "--model", "me/bert", "--max-steps", "10", "--tokens-per-second", "1000", "--max-seq-length", "16"],
            ["tune", "--model", "me/bert", "--max-seq-length", "16", "--batch-size", "2", "--seconds", "0"],
            ["pretrain", "--model", "me/bert", "--tokenizer", "me/bert", "--data", "data", "--output", "run", *small],
            ["pretrain", "--model", "config.json", "--teacher", "me/bert", "--data", "data", "--output", "taught",
             *small],
            ["finetune", "--model", "me/bert", *tune, "tuned"],
            ["finetune", "--from-scratch", "me/bert", "--tokenizer", "me/bert", *tune, "scratch"],
            ["predict", "--model", "tuned", "The rain."],
        ):
            with self.subTest(" ".join(command)):
                self.assertTrue(self.good(*command, **OFFLINE))
        self.assertEqual(len(self.hub.seen()), asked)  # no command asks where the cache has it
        # The weights are really those of the model: one step away from them, not random ones.
        text = "The [MASK] falls on the hill."
        self.assertEqual(self.good("fill-mask", "--model", "me/bert", text), self.good(
            "fill-mask", "--model", self.snapshot, text))
        # The run's settings name the commit, so that a resumed run has the same model.
        self.assertIn(str(self.snapshot), (self.home / "run" / "run.json").read_text())

    def test_serve(self):
        self.good("download", "me/bert")
        process = subprocess.Popen([case.bert, "serve", "me/bert", "--port", "0", "--threads", "1"],
                                   env=self.environment(**OFFLINE), stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True, cwd=self.home)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        for line in process.stderr:
            if "http://" in line:
                url = "http://" + line.split("http://")[1].split()[0].rstrip("/.,;")
                break
        self.assertEqual(urllib.request.urlopen(url, timeout=10).status, 200)

    def test_not_in_the_cache(self):
        for command, says in (
            (["embed", "--model", "me/bert", "x"], ("embed: --model: me/bert", str(self.cache), "no model of that name",
                                                    "--download", "bert download me/bert")),
            (["pretrain", "--data", "data", "--output", "r", "--model", "nope.json"],
             ("--model is not one of the sizes tiny, mini, small, medium, base, large or distil",
              "nope.json: there is no such file or folder", "bert download nope.json")),
            (["plan", "--model", "big", "--max-steps", "1"], ("sizes tiny", "big: there is no such file")),
            (["finetune", "--from-scratch", "big", "--tokenizer", ".", "--task", "x", "--output", "r"], ("sizes tiny",)),
            (["tokenize", "--tokenizer", "vocab.txt"], ("no tokenizer of that name", "bert download vocab.txt")),
            (["embed", "--model", "me/bert@v1", "x"], ("bert download me/bert@v1",)),
            (["inspect", "bert-tiny"], ("inspect: bert-tiny", "bert download bert-tiny")),
            (["serve", "me/bert"], ("serve: me/bert", "bert download me/bert")),
        ):
            with self.subTest(" ".join(command)):
                self.bad(*command, says=says)
        self.assertFalse(self.hub.seen())
        # What cannot be a name on the Hub is a path, and the message is that of a path.
        self.assertNotIn("Hub", self.bad("embed", "--model", "./me/bert", "x", says="./me/bert"))
        self.assertNotIn("Hub", self.bad("tokenize", "--tokenizer", "a/b/vocab.txt", says="a/b/vocab.txt"))
        self.assertIn("neither a size by name (tiny, mini", self.bad(
            "pretrain", "--data", "data", "--output", "r", "--model", "./nope.json", code=2))
        self.bad("embed", "--model", "hf://datasets/me/bert", "x", code=2, says="is a data set, expected a model")
        self.bad("embed", "--model", "hf://me/bert/config.json", "x", code=2, says="expected hf://[OWNER/]NAME")

    def test_download_when_asked(self):
        out = self.good("embed", "--model", "me/bert", "--download", "The rain.")
        self.assertEqual(out, self.good("embed", "--model", "me/bert", "The rain.", **OFFLINE))
        seen = len(self.hub.seen())
        self.good("embed", "--model", "me/bert", "--download", "The rain.")
        self.assertEqual(len(self.hub.seen()), seen)
        self.bad("embed", "--model", "me/none", "--download", "x", says=("me/none", "not found on the Hub"))
        self.bad("embed", "--model", "me/none", "--download", "x", **OFFLINE, says=("me/none", "HF_HUB_OFFLINE"))
        (self.home / "settings.json").write_text('{"model": "me/bert", "download": true}')
        shutil.rmtree(self.cache)
        self.good("embed", "--config", "settings.json", "The rain.")

    def test_only_what_is_needed_is_downloaded(self):
        self.good("tokenize", "--tokenizer", "me/bert", "--download")
        self.assertFalse(self.hub.seen("store"))
        self.good("plan", "--model", "me/bert", "--max-steps", "10", "--tokens-per-second", "1000", "--max-seq-length",
                  "16", "--download")
        self.assertFalse(self.hub.seen("store"))
        # A part of a model is not the model.
        self.bad("embed", "--model", "me/bert", "x", says=("has it without weights", "bert download me/bert"))
        self.good("embed", "--model", "me/bert", "--download", "x")

    def test_paths_win(self):
        other = self.hub.model("tokenizer", self.files)
        self.good("download", "tokenizer")
        self.assertEqual(self.good_json("inspect", "tokenizer")["kind"], "tokenizer")  # the folder
        self.assertEqual(self.good_json("inspect", "me/bert", "--download")["kind"], "model")
        shutil.move(self.home / "tokenizer", self.home / "moved")
        self.assertEqual(self.good_json("inspect", "tokenizer")["kind"], "model")
        self.assertTrue(other.head())
        # hf:// is never a path, and prepared data are found by their PREFIX before any model is.
        (self.home / "me" / "bert").mkdir(parents=True)
        self.good("embed", "--model", "hf://me/bert", "x")
        self.bad("embed", "--model", "me/bert", "x", says="me/bert")
        self.assertEqual(self.good_json("inspect", "data")["kind"], "data")

    def test_sizes_win(self):
        self.hub.model("mini", self.files)
        self.good("download", "mini")
        plan = ("--max-steps", "10", "--tokens-per-second", "1000", "--max-seq-length", "16")
        self.assertGreater(self.good_json("plan", "--model", "mini", *plan)["parameters"], 10_000_000)
        self.assertLess(self.good_json("plan", "--model", "hf://mini", *plan)["parameters"], 100_000)

    def test_revisions(self):
        old = self.repository.commit("v1/first", self.files | {"vocab.txt": self.files["vocab.txt"] + b"extra\n"})
        self.good("download", "me/bert@v1/first")
        self.assertEqual((self.cache / "models--me--bert/refs/v1/first").read_text(), old)
        self.bad("inspect", "me/bert", says="bert download me/bert")
        for revision in ("v1%2Ffirst", old):
            self.good("inspect", f"me/bert@{revision}", **OFFLINE)
        self.good("inspect", "me/bert@main", "--download")
        self.good("inspect", "me/bert", **OFFLINE)
        self.bad("download", "me/bert@main", "--revision", "v1", code=2, says="two revisions")
        self.bad("inspect", "me/bert@../../x", says="me/bert@../../x")

    def test_google_checkpoint_is_a_path(self):
        google = Path(__file__).parent.parent / "model" / "google-bert"
        prefix = next(google.rglob("*.index"))
        shutil.copytree(prefix.parent, self.home / "google")
        self.good("inspect", f"google/{prefix.stem}")

    def test_environment(self):
        other = self.home / "elsewhere"
        self.good("download", "me/bert", HF_HUB_CACHE=str(other))
        self.bad("inspect", "me/bert", says=str(self.cache))
        self.good("inspect", "me/bert", HF_HUB_CACHE=str(other))
        self.bad("inspect", "me/bert", HF_HOME=None, HOME=None, code=2,
                 says=("me/bert: there is no such file or folder", "HOME is not set"))
        self.good("inspect", "me/bert", HF_HOME=None, XDG_CACHE_HOME=str(self.home), HF_HUB_CACHE=str(other))


class DataSets(HubCase):
    PARQUET = {f"{config}/{split}/0000.parquet": (TABLES / "snappy.parquet").read_bytes()
               for config in ("small", "large") for split in ("train", "test")}

    def setUp(self):
        super().setUp()
        self.hub.dataset("wiki", self.PARQUET)
        texts = self.hub.dataset("me/texts", {"default/train/0000.parquet": self.PARQUET["small/test/0000.parquet"]})
        texts.commit("main", {"README.md": b"# card\n", "a.txt": b"Alpha.\n", "b.txt": b"Beta.\n",
                              "more/c.txt": b"Gamma.\n"})
        self.once = self.good("cat", TABLES / "snappy.parquet")

    def test_files_and_folders(self):
        for name, expected in (
            ("me/texts/a.txt", "Alpha.\n"),
            ("me/texts/more", "Gamma.\n"),
            ("me/texts/more/", "Gamma.\n"),
            ("me/texts@main/*.txt", "Alpha.\n\nBeta.\n"),
            ("me/texts/[b-z].txt", "Beta.\n"),
            ("me/texts@main/m*", "Gamma.\n"),
            ("wiki/sm?ll/tr*", self.once),
            ("me/texts", self.once),
            ("me/texts@~parquet", self.once),
            ("me/texts@~parquet/default/train", self.once),
            ("me/texts@refs/convert/parquet/default/train", self.once),
            ("me/texts@refs%2Fconvert%2Fparquet/default/*/*.parquet", self.once),
            ("me/texts/default/train", self.once),
            ("wiki/small/train", self.once),
            ("wiki/small", self.once + "\n" + self.once),
            ("wiki@~parquet/large/test/0000.parquet", self.once),
        ):
            with self.subTest(name):
                self.assertEqual(self.good("cat", "hf://datasets/" + name, "--download"), expected)
                self.assertEqual(self.good("cat", "hf://datasets/" + name, **OFFLINE), expected)
                self.assertRegex(self.messages, r": [12] files? of the data set (me/texts|wiki), .* at [0-9a-f]{12}")

    def test_names_and_weights(self):
        make_data(self)
        out = self.good("prepare", "--tokenizer", "tokenizer", "--output", "mixed", "--download", "corpus.txt",
                        "own=corpus.txt", "hub=hf://datasets/me/texts/a.txt:3")
        self.assertRegex(out, r"source +hub: 3 taken of 1 documents, weight 3")

    def test_commands(self):
        make_data(self)
        url = "hf://datasets/me/texts@main/*.txt"
        self.good("download", "me/texts", "--repo-type", "dataset", "--revision", "main", "--include", "*.txt")
        self.good("train-tokenizer", "--output", "other", "--vocab-size", "30", url, **OFFLINE)
        self.assertIn("corpus", self.good("inspect", "--tokenizer", "tokenizer", "--json", url, **OFFLINE))
        table = self.hub.dataset("me/labels", {})
        table.commit("main", {"train.tsv": b"sentence\tlabel\n" + b"the rain\t0\nthe sun\t1\n" * 4})
        train_file = "hf://datasets/me/labels/train.tsv"
        self.good("finetune", "--train-file", train_file, "--text-column", "sentence", "--num-train-epochs", "1",
                  "--max-seq-length", "16", "--from-scratch", "config.json", "--tokenizer", "tokenizer", "--output", "tuned", "--download")
        rows = self.good("predict", "--model", "tuned", "--text-column", "sentence", train_file, **OFFLINE)
        self.assertEqual(len(rows.splitlines()), 8)
        # Without --text-column operands are texts, whatever they look like.
        self.assertEqual(len(self.good("predict", "--model", "tuned", train_file, **OFFLINE).splitlines()), 1)

    def test_data_to_train_on(self):
        """A pre-tokenized data set, with a split and a weight as paths have them."""
        make_data(self)
        rows = "".join('{"input_ids": [2, %s, 3]}\n' % ", ".join(str(5 + (i + k) % 40) for k in range(12))
                       for i in range(40)).encode()
        repository = self.hub.dataset("me/ids", {})
        repository.commit("main", {"train.jsonl": rows, "validation.jsonl": rows})
        small = ("--tokenizer", "tokenizer", "--model", "config.json", "--no-next-sentence-prediction", "--max-steps", "2",
                 "--max-seq-length", "16", "--per-device-train-batch-size", "2", "--threads", "1")
        self.good("pretrain", "--data", "hf://datasets/me/ids/train.jsonl", "--download", "--output", "file", *small)
        path = self.cache / "datasets--me--ids" / "snapshots" / repository.head() / "train.jsonl"
        self.assertEqual(json.loads((self.home / "file" / "run.json").read_text())["settings"]["data"], str(path))
        self.bad("pretrain", "--data", "hf://datasets/me/ids/train.jsonl:nosuch", "--output", "x", *small,
                 code=2, says='no split "nosuch", only: train', **OFFLINE)

    def test_errors(self):
        cat = lambda name, says, *options, code=1: self.bad("cat", "hf://datasets/" + name, *options, code=code, says=says)
        cat("me/texts", ("hf://datasets/me/texts", str(self.cache), "--download"))
        cat("me/none", "not found on the Hub", "--download")
        cat("me/texts/x.txt", ("none of its 4 files matches", "x.txt"), "--download", code=2)
        cat("wiki", ("several configurations", "large, small", "hf://datasets/wiki/CONFIGURATION"), "--download", code=2)
        cat("a..b", "expected hf://datasets/[OWNER/]NAME[@REVISION][/PATH]", code=2)
        cat("", "expected hf://datasets/", code=2)
        cat("me/texts/../../x", "expected hf://datasets/", code=2)
        self.bad("cat", "hf://me/texts", code=2, says="text comes from a data set")
        self.hub.faults.append(lambda h: h.answer(502) or True)
        asked = len(self.hub.seen())
        self.bad("cat", "hf://datasets/me/texts/a.txt", "--download", HF_ENDPOINT="http://127.0.0.1:9", says="127.0.0.1:9")
        self.assertEqual(len(self.hub.seen()), asked)


if __name__ == "__main__":
    case.main()
