"""Shared by the tests of the hub commands: a fake Hub, a temporary home directory, and `bert` run in it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
from fake_hub import FakeHub  # noqa: E402

bert = None  # the program; set by main


def main():
    global bert
    bert = os.path.abspath(sys.argv.pop(1))
    import case
    case.bert = bert
    unittest.main(module="__main__", verbosity=1)


class HubCase(unittest.TestCase):
    standard_input = ""

    def setUp(self):
        self.hub = FakeHub()
        self.addCleanup(self.hub.stop)
        self.home = Path(tempfile.mkdtemp(prefix="bert-hub-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.cache = self.home / "hf" / "hub"

    def environment(self, **changes):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("HF_", "HUGGING", "TRANSFORMERS"))
                       and not name.lower().endswith("_proxy")}
        environment |= {"HOME": str(self.home), "HF_HOME": str(self.home / "hf"), "HF_ENDPOINT": self.hub.url,
                        "HF_HUB_DOWNLOAD_TIMEOUT": "5", "LC_ALL": "C.UTF-8"}
        environment |= changes
        return {name: value for name, value in environment.items() if value is not None}

    def run_bert(self, *arguments, **environment):
        return subprocess.run([bert, *map(str, arguments)], env=self.environment(**environment), cwd=self.home,
                              input=self.standard_input, capture_output=True, text=True, timeout=60)

    def good(self, *arguments, **environment):
        """Runs a command that must succeed and returns its standard output."""
        run = self.run_bert(*arguments, **environment)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.messages = run.stderr
        return run.stdout

    def good_json(self, *arguments, **environment):
        return json.loads(self.good(*arguments, "--json", **environment))

    def bad(self, *arguments, code=1, says=(), **environment):
        """Runs a command that must fail with one error line that contains all of `says`."""
        run = self.run_bert(*arguments, **environment)
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertEqual(run.stdout, "")
        errors = [line for line in run.stderr.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 1, run.stderr)
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, errors[0])
        self.messages = run.stderr
        return errors[0]
