"""bert pretrain and finetune --push-to-hub against a Hub on loopback, which may be slow or fail."""
import json
import shutil
import signal
import subprocess
import time

import case
from case import HubCase
from made_model import MODEL_FILES, make_data, train

PUSH = ("--push-to-hub", "me/run")


class Pushes(HubCase):
    def setUp(self):
        super().setUp()
        make_data(self)

    def environment(self, **changes):
        return super().environment(**({"HF_TOKEN": "hf_right"} | changes))

    def run_to_end(self, output, *options, **environment):
        run = train(self, output, *options, **environment)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.messages = run.stderr
        self.assertNotIn("hf_right", run.stderr)
        return self.home / output / "checkpoint-4"

    def resume(self, output, *options, **environment):
        return self.good("pretrain", "--resume", output, *options, **environment)

    def stored(self, name="me/run"):
        return self.hub.repositories["models", name].files()

    def check_stored(self, checkpoint, name="me/run"):
        expected = {file: (checkpoint / file).read_bytes() for file in MODEL_FILES}
        self.assertEqual(self.stored(name), expected | {".gitattributes": b"* lfs\n"})

    def test_checkpoints_are_sent(self):
        self.run_to_end("run", *PUSH, "--stop-after-steps", "2")
        self.check_stored(self.home / "run" / "checkpoint-2")
        self.assertEqual(self.hub.messages, ["Step 2"])
        self.assertIn(f"checkpoint-2 is on the Hub: {self.hub.url}/me/run/commit/", self.messages)
        self.assertFalse(self.hub.repositories["models", "me/run"].private)
        self.resume("run")  # as run.json says
        self.check_stored(self.home / "run" / "checkpoint-4")
        self.assertEqual(self.hub.messages, ["Step 2", "Step 4, end of training"])
        self.assertNotIn("was not sent", self.messages)
        # The weights are those of a run that sends nothing.
        plain = self.run_to_end("plain")
        self.assertEqual((plain / "model.safetensors").read_bytes(), self.stored()["model.safetensors"])
        self.assertEqual(len(self.hub.messages), 2)

    def test_private(self):
        self.run_to_end("run", *PUSH, "--hub-private-repo")
        self.assertTrue(self.hub.repositories["models", "me/run"].private)
        self.check_stored(self.home / "run" / "checkpoint-4")

    def test_strategy_end(self):
        self.run_to_end("run", *PUSH, "--hub_strategy", "end", "--stop-after-steps", "2")
        self.assertEqual(self.hub.messages, [])
        self.resume("run")
        self.assertEqual(self.hub.messages, ["Step 4, end of training"])

    def test_resume_decides_anew(self):
        self.run_to_end("run", "--stop-after-steps", "2")
        shutil.copytree(self.home / "run", self.home / "twin")
        self.resume("run", "--push-to-hub", "me/late", "--hub-private-repo")
        self.assertTrue(self.hub.repositories["models", "me/late"].private)
        self.check_stored(self.home / "run" / "checkpoint-4", "me/late")
        self.bad("pretrain", "--resume", "twin", "--hub-private-repo", code=2, says="requires --push-to-hub")
        self.run_to_end("other", *PUSH, "--hub-strategy", "end", "--stop-after-steps", "2")
        self.resume("other", "--push-to-hub", "none")
        self.assertNotIn(("models", "me/other"), self.hub.repositories)
        self.assertEqual(len(self.hub.messages), 1)
        # A run that has ended sends its model when it is asked to.
        self.resume("other", "--push-to-hub", "me/again")
        self.check_stored(self.home / "other" / "checkpoint-4", "me/again")

    def test_refused(self):
        """A failure is a warning; the training and its result are as without."""
        plain = self.run_to_end("plain")
        self.hub.faults.append(lambda h: h.answer_error(403, "", "read-only token") or True)
        checkpoint = self.run_to_end("run", *PUSH)
        self.assertIn("warning: me/run is not ready on the Hub", self.messages)
        self.assertIn("checkpoint-4 was not sent to the Hub: ", self.messages)
        self.assertIn("read-only token", self.messages)
        self.assertIn("by hand: bert upload ", self.messages)
        self.assertEqual((checkpoint / "model.safetensors").read_bytes(), (plain / "model.safetensors").read_bytes())
        # The hand's way, as the message says it.
        self.hub.faults.clear()
        line = next(l for l in self.messages.splitlines() if "checkpoint-4 was not sent" in l)
        self.good(*line.split("by hand: bert ")[1].split(), "--create")
        self.check_stored(checkpoint)

    def test_the_next_checkpoint_tries_again(self):
        self.hub.faults.append(lambda h: h.answer_error(403, "", "not now") or True)
        self.run_to_end("run", *PUSH, "--stop-after-steps", "2")
        self.assertIn("checkpoint-2 was not sent", self.messages)
        self.assertNotIn(("models", "me/run"), self.hub.repositories)
        self.hub.faults.clear()
        self.resume("run")
        self.check_stored(self.home / "run" / "checkpoint-4")

    def test_temporary_failures(self):
        self.hub.once(lambda h: "/preupload/" in h.path, lambda h: h.answer(503))
        self.hub.once(lambda h: h.command == "PUT", lambda h: h.answer(500))
        self.run_to_end("run", *PUSH)
        self.check_stored(self.home / "run" / "checkpoint-4")
        self.assertIn("retrying in", self.messages)

    def test_slow_hub(self):
        """The training does not wait: while the first request hangs, it makes all its checkpoints."""
        self.hub.once(lambda h: "/create" in h.path, lambda h: (time.sleep(2), h.create()))
        began = time.monotonic()
        self.run_to_end("run", *PUSH)
        self.assertIn("checkpoint-2 is not sent to the Hub: an earlier one is still on its way", self.messages)
        self.assertIn("waiting until the model is on the Hub (me/run)", self.messages)
        self.assertGreater(time.monotonic() - began, 2)
        self.assertEqual(self.hub.messages, ["Step 4, end of training"])

    def test_checkpoints_that_are_removed(self):
        """What save_total_limit removes while it is being sent is sent whole."""
        def slow(handler):
            time.sleep(0.2)
        self.hub.faults.append(lambda h: "/preupload/" in h.path and slow(h))
        run = self.run_bert("pretrain", "--data", "data", "--model", "config.json", "--output", "run", "--max-steps", "300",
                            "--save-steps", "20", "--save-total-limit", "1", "--max-seq-length", "16",
                            "--per-device-train-batch-size", "2", "--threads", "1", *PUSH)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn("was not sent", run.stderr)
        self.assertEqual([p.name for p in (self.home / "run").glob("checkpoint-*")], ["checkpoint-300"])
        self.check_stored(self.home / "run" / "checkpoint-300")

    def test_interrupted_wait(self):
        self.hub.faults.append(lambda h: "/create" in h.path and (time.sleep(20) or True))
        process = subprocess.Popen(
            [case.bert, "pretrain", "--data", "data", "--model", "config.json", "--output", "run", "--max-steps", "4",
             "--max-seq-length", "16", "--per-device-train-batch-size", "2", "--threads", "1", *PUSH],
            env=self.environment(HF_HUB_DOWNLOAD_TIMEOUT="60"), cwd=self.home, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        messages = ""
        for line in process.stderr:
            messages += line
            if "waiting until" in line:
                break
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=15)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(process.returncode, 0, messages + rest)  # the training was done
        self.assertIn("checkpoint-4 was not sent to the Hub", rest)
        self.assertIn("4 steps", out)

    def test_usage(self):
        def bad(*options, says, **environment):
            run = train(self, "none", *options, **environment)
            self.assertEqual((run.returncode, run.stdout), (2, ""), run.stderr)
            self.assertIn(says, run.stderr)
            self.assertFalse((self.home / "none").exists())
        bad(*PUSH, HF_TOKEN=None, says="--push-to-hub needs a token with write permission: create one at " + self.hub.url)
        bad(*PUSH, HF_HUB_OFFLINE="1", says="HF_HUB_OFFLINE")
        bad("--push-to-hub", "run", says='--push-to-hub is "run", expected OWNER/NAME')
        bad("--push-to-hub", "a/b/c", says="is not a valid name on the Hub")
        bad("--hub-private-repo", says="--hub-private-repo requires --push-to-hub OWNER/NAME")
        bad("--hub-strategy", "end", says="--hub-strategy requires --push-to-hub OWNER/NAME")
        bad("--hub-strategy", "checkpoint", says="every_save or end")
        bad("--push_to_hub", "--hub_model_id", "me/run", says="--push-to-hub needs a value: --push-to-hub OWNER/NAME")
        bad("--hub_model_id", "me/run", says="--push-to-hub OWNER/NAME says which model")
        bad("--hub_token", "hf_right", says="the token is that of HF_TOKEN")
        self.assertFalse(self.hub.seen())

    def test_nothing_is_made_for_a_run_that_cannot_begin(self):
        run = train(self, "none", *PUSH, "--data", "nowhere")
        self.assertNotEqual(run.returncode, 0)
        self.assertFalse(self.hub.seen())

    def test_ranks(self):
        if not shutil.which("mpirun"):
            self.skipTest("no mpirun")
        run = subprocess.run(
            ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", case.bert, "pretrain", "--data", "data", "--model",
             "config.json", "--output", "run", "--max-steps", "4", "--max-seq-length", "16", "--threads", "1",
             "--per-device-train-batch-size", "2", *PUSH],
            # Open MPI leaks memory of plugins that are unloaded at exit.
            env=self.environment(OMP_NUM_THREADS="1", ASAN_OPTIONS="detect_leaks=0"), cwd=self.home, capture_output=True, text=True, timeout=100)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.check_stored(self.home / "run" / "checkpoint-4")
        self.assertEqual(len(self.hub.seen(part="/create")), 2)  # of one rank: before, and with the checkpoint
        self.assertEqual(self.hub.messages, ["Step 4, end of training"])

    def test_finetune(self):
        (self.home / "task.tsv").write_text("sentence\tlabel\n" + "the rain\t0\nthe sun\t1\n" * 8)
        options = ("--task", "task.tsv", "--text-column", "sentence", "--from-scratch", "config.json", "--tokenizer", "tokenizer", "--max-seq-length",
                   "16", "--num-train-epochs", "1", "--output", "tuned", "--threads", "1", *PUSH)
        self.good("finetune", *options)
        for name in ("model.safetensors", "config.json", "vocab.txt", "README.md"):
            self.assertEqual(self.stored()[name], (self.home / "tuned" / name).read_bytes())
        self.assertNotIn("results.json", self.stored())
        self.assertRegex(self.hub.messages[-1], "^Seed 42, epoch 1$")
        self.assertEqual(len(self.good("predict", "--model", "me/run", "--download", "the rain").splitlines()), 1)
        self.bad("finetune", *options[:-2], "--hub-private-repo", "--output", "x", code=2, says="requires --push-to-hub")
        self.hub.faults.append(lambda h: h.answer_error(403, "", "read-only token") or True)
        self.good("finetune", *options, "--output", "tuned2")
        self.assertIn("tuned2 was not sent to the Hub", self.messages)


if __name__ == "__main__":
    case.main()
