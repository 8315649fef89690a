"""bert upload against a Hub on loopback."""
import json
import random

import case
from case import HubCase
from fake_hub import git_sha1, sha256

FILES = {
    "config.json": b'{"model_type": "bert"}\n', "model.safetensors": random.Random(2).randbytes(1_500_000),
    "README.md": b"# A model\n", "vocab.txt": b"[PAD]\n", "tokenizer.json": b"{}\n", "tokenizer_config.json": b"",
}
OTHERS = {"optimizer.safetensors": b"o" * 1000, "manifest.json": b"{}", "trainer_state.json": b"{}",
          ".env": b"SECRET", "token": b"hf_right", "logs/run.txt": b"log"}


class Uploads(HubCase):
    def setUp(self):
        super().setUp()
        self.hub.store_key = "k"  # a header that the store requires, as Git LFS allows; the Hub's requires none
        self.folder = self.home / "checkpoint-8"
        for name, data in (FILES | OTHERS).items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(data)

    def environment(self, **changes):
        return super().environment(**({"HF_TOKEN": "hf_right"} | changes))

    def stored(self, name="me/bert"):
        return self.hub.repositories["models", name].files()

    def test_end_to_end(self):
        url = self.good("upload", "--create", "--private", "--message", "First", self.folder, "me/bert").strip()
        repository = self.hub.repositories["models", "me/bert"]
        self.assertEqual(url, f"{self.hub.url}/me/bert/commit/{repository.head()}")
        self.assertEqual(self.stored(), FILES | {".gitattributes": b"* lfs\n"})
        self.assertTrue(repository.private)
        self.assertEqual(self.hub.messages, ["First"])
        self.assertIn("6 of 6 files", self.messages)
        for server, method, path, headers, _ in self.hub.seen():
            self.assertEqual(headers.get("Authorization"), "Bearer hf_right" if server == "hub" else None, path)
        self.assertEqual(len(self.hub.seen(part="/verify/" + sha256(FILES["model.safetensors"]))), 1)
        self.assertNotIn("hf_right", self.messages)

        # Unchanged files are not sent again; only changed ones are.
        again = self.good_json("upload", self.folder, "me/bert")
        self.assertEqual((again["committed"], again["bytes_sent"], again["url"]), (0, 0, self.hub.url + "/me/bert"))
        self.assertEqual(len(self.hub.messages), 1)
        (self.folder / "README.md").write_bytes(b"# Another\n")
        third = self.good_json("upload", self.folder, "me/bert")
        self.assertEqual((third["files"], third["committed"], third["bytes_sent"]), (6, 1, 0))
        self.assertEqual(len(self.hub.seen("store", "PUT")), 1)

        # Download it again.
        out = self.home / "down"
        self.good("download", "me/bert", "--output", out)
        self.assertEqual((out / "model.safetensors").read_bytes(), FILES["model.safetensors"])

    def test_data_set(self):
        data = self.home / "texts"
        files = {"README.md": b"# Texts\n", "data/train.jsonl": b'{"text": "a"}\n', "big.parquet": b"PAR1" * 1000}
        for name, content in (files | {".cache/x": b"hidden"}).items():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).write_bytes(content)
        url = self.good("upload", "--repo-type", "dataset", "--create", data, "me/texts").strip()
        repository = self.hub.repositories["datasets", "me/texts"]
        self.assertEqual(url, f"{self.hub.url}/datasets/me/texts/commit/{repository.head()}")
        self.assertEqual(repository.files(), files | {".gitattributes": b"* lfs\n"})
        self.assertEqual(self.hub.messages, ["Upload data set with bert"])
        self.assertNotIn(("models", "me/texts"), self.hub.repositories)
        self.assertTrue(self.hub.seen(part="/datasets/me/texts.git/info/lfs/"))
        self.assertNotIn("README", self.messages)
        # The other way round.
        out = self.good("download", "--repo-type", "dataset", "--revision", "main", "--include", "*.jsonl", "me/texts")
        self.assertEqual(self.good("cat", out.strip()), "a\n")
        (data / "README.md").unlink()
        self.good("upload", "--repo-type", "dataset", data, "me/texts")
        self.assertIn("has no README.md", self.messages)
        self.bad("upload", "--repo-type", "dataset", data, "me/other", says=("data set me/other", "--create creates it"))
        (self.home / "empty").mkdir()
        self.bad("upload", "--repo-type", "dataset", self.home / "empty", "me/texts", code=2, says="has no files")
        self.bad("upload", "--repo-type", "space", data, "me/texts", code=2, says="model or dataset")

    def test_tokenizer(self):
        for number, names in enumerate((("vocab.txt",), ("tokenizer.json", "tokenizer_config.json", "README.md"))):
            folder = self.home / f"tokenizer{number}"
            folder.mkdir()
            for name in names:
                (folder / name).write_bytes(FILES[name])
            (folder / "notes.txt").write_bytes(b"mine")
            self.good("upload", "--create", folder, f"me/t{number}")
            self.assertEqual(self.stored(f"me/t{number}"), {n: FILES[n] for n in names} | {".gitattributes": b"* lfs\n"})
            self.assertEqual(self.hub.messages[-1], "Upload tokenizer with bert")
        # A configuration makes it a model, whose weights are missing.
        (folder / "config.json").write_bytes(FILES["config.json"])
        self.bad("upload", folder, "me/t1", code=2, says="has no model.safetensors")

    def test_object_in_store(self):
        self.hub.store[sha256(FILES["model.safetensors"])] = FILES["model.safetensors"]
        result = self.good_json("upload", "--create", self.folder, "me/bert")
        self.assertEqual((result["committed"], result["bytes_sent"]), (6, 0))
        self.assertFalse(self.hub.seen("store"))

    def test_parts(self):
        self.hub.part_size = 400_000
        self.good("upload", "--create", self.folder, "me/bert")
        self.assertEqual(self.stored()["model.safetensors"], FILES["model.safetensors"])
        puts = self.hub.seen("store", "PUT")
        self.assertEqual([len(put[4]) for put in puts], [400_000, 400_000, 400_000, 300_000])

    def test_temporary_failure_of_the_store(self):
        self.hub.once(lambda h: h.command == "PUT", lambda h: h.answer(500))
        result = self.good_json("upload", "--create", self.folder, "me/bert")
        self.assertEqual(self.stored()["model.safetensors"], FILES["model.safetensors"])
        self.assertEqual(result["bytes_sent"], 3_000_000)

    def test_store_hangs_up(self):
        def hang_up(handler):
            handler.close_connection = True
            handler.connection.close()
        self.hub.once(lambda h: h.command == "PUT", hang_up)
        self.good("upload", "--create", self.folder, "me/bert")
        self.assertEqual(self.stored()["model.safetensors"], FILES["model.safetensors"])

    def test_commit_is_not_repeated(self):
        self.hub.model("me/bert", {})
        def hang_up(handler):
            handler.close_connection = True
            handler.connection.close()
        self.hub.once(lambda h: "/commit/" in h.path, hang_up)
        self.bad("upload", self.folder, "me/bert", says="model me/bert")
        self.assertEqual(len(self.hub.seen(part="/commit/")), 1)
        self.hub.once(lambda h: "/commit/" in h.path, lambda h: h.answer(429, b"", {"Retry-After": "1"}))
        self.good("upload", self.folder, "me/bert")
        self.assertEqual(len(self.hub.seen(part="/commit/")), 3)

    def test_missing_repository(self):
        self.bad("upload", self.folder, "me/bert", says=("model me/bert", "not found", "--create creates it"))
        self.hub.model("me/bert", {})
        self.good("upload", "--create", self.folder, "me/bert")  # an existing repository is not an error
        self.bad("upload", "--revision", "v9", self.folder, "me/bert", says="no such revision")

    def test_token_that_may_not_create(self):
        """Fine-grained tokens get 403 where the repository exists, as huggingface_hub's create_repo knows."""
        self.hub.faults.append(lambda h: "/create" in h.path and (h.answer_error(403, "", "may not create") or True))
        self.bad("upload", "--create", self.folder, "me/bert", says=("lacks the permission", "may not create"))
        self.hub.model("me/bert", {})
        self.good("upload", "--create", self.folder, "me/bert")
        self.assertEqual(self.stored(), FILES)

    def test_tokens(self):
        self.bad("upload", self.folder, "me/bert", HF_TOKEN=None, code=2, says=("a token", self.hub.url, "HF_TOKEN"))
        self.assertFalse(self.hub.seen())
        self.bad("upload", self.folder, "me/bert", HF_TOKEN="hf_wrong", says="rejected the token")
        self.hub.faults.append(lambda h: h.answer_error(403, "", "read-only token") or True)
        self.bad("upload", self.folder, "me/bert", says=("the token lacks the permission", "read-only token"))

    def test_files_that_are_never_sent(self):
        self.hub.model("me/bert", {})
        self.good("upload", "--include", "*", self.folder, "me/bert")
        expected = FILES | OTHERS
        del expected[".env"], expected["token"]
        self.assertEqual(self.stored(), expected)
        (self.folder / "vocab.txt").write_bytes(b"x hf_right y")
        self.bad("upload", self.folder, "me/bert", code=2, says=("vocab.txt", "contains your Hub token"))
        self.assertEqual(self.stored(), expected)
        (self.folder / "vocab.txt").unlink()
        (self.home / "outside").write_bytes(b"outside")
        (self.folder / "vocab.txt").symlink_to(self.home / "outside")
        self.bad("upload", self.folder, "me/bert", code=2, says=("vocab.txt", "symbolic link"))
        (self.folder / "vocab.txt").unlink()
        (self.folder / "more").symlink_to(self.home)
        self.bad("upload", "--include", "*", self.folder, "me/bert", code=2, says=("more", "symbolic link"))

    def test_ignored(self):
        self.hub.model("me/bert", {})
        self.hub.ignored.add("vocab.txt")
        self.good("upload", self.folder, "me/bert")
        self.assertNotIn("vocab.txt", self.stored())
        self.assertIn("vocab.txt: skipped, it matches the repository's .gitignore", self.messages)

    def test_no_model(self):
        self.bad("upload", self.home / "nowhere", "me/bert", code=2, says="nowhere: is not a folder")
        (self.folder / "model.safetensors").unlink()
        self.bad("upload", self.folder, "me/bert", code=2, says=("has no model.safetensors", "checkpoint-N"))
        self.bad("upload", "--include", "*.zip", self.folder, "me/bert", code=2, says="*.zip")
        self.bad("upload", self.folder, "bert", code=2, says="expected OWNER/NAME")

    def test_invalid_responses(self):
        self.hub.model("me/bert", {})
        oid, size = sha256(FILES["model.safetensors"]), len(FILES["model.safetensors"])

        def batch(upload):
            return {"objects": [{"oid": oid, "size": size, "actions": {"upload": upload}}]}
        store = self.hub.store_url
        for part, answer, says in (
            ("/preupload/", {"files": []}, "the response has no entry for"),
            ("/preupload/", {"files": [{"path": p, "uploadMode": "xet"} for p in FILES]}, '"xet"'),
            ("/preupload/", [], "is an array"),
            ("/objects/batch", {"objects": []}, "no entry for the object"),
            ("/objects/batch", {"objects": [{"oid": oid, "error": {"code": 422, "message": "no"}}]}, "rejected by the Hub's LFS storage: no"),
            ("/objects/batch", batch({"href": "file:///etc/passwd"}), "is rejected"),
            ("/objects/batch", batch({"href": store, "header": {"A\r\nB": "x"}}), "is invalid"),
            ("/objects/batch", batch({"href": store, "header": {"A": "x\r\nEvil: y"}}), "is invalid"),
            ("/objects/batch", batch({"href": store, "header": {"chunk_size": "0", "1": store}}), "chunk_size"),
            ("/objects/batch", batch({"href": store, "header": {"chunk_size": "1", "1": store}}), "1500000 parts"),
            ("/objects/batch", batch({"href": store, "header": {"chunk_size": "750000", "1": store, "7": store}}),
             "have no URL"),
            ("/commit/", {"commitOid": "../x"}, "40 hexadecimal digits"),
            ("/commit/", {}, '"commitOid" is missing'),
        ):
            body = json.dumps(answer).encode()
            self.hub.faults[:] = [lambda h: part in h.path and (h.answer(200, body) or True)]
            self.bad("upload", self.folder, "me/bert", says=says)
        self.assertEqual(self.stored(), {})

    def test_usage(self):
        self.bad("upload", self.folder, code=2, says="name a folder and a repository")
        self.bad("upload", "--private", self.folder, "me/bert", code=2, says="--create")
        self.bad("upload", self.folder, "me/bert", HF_HUB_OFFLINE="1", code=2, says="HF_HUB_OFFLINE")


if __name__ == "__main__":
    case.main()
