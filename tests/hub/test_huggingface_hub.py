"""The shared cache: huggingface_hub and transformers find what bert downloads, and vice versa.

Runs in the Python environment of the tests with transformers.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

import case
from case import HubCase

CONFIG = {"architectures": ["BertForPreTraining"], "model_type": "bert", "vocab_size": 30, "hidden_size": 16,
          "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 16}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxy"]


def model_files(folder):
    from transformers import BertConfig, BertForPreTraining
    BertForPreTraining(BertConfig(**CONFIG)).save_pretrained(folder)
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    files["vocab.txt"] = "\n".join(WORDS).encode() + b"\n"
    files["tokenizer_config.json"] = b'{"tokenizer_class": "BertTokenizer", "do_lower_case": true}'
    return files


class Interplay(HubCase):
    def python(self, program, **environment):
        run = subprocess.run([sys.executable, "-c", program], env=self.environment(
            PYTHONDONTWRITEBYTECODE="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1",
            **environment), capture_output=True, text=True, timeout=100)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.strip()

    def test_they_find_ours(self):
        self.hub.model("me/bert", model_files(self.home / "made"))
        path = self.good("download", "me/bert").strip()
        requests = len(self.hub.seen())
        found = self.python(
            "from transformers import AutoTokenizer, BertForPreTraining\n"
            "from huggingface_hub import snapshot_download\n"
            "model = BertForPreTraining.from_pretrained('me/bert')\n"
            "assert AutoTokenizer.from_pretrained('me/bert')('a b')['input_ids'] == [2, 5, 6, 3]\n"
            "print(snapshot_download('me/bert'))\n", HF_HUB_OFFLINE="1")
        self.assertEqual(found, path)
        self.assertEqual(len(self.hub.seen()), requests)

    def test_we_find_theirs(self):
        self.hub.model("me/bert", model_files(self.home / "made"))
        theirs = self.python("from huggingface_hub import snapshot_download\nprint(snapshot_download('me/bert'))\n")
        result = self.good_json("download", "me/bert")
        self.assertEqual((result["directory"], result["received"]), (theirs, 0))
        self.assertEqual(self.good("download", "me/bert", HF_HUB_OFFLINE="1").strip(), theirs)
        # Our links are byte-for-byte identical to theirs.
        ours = self.home / "other"
        self.good("download", "me/bert", HF_HUB_CACHE=str(ours))
        links = lambda root: {p.name: os.readlink(p) for p in Path(root).rglob("*") if p.is_symlink()}
        self.assertEqual({n: l for n, l in links(theirs).items() if n in links(ours)}, links(ours))

    def test_commands_take_names_of_their_cache(self):
        self.hub.model("me/bert", model_files(self.home / "made"))
        self.hub.dataset("me/texts", {}).commit("main", {"a.txt": b"Alpha.\n"})
        offline = {"HF_HUB_OFFLINE": "1"}
        self.standard_input = "a b\n"
        self.python("from transformers import AutoTokenizer\nAutoTokenizer.from_pretrained('me/bert')\n"
                    "from huggingface_hub import hf_hub_download\n"
                    "hf_hub_download('me/texts', 'a.txt', repo_type='dataset')\n")
        self.assertEqual(self.good("tokenize", "--tokenizer", "me/bert", **offline), "2 5 6 3\n")
        self.assertEqual(self.good("cat", "hf://datasets/me/texts/a.txt", **offline), "Alpha.\n")
        self.bad("embed", "--model", "me/bert", "a", **offline, says="the cache")  # the tokenizer alone is there
        self.python("from transformers import AutoModel\nAutoModel.from_pretrained('me/bert')\n")
        self.assertEqual(self.good_json("inspect", "me/bert", **offline)["kind"], "model")
        ours = json.loads(self.good("embed", "--model", "me/bert", "--pooling", "cls", "a b", **offline))["embedding"]
        theirs = self.python("from transformers import AutoModel, AutoTokenizer\n"
                             "model, tokenizer = AutoModel.from_pretrained('me/bert'), AutoTokenizer.from_pretrained('me/bert')\n"
                             "print(model(**tokenizer('a b', return_tensors='pt')).last_hidden_state[0, 0].tolist())", **offline)
        for mine, other in zip(ours, json.loads(theirs), strict=True):
            self.assertAlmostEqual(mine, other, places=5)

    def test_they_continue_ours(self):
        files = model_files(self.home / "made")
        repository = self.hub.model("me/bert", files)
        data = files["model.safetensors"]
        self.hub.faults.append(lambda h: h.server.name == "store" and "Range" not in h.headers
                               and (h.break_after(data, 1000) or True))
        self.bad("download", "me/bert", "--retries", "0")
        found = self.python("from huggingface_hub import hf_hub_download\n"
                            "print(hf_hub_download('me/bert', 'model.safetensors'))\n")
        self.assertEqual(Path(found).read_bytes(), data)
        self.assertEqual(self.hub.seen("store", "GET")[-1][3]["Range"], "bytes=1000-")
        self.assertIn(repository.head(), found)

    def test_data_sets(self):
        self.hub.dataset("wikitext", {"w2/train/0000.parquet": b"PAR1"})
        ours = self.good("download", "wikitext", "--config", "w2").strip()
        found = self.python(
            "from huggingface_hub import hf_hub_download\n"
            "print(hf_hub_download('wikitext', 'w2/train/0000.parquet', repo_type='dataset',\n"
            "                      revision='refs/convert/parquet'))\n", HF_HUB_OFFLINE="1")
        self.assertEqual(found, ours)

    def test_fake_hub_protocol(self):
        """huggingface_hub can upload to the fake Hub, so that speaks the real protocol."""
        files = model_files(self.home / "made")
        self.python("from huggingface_hub import HfApi\n"
                    "api = HfApi()\n"
                    "api.create_repo('me/theirs', private=False)\n"
                    f"api.upload_folder(repo_id='me/theirs', folder_path={str(self.home / 'made')!r})\n",
                    HF_TOKEN="hf_right")
        self.good("upload", "--create", self.home / "made", "me/ours", HF_TOKEN="hf_right")
        theirs, ours = (self.hub.repositories["models", f"me/{name}"].files() for name in ("theirs", "ours"))
        self.assertEqual(theirs["model.safetensors"], files["model.safetensors"])
        self.assertEqual({n: theirs[n] for n in ("config.json", "model.safetensors")},
                         {n: ours[n] for n in ("config.json", "model.safetensors")})
        self.assertEqual(json.loads(ours["config.json"])["hidden_size"], 16)


    def test_fake_hub_answers(self):
        """huggingface_hub understands the answers that whoami, listings with sizes and data sets rely on."""
        files = {"README.md": b"# Texts\n", "train.parquet": b"PAR1" * 100}
        folder = self.home / "texts"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        self.good("upload", "--repo-type", "dataset", "--create", folder, "me/ours", HF_TOKEN="hf_right")
        self.python("import hashlib\n"
                    "from huggingface_hub import HfApi\n"
                    "api = HfApi()\n"
                    "me = api.whoami()\n"
                    "assert me['name'] == 'me' and me['auth']['accessToken']['role'] == 'write', me\n"
                    "api.create_repo('me/theirs', repo_type='dataset')\n"
                    f"api.upload_folder(repo_id='me/theirs', repo_type='dataset', folder_path={str(folder)!r})\n"
                    "for name in 'me/ours', 'me/theirs':\n"
                    "    info = api.dataset_info(name, revision='main', files_metadata=True)\n"
                    "    files = {f.rfilename: f for f in info.siblings}\n"
                    "    assert files['train.parquet'].size == 400\n"
                    "    assert files['train.parquet'].lfs.sha256 == hashlib.sha256(b'PAR1' * 100).hexdigest()\n"
                    "    assert files['README.md'].size == 8 and files['README.md'].lfs is None\n",
                    HF_TOKEN="hf_right")
        ours, theirs = (self.hub.repositories["datasets", f"me/{name}"].files() for name in ("ours", "theirs"))
        self.assertEqual({name: ours[name] for name in files}, {name: theirs[name] for name in files})


if __name__ == "__main__":
    case.main()
