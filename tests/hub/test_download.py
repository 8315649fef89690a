"""bert download from a fake Hub on loopback: downloaded files, requests, and errors."""
import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import case
from case import HubCase
from fake_hub import FakeHub, git_sha1, sha256

CONFIG = b'{"model_type": "bert"}\n'
WEIGHTS = random.Random(1).randbytes(3_000_000)
MODEL = {
    ".gitattributes": b"* lfs\n", "README.md": b"# card\n", "config.json": CONFIG, "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"pickle", "tf_model.h5": b"h5", "tokenizer.json": b"{}", "vocab.txt": b"[PAD]\n",
    "onnx/model.onnx": b"onnx", "onnx/config.json": b"{}",
}
CHOSEN = ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt"]


def store_get(handler):
    return handler.server.name == "store" and handler.command == "GET"


def config_get(handler):
    return handler.command == "GET" and handler.path.endswith("/config.json")


class Models(HubCase):
    def setUp(self):
        super().setUp()
        self.repository = self.hub.model("bert-tiny", MODEL)

    def snapshot(self, name="models--bert-tiny"):
        return self.cache / name / "snapshots" / self.repository.head()

    def check_snapshot(self, path, names=CHOSEN):
        found = sorted(str(p.relative_to(path)) for p in Path(path).rglob("*") if not p.is_dir())
        self.assertEqual(found, sorted(names))
        for name in names:
            self.assertEqual((Path(path) / name).read_bytes(), MODEL[name])

    def test_cache_layout(self):
        path = self.good("download", "bert-tiny").strip()
        self.assertEqual(path, str(self.snapshot()))
        self.check_snapshot(path)
        folder = self.cache / "models--bert-tiny"
        self.assertEqual((folder / "refs" / "main").read_text(), self.repository.head())
        self.assertEqual(os.readlink(self.snapshot() / "model.safetensors"), "../../blobs/" + sha256(WEIGHTS))
        self.assertEqual(os.readlink(self.snapshot() / "config.json"), "../../blobs/" + git_sha1(CONFIG))
        self.assertEqual(len(list((folder / "blobs").iterdir())), 4)

    def test_nothing_is_downloaded_twice(self):
        first = self.good_json("download", "bert-tiny")
        self.assertEqual(first["received"], sum(len(MODEL[name]) for name in CHOSEN))
        again = self.good_json("download", "bert-tiny")
        self.assertEqual((again["received"], again["bytes"]), (0, first["bytes"]))
        self.assertEqual(len(self.hub.seen(method="HEAD")), 4)
        changed = self.repository.commit("main", MODEL | {"config.json": b"[]"})
        new = self.good_json("download", "bert-tiny")
        self.assertEqual((new["received"], new["commit"]), (2, changed))
        self.assertTrue(os.path.samefile(Path(new["directory"]) / "vocab.txt", Path(first["directory"]) / "vocab.txt"))

    def test_include_and_folders(self):
        path = self.good("download", "bert-tiny", "--include", "*.onnx,onnx/*.json").strip()
        self.check_snapshot(path, ["onnx/model.onnx", "onnx/config.json"])
        self.assertTrue(os.readlink(self.snapshot() / "onnx" / "model.onnx").startswith("../../../blobs/"))
        self.bad("download", "bert-tiny", "--include", "*.zip", code=2, says=("none of its 10 files", "*.zip"))

    def test_shards_and_old_weights(self):
        shards = {f"model-0000{i}-of-00002.safetensors": bytes([i]) for i in (1, 2)}
        self.hub.model("a/shards", {"config.json": CONFIG, "model.safetensors.index.json": b"{}",
                                    "pytorch_model.bin": b"x"} | shards)
        result = self.good_json("download", "a/shards")
        self.assertEqual(sorted(os.path.basename(f) for f in result["files"]),
                         ["config.json", *shards, "model.safetensors.index.json"])
        self.hub.model("a/old", {"config.json": CONFIG, "pytorch_model.bin": b"x"})
        self.assertEqual(len(self.good_json("download", "a/old")["files"]), 2)
        self.assertIn("model a/old has no safetensors", self.messages)

    def test_tensorflow_weights(self):
        shards = {f"bert_model.ckpt.data-0000{i}-of-00002": bytes([i]) for i in (0, 1)}
        self.hub.model("a/google", {"bert_config.json": CONFIG, "bert_model.ckpt.index": b"i", "vocab.txt": b"[PAD]\n",
                                    "bert_model.ckpt.meta": b"graph", "checkpoint": b"text"} | shards)
        result = self.good_json("download", "a/google")
        self.assertEqual(sorted(os.path.basename(f) for f in result["files"]),
                         ["bert_config.json", *shards, "bert_model.ckpt.index", "vocab.txt"])
        self.assertNotIn("has no", self.messages)
        offline = self.good("download", "a/google", HF_HUB_OFFLINE="1").strip()
        self.assertEqual(sorted(result["files"]), sorted(str(f) for f in Path(offline).iterdir()))

    def test_output_folder(self):
        out = self.home / "out"
        self.assertEqual(self.good("download", "bert-tiny", "--output", out).strip(), str(out))
        self.check_snapshot(out)
        self.assertFalse(self.cache.exists())
        self.assertEqual(self.good_json("download", "bert-tiny", "--output", out)["received"], 0)
        (out / "vocab.txt").write_bytes(b"mine")
        (out / "config.json").unlink()
        self.bad("download", "bert-tiny", "--output", out, code=2, says=("out/vocab.txt", "different content"))
        self.assertEqual((out / "vocab.txt").read_bytes(), b"mine")
        self.assertFalse((out / "config.json").exists())

    def test_revision(self):
        old = self.repository.commit("v1/first", MODEL | {"vocab.txt": b"old\n"})
        path = Path(self.good("download", "bert-tiny", "--revision", "v1/first").strip())
        self.assertEqual((path / "vocab.txt").read_bytes(), b"old\n")
        self.assertEqual((self.cache / "models--bert-tiny/refs/v1/first").read_text(), old)
        self.assertTrue(self.hub.seen(part="/revision/v1%2Ffirst"))
        self.assertEqual(self.good("download", "bert-tiny", "--revision", old).strip(), str(path))
        self.bad("download", "bert-tiny", "--revision", "v2", says=("model bert-tiny", "no such revision", "v2"))
        self.bad("download", "bert-tiny", "--revision", "../x", code=2, says="contains . or ..")

    def test_renamed(self):
        self.hub.repositories["models", "google-bert/bert-tiny"] = self.hub.repositories.pop(("models", "bert-tiny"))
        self.hub.renamed["models", "bert-tiny"] = "google-bert/bert-tiny"
        self.check_snapshot(self.good("download", "bert-tiny").strip())

    def test_small_files_redirected_within_the_hub(self):
        """Like the Hub: the first response has the ETag, the one after the redirect the size."""
        def redirect(handler):
            if "/resolve/" not in handler.path or not handler.path.endswith("/config.json"):
                return False
            handler.answer(307, b"Temporary Redirect", {"Location": "/resolve-cache/config.json?etag=x",
                                                        "X-Linked-Etag": f'"{git_sha1(CONFIG)}"'})
            return True

        def cached(handler):
            return handler.path.startswith("/resolve-cache/") and (
                handler.answer_content(CONFIG, git_sha1(CONFIG)) or True)
        self.hub.faults += [redirect, cached]
        self.check_snapshot(self.good("download", "bert-tiny", HF_TOKEN="hf_right").strip())
        self.assertEqual(self.hub.seen(part="/resolve-cache/")[0][3]["Authorization"], "Bearer hf_right")

    def test_offline(self):
        self.bad("download", "bert-tiny", HF_HUB_OFFLINE="1", says=("bert-tiny", "HF_HUB_OFFLINE"))
        path = self.good("download", "bert-tiny")
        asked = len(self.hub.seen())
        self.assertEqual(self.good("download", "bert-tiny", HF_HUB_OFFLINE="1"), path)
        self.bad("download", "bert-tiny", "--revision", "v1", HF_HUB_OFFLINE="yes", says="refs/v1")
        self.bad("download", "bert-tiny", "--output", "x", HF_HUB_OFFLINE="1", code=2, says="--output")
        self.assertEqual(len(self.hub.seen()), asked)

    def test_unreachable(self):
        """As with huggingface_hub, the cache answers where the Hub does not."""
        self.bad("download", "bert-tiny", "--retries", "0", HF_ENDPOINT="http://127.0.0.1:9", says="127.0.0.1:9")
        path = self.good("download", "bert-tiny")
        self.assertEqual(self.good("download", "bert-tiny", "--retries", "0", HF_ENDPOINT="http://127.0.0.1:9"), path)
        self.assertIn("127.0.0.1:9", self.messages)
        self.assertIn(f"the copy in the cache is taken, of commit {self.repository.head()[:12]}", self.messages)
        self.hub.faults[:] = [lambda h: h.answer(503) or True]
        self.assertEqual(self.good("download", "bert-tiny", "--retries", "1"), path)
        self.assertIn("warning: gave up after 2 attempts", self.messages)
        self.hub.faults[:] = [lambda h: (time.sleep(2), h.answer(500)) and True]
        self.assertEqual(self.good("download", "bert-tiny", "--retries", "0", HF_HUB_DOWNLOAD_TIMEOUT="1"), path)
        self.assertIn("no data received for 1 seconds", self.messages)
        # A revision, or files, that the cache does not have; and a folder of the user's own.
        refused = {"HF_ENDPOINT": "http://127.0.0.1:9"}
        self.bad("download", "bert-tiny@v1", "--retries", "0", **refused, says="127.0.0.1:9")
        self.bad("download", "bert-tiny", "--include", "*.h5", "--retries", "0", **refused, code=2, says="*.h5")
        self.bad("download", "bert-tiny", "--output", "out", "--retries", "0", **refused, says="127.0.0.1:9")
        self.bad("download", "other", "--retries", "0", **refused, says="127.0.0.1:9")

    def test_answers_of_the_hub_are_not_replaced_by_the_cache(self):
        self.good("download", "bert-tiny")
        self.bad("download", "bert-tiny", HF_TOKEN="hf_wrong", says="rejected the token")
        del self.hub.repositories["models", "bert-tiny"]
        self.bad("download", "bert-tiny", says="not found on the Hub")

    # ------------------------------------------------------------------------------ damage ---

    def damage(self, data, digest):
        blob = self.cache / "models--bert-tiny" / "blobs" / digest
        self.assertTrue(blob.exists())
        blob.write_bytes(data)
        return blob

    def test_damaged_size(self):
        path = self.good("download", "bert-tiny").strip()
        for data in (b"", WEIGHTS[:1000], WEIGHTS + b"more"):
            self.damage(data, sha256(WEIGHTS))
            self.good("download", "bert-tiny", "--no-verify")
            self.assertIn(f"model.safetensors: is damaged: it has {len(data)} bytes, expected 3000000; it is downloaded",
                          self.messages)
            self.assertEqual(self.messages.count("is damaged"), 1)
            self.check_snapshot(path)
        self.assertEqual(len(self.hub.seen("store", "GET")), 4)

    def test_damaged_content(self):
        path = self.good("download", "bert-tiny").strip()
        wrong, small = b"\0" + WEIGHTS[1:], CONFIG.replace(b"bert", b"brat")
        self.damage(wrong, sha256(WEIGHTS))
        self.damage(small, git_sha1(CONFIG))
        self.good("download", "bert-tiny", "--no-verify")  # sizes alone
        self.assertNotIn("damaged", self.messages)
        result = self.good_json("download", "bert-tiny")
        self.assertEqual(result["received"], len(WEIGHTS) + len(CONFIG))
        self.assertIn(f"has the checksum {sha256(wrong)}, expected {sha256(WEIGHTS)}", self.messages)
        self.assertIn(f"has the checksum {git_sha1(small)}, expected {git_sha1(CONFIG)}", self.messages)
        self.check_snapshot(path)

    def test_damaged_without_the_hub(self):
        """Blobs are named by their checksums, so the cache alone shows damage, and a mirror needs no sizes."""
        path = self.good("download", "bert-tiny").strip()
        self.damage(WEIGHTS[:-1], sha256(WEIGHTS))
        error = self.bad("download", "bert-tiny", "--verify", HF_HUB_OFFLINE="1",
                         says=("model.safetensors: is damaged", "HF_HUB_OFFLINE is set"))
        self.assertIn(sha256(WEIGHTS[:-1]), error)
        self.hub.plain_listings = True
        self.good("download", "bert-tiny", "--verify")
        self.assertIn("is damaged", self.messages)
        self.check_snapshot(path)

    def test_damaged_blob_of_another_revision(self):
        self.repository.commit("v1", MODEL | {"vocab.txt": b"other\n"})
        self.good("download", "bert-tiny")
        self.damage(WEIGHTS[:5], sha256(WEIGHTS))
        path = Path(self.good("download", "bert-tiny@v1").strip())
        self.assertEqual((path / "model.safetensors").read_bytes(), WEIGHTS)
        self.assertEqual(self.messages.count("is damaged"), 1)

    def test_damaged_cache_without_links(self):
        """On file systems without symbolic links, huggingface_hub puts the files into the snapshot."""
        path = Path(self.good("download", "bert-tiny").strip())
        (path / "vocab.txt").unlink()
        (path / "vocab.txt").write_bytes(b"[PAX]\n")
        self.good("download", "bert-tiny")
        self.assertIn("vocab.txt: is damaged", self.messages)
        self.check_snapshot(path)

    # ------------------------------------------------------------------------------ tokens ---

    def test_token_is_not_sent_to_other_origins(self):
        self.good("download", "bert-tiny", HF_TOKEN=" hf_right\n")
        for server, _, _, headers, _ in self.hub.seen():
            expected = "Bearer hf_right" if server == "hub" else None
            self.assertEqual(headers.get("Authorization"), expected)
        self.assertTrue(self.hub.seen("store"))
        self.assertNotIn("hf_right", self.messages)

    def test_token_file(self):
        self.hub.model("me/private", MODEL, private=True)
        self.bad("download", "me/private", says=("me/private", "HF_TOKEN", "401"))
        (self.home / "hf").mkdir(exist_ok=True)
        (self.home / "hf" / "token").write_text("hf_right\n")
        self.good("download", "me/private")
        error = self.bad("download", "me/private", HF_TOKEN="hf_wrong", says="rejected the token")
        self.assertNotIn("hf_wrong", error)
        error = self.bad("download", "me/private", HF_TOKEN="hf_x\nEvil: y", code=2, says="character 5")
        self.assertNotIn("Evil", error)

    def test_gated(self):
        self.hub.model("big/gated", MODEL, gated=True)
        page = self.hub.url + "/big/gated"
        self.bad("download", "big/gated", says=("is gated", page, "set HF_TOKEN"))
        self.bad("download", "big/gated", HF_TOKEN="hf_right", says=("is gated", page, "account of the token", "403"))
        self.hub.granted.add("hf_right")
        self.good("download", "big/gated", HF_TOKEN="hf_right")

    def test_missing(self):
        self.bad("download", "nobody/nothing", says=("nobody/nothing, model or data set", "not found", "401"))
        self.bad("download", "nobody/nothing", HF_TOKEN="hf_right", says=("not found", "404"))
        self.bad("download", "nobody/nothing", "--dataset", says="data set nobody/nothing")
        self.hub.model("a/empty", {"README.md": b""})
        self.bad("download", "a/empty", says=("none of its 1 files belongs to a model", "--include"))

    # -------------------------------------------------------------------------- broken connections ---

    def test_broken_connection_resumes(self):
        self.hub.once(store_get, lambda h: h.break_after(WEIGHTS, 1_000_000, "store-" + sha256(WEIGHTS)[:8]))
        result = self.good_json("download", "bert-tiny")
        self.check_snapshot(result["directory"])
        self.assertEqual(result["received"], result["bytes"])
        ranges = [r[3].get("Range") for r in self.hub.seen("store", "GET")]
        self.assertEqual(ranges, [None, "bytes=1000000-"])
        self.assertEqual(self.hub.seen("store", "GET")[1][3]["If-Range"], f'"store-{sha256(WEIGHTS)[:8]}"')
        self.assertIn("retrying", self.messages)

    def test_repeated_breaks(self):
        def break_here(handler):
            first = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
            handler.send_response(206 if first else 200)
            if first:
                handler.send_header("Content-Range", f"bytes {first}-{len(WEIGHTS) - 1}/{len(WEIGHTS)}")
            handler.send_header("Content-Length", str(len(WEIGHTS) - first))
            handler.end_headers()
            handler.wfile.write(WEIGHTS[first:first + 700_000])
            handler.close_connection = True
        self.hub.times(2, store_get, break_here)
        self.check_snapshot(self.good("download", "bert-tiny", "--retries", "2").strip())

    def test_continued_after_kill(self):
        def slow(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(WEIGHTS)))
            handler.end_headers()
            handler.wfile.write(WEIGHTS[:500_000])
            handler.wfile.flush()
            time.sleep(3)
            handler.close_connection = True
        self.hub.once(store_get, slow)
        partial = self.cache / "models--bert-tiny/blobs" / (sha256(WEIGHTS) + ".incomplete")
        process = subprocess.Popen([case.bert, "download", "bert-tiny"], env=self.environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (partial.exists() and partial.stat().st_size == 500_000):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.kill()
        process.wait()
        result = self.good_json("download", "bert-tiny")
        self.check_snapshot(result["directory"])
        self.assertEqual(self.hub.seen("store", "GET")[-1][3].get("Range"), "bytes=500000-")
        self.assertFalse(partial.exists())

    def test_interrupted(self):
        def hang(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(WEIGHTS)))
            handler.end_headers()
            handler.wfile.write(WEIGHTS[:1000])
            time.sleep(3)
            handler.close_connection = True
        self.hub.once(store_get, hang)
        process = subprocess.Popen([case.bert, "download", "bert-tiny"], env=self.environment(), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not self.hub.seen("store", "GET"):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, messages = process.communicate(timeout=10)
        self.assertEqual((process.returncode, out), (130, ""))
        self.assertIn("run the same command to continue", messages)

    def test_partial_file_of_other_content(self):
        blobs = self.cache / "models--bert-tiny/blobs"
        blobs.mkdir(parents=True)
        (blobs / (sha256(WEIGHTS) + ".incomplete")).write_bytes(b"x" * 1000)
        (blobs / (git_sha1(CONFIG) + ".incomplete")).write_bytes(b"x" * 1000)
        self.check_snapshot(self.good("download", "bert-tiny").strip())
        self.assertEqual([r[3].get("Range") for r in self.hub.seen("store", "GET")], ["bytes=1000-", None])

    def test_range_ignored(self):
        blobs = self.cache / "models--bert-tiny/blobs"
        blobs.mkdir(parents=True)
        (blobs / (sha256(WEIGHTS) + ".incomplete")).write_bytes(WEIGHTS[:1000])
        self.hub.once(store_get, lambda h: h.answer(200, WEIGHTS))
        self.check_snapshot(self.good("download", "bert-tiny").strip())

    def test_wrong_range(self):
        blobs = self.cache / "models--bert-tiny/blobs"
        blobs.mkdir(parents=True)
        (blobs / (sha256(WEIGHTS) + ".incomplete")).write_bytes(WEIGHTS[:1000])
        self.hub.once(store_get, lambda h: h.answer(
            206, WEIGHTS[900:], {"Content-Range": f"bytes 900-{len(WEIGHTS) - 1}/{len(WEIGHTS)}"}))
        self.bad("download", "bert-tiny", says=("model.safetensors", "bytes 900-", "expected \"bytes 1000-"))

    def test_too_many_requests(self):
        self.hub.once(lambda h: "/revision/" in h.path, lambda h: h.answer(429, b"", {"Retry-After": "1"}))
        self.hub.once(lambda h: h.command == "HEAD", lambda h: h.answer(503))
        self.hub.once(store_get, lambda h: h.answer(500))
        began = time.monotonic()
        self.check_snapshot(self.good("download", "bert-tiny").strip())
        self.assertGreater(time.monotonic() - began, 1.9)
        self.assertIn("(too many requests); retrying in 1 s", self.messages)

    def test_gives_up(self):
        self.hub.faults.append(lambda h: h.answer(502) or True)
        self.bad("download", "bert-tiny", "--retries", "1", says=("gave up after 2 attempts", "502"))
        self.assertEqual(len(self.hub.seen()), 2)
        self.hub.faults[:] = [lambda h: h.answer(429, b"", {"Retry-After": "3600"}) or True]
        self.bad("download", "bert-tiny", says=("429", "3600 seconds"))
        self.bad("download", "bert-tiny", "--retries", "0", HF_ENDPOINT="http://127.0.0.1:9", says="127.0.0.1:9")

    def test_hanging_server(self):
        self.hub.faults.append(lambda h: (time.sleep(2.5), h.answer(500)) and True)
        self.bad("download", "bert-tiny", "--retries", "0", HF_HUB_DOWNLOAD_TIMEOUT="1",
                 says=("no data received for 1 seconds", "HF_HUB_DOWNLOAD_TIMEOUT"))

    # ------------------------------------------------------------------------------ wrong bytes ---

    def test_wrong_checksum(self):
        self.hub.times(1, store_get, lambda h: h.answer(200, b"x" * len(WEIGHTS)))
        error = self.bad("download", "bert-tiny", says=("model.safetensors", sha256(WEIGHTS), "discarded"))
        self.assertIn(sha256(b"x" * len(WEIGHTS)), error)
        self.assertFalse((self.snapshot() / "model.safetensors").exists())
        self.assertFalse((self.cache / "models--bert-tiny/refs/main").exists())
        self.check_snapshot(self.good("download", "bert-tiny").strip())

    def test_wrong_checksum_of_small_file(self):
        self.hub.times(1, config_get, lambda h: h.answer(200, b"y" * len(CONFIG)))
        self.bad("download", "bert-tiny", says=("config.json", git_sha1(CONFIG)))

    def test_wrong_length(self):
        self.hub.once(store_get, lambda h: h.answer(200, WEIGHTS + b"more"))
        self.bad("download", "bert-tiny", says=("3000004 bytes, expected 3000000"))

        def endless(handler):
            handler.send_response(200)
            handler.send_header("Connection", "close")
            handler.end_headers()
            handler.wfile.write(WEIGHTS * 2)
            handler.close_connection = True
        self.hub.faults[:] = []
        self.hub.once(store_get, endless)
        self.bad("download", "bert-tiny", says="received more than the expected 3000000 bytes")

    def test_truncated_without_length(self):
        def cut(handler):
            handler.send_response(200)
            handler.send_header("Connection", "close")
            handler.end_headers()
            handler.wfile.write(WEIGHTS[:2_000_000])
            handler.close_connection = True
        self.hub.once(store_get, cut)
        self.check_snapshot(self.good("download", "bert-tiny").strip())
        self.assertEqual(self.hub.seen("store", "GET")[-1][3]["Range"], "bytes=2000000-")

    # -------------------------------------------------------------------------- malicious servers ---

    def listing(self, value):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.hub.faults[:] = [lambda h: "/revision/" in h.path and (h.answer(200, body) or True)]

    def test_unsafe_names(self):
        for name in ("../x", "/etc/passwd", "a/../../x", "a//b", ".", "a\nb", "a\x1b[2J", "x" * 300, ""):
            self.listing({"sha": "0" * 40, "siblings": [{"rfilename": name}]})
            self.bad("download", "bert-tiny", "--include", "*", says=("unsafe file name", "nothing was written"))
        self.assertFalse(self.cache.exists())

    def test_invalid_json(self):
        for body, says in (
            (b"", "invalid JSON"), (b"[]", "is an array"), (b"{", "invalid JSON"), (b"[" * 100000, "invalid JSON"),
            (b'{"sha": "x\\u0000y", "siblings": []}', "invalid JSON"), (b'{"siblings": []}', '"sha" is missing'),
            (b'{"sha": "../../x", "siblings": []}', "40 hexadecimal digits"),
            (b'{"sha": "%s"}' % (b"0" * 40), 'no array "siblings"'),
            (b'{"sha": "%s", "siblings": [{}]}' % (b"0" * 40), '"rfilename" is missing'),
            (b'{"sha": "%s", "siblings": [{"rfilename": 1}]}' % (b"0" * 40), "expected a string"),
        ):
            self.listing(body)
            self.bad("download", "bert-tiny", says=says)

    def test_invalid_headers(self):
        head = lambda headers: lambda h: h.command == "HEAD" and (h.answer(200, b"", headers, 5) or True)
        for headers, says in (({"ETag": '"../../x"'}, "expected a SHA-1 or SHA-256"), ({}, "the ETag is missing"),
                              ({"ETag": f'"{"0" * 40}"', "X-Linked-Size": "-1"}, 'the size is "-1"'),
                              ({"X-Pad": "x" * 60000, **{f"X-{i}": "x" * 60000 for i in range(5)}}, "bytes of headers")):
            self.hub.faults[:] = [head(headers)]
            self.bad("download", "bert-tiny", says=says)

    def test_redirects(self):
        for location, says in (("/again", "more than 10 redirects"), ("file:///etc/passwd", "is rejected"),
                               ("ftp://x/y", "is rejected"), ("http://u:p@127.0.0.1/", "not a URL to follow")):
            self.hub.faults[:] = [lambda h: (config_get(h) or h.path == "/again") and (
                h.answer(302, b"", {"Location": location}) or True)]
            error = self.bad("download", "bert-tiny", "--include", "config.json", says=says)
            self.assertNotIn("u:p", error)

    def test_signature_is_not_shown(self):
        self.hub.faults.append(lambda h: store_get(h) and (h.break_after(b"", 0, announced=5000000) or True))
        error = self.bad("download", "bert-tiny", "--retries", "0")
        self.assertNotIn("Signature", error + self.messages)

    def test_error_text_is_one_line(self):
        self.hub.faults.append(lambda h: h.answer_json({"error": "one\ntwo\x1b[31m"}, 400) or True)
        self.assertIn("one?two?[31m", self.bad("download", "bert-tiny"))

    def test_https(self):
        """A self-signed certificate is not trusted, and redirects from https to http are errors."""
        key, certificate = self.home / "key.pem", self.home / "certificate.pem"
        if not shutil.which("openssl"):
            self.skipTest("no openssl command")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        secure = FakeHub(certificate, key)
        self.addCleanup(secure.stop)
        secure.model("bert-tiny", MODEL)
        self.bad("download", "bert-tiny", "--retries", "0", HF_ENDPOINT=secure.url, HF_TOKEN="hf_right",
                 says="certificate")
        self.assertFalse(secure.seen())
        trusted = {"HF_ENDPOINT": secure.url, "HF_TOKEN": "hf_right", "REQUESTS_CA_BUNDLE": str(certificate)}
        self.good("download", "bert-tiny", "--include", "config.json", **trusted)
        self.assertEqual(secure.seen()[0][3]["Authorization"], "Bearer hf_right")
        self.bad("download", "bert-tiny", **trusted, says=("model.safetensors", "from https to plain http"))
        self.assertFalse(secure.seen("store"))

    def test_full_disk(self):
        small = self.home / "small"
        small.mkdir()
        if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", small], capture_output=True).returncode:
            self.skipTest("no right to mount")
        script = f'mount -t tmpfs -o size=1m tmpfs "{small}" && exec "{case.bert}" download bert-tiny --output "{small}/x"'
        run = subprocess.run(["unshare", "--mount", "sh", "-c", script], env=self.environment(), text=True,
                             capture_output=True, timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertIn("3000000 more bytes are needed, but the disk has only", run.stderr)

    def test_two_at_once(self):
        processes = [subprocess.Popen([case.bert, "download", "bert-tiny"], env=self.environment(), text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        for process in processes:
            out, messages = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 0, messages)
            self.check_snapshot(out.strip())
        self.assertEqual(len(self.hub.seen("store", "GET")), 1)


class DataSets(HubCase):
    FILES = {f"wikitext-{n}-raw-v1/{split}/000{i}.parquet": f"{n}{split}{i}".encode()
             for n in (2, 103) for split in ("test", "train") for i in range(2)}

    def setUp(self):
        super().setUp()
        self.repository = self.hub.dataset("wikitext", self.FILES)

    def test_config_and_split(self):
        out = self.good("download", "wikitext", "--config", "wikitext-103-raw-v1", "--split", "train").splitlines()
        root = self.cache / "datasets--wikitext/snapshots" / self.repository.head("refs/convert/parquet")
        self.assertEqual(out, [f"{root}/wikitext-103-raw-v1/train/000{i}.parquet" for i in range(2)])
        self.assertEqual(Path(out[1]).read_bytes(), b"103train1")
        self.assertTrue((self.cache / "datasets--wikitext/refs/refs/convert/parquet").exists())
        self.assertFalse(self.hub.seen(part="/api/models/"))
        out = self.good("download", "wikitext", "--config", "wikitext-2-raw-v1").splitlines()
        self.assertEqual(len(out), 4)
        offline = self.good("download", "wikitext", "--config", "wikitext-2-raw-v1", HF_HUB_OFFLINE="1").splitlines()
        self.assertEqual(offline, sorted(out))  # one order, so that data prepared from them are the same
        self.assertEqual(offline, out)

    def test_unreachable(self):
        out = self.good("download", "wikitext", "--config", "wikitext-2-raw-v1", "--split", "test")
        refused = {"HF_ENDPOINT": "http://127.0.0.1:9"}
        for kind in ([], ["--repo-type", "dataset"], ["--config", "wikitext-2-raw-v1"]):
            self.assertEqual(self.good("download", "wikitext", *kind, "--retries", "0", **refused), out)
            self.assertIn("warning: ", self.messages)
        self.bad("download", "wikitext", "--config", "wikitext-103-raw-v1", "--retries", "0", **refused, code=2,
                 says="no configuration")

    def test_downloads_can_be_read(self):
        tables = Path(__file__).parent.parent / "formats" / "tables"
        self.hub.dataset("me/text", {f"default/train/000{i}.parquet": (tables / name).read_bytes()
                                     for i, name in enumerate(["snappy.parquet", "dictionary-v2.parquet"])})
        paths = self.good("download", "me/text", "--config", "default").splitlines()
        self.assertEqual(len(paths), 2)
        once = self.good("cat", paths[0])
        self.assertTrue(once.startswith("row 0\n\ntwo\n"))
        self.assertEqual(self.good("cat", *paths), once + "\n" + once)

    def test_model_or_data_set(self):
        out = self.good("download", "wikitext", "--include", "wikitext-2-raw-v1/test/*").splitlines()
        self.assertEqual(len(out), 2)
        self.assertTrue(self.hub.seen(part="/api/models/wikitext"))
        self.hub.model("wikitext", MODEL)
        self.assertEqual(self.good_json("download", "wikitext")["type"], "model")
        self.bad("download", "wikitext", "--dataset", code=2, says=("--config", "wikitext-103-raw-v1, wikitext-2-raw-v1"))

    def test_messages_list_what_is_available(self):
        self.bad("download", "wikitext", "--config", "x", code=2, says=('no configuration "x"', "wikitext-2-raw-v1"))
        self.bad("download", "wikitext", "--config", "wikitext-2-raw-v1", "--split", "dev", code=2,
                 says=('no split "dev"', "test, train"))
        self.bad("download", "wikitext", "--config", "a", "--include", "b", code=2, says="cannot be combined with")
        self.hub.dataset("me/one", {"default/partial-train/0000.parquet": b"p"})
        self.assertEqual(len(self.good("download", "me/one").splitlines()), 1)
        self.assertIn("only its first part", self.messages)

    def test_no_parquet(self):
        del self.repository.revisions["refs/convert/parquet"]
        self.bad("download", "wikitext", "--dataset", says=("no Parquet version", "--revision main, --include PATTERN"))
        self.assertEqual(len(self.good("download", "wikitext", "--dataset", "--revision", "main", "--include",
                                       "README.md").splitlines()), 1)


if __name__ == "__main__":
    case.main()
