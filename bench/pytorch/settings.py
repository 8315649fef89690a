"""Settings that may make PyTorch fast on a CPU, and which of them were fastest on this machine.

A setting is a list of words: the flags of baseline.py, and these, which change the environment of its process:
  jemalloc   as the allocator, never returning freed memory. With the decay times of PyTorch's tuning guide, jemalloc
             5.3 returns blocks of 8 MB and more at once, and every step zeroes their pages again
  mkl        MKL uses its fastest kernels also on processors of other vendors than Intel (mkl_any_vendor.c)
"""

import json
import os
import pathlib
import platform
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KNOWN = HERE / "tuned.json"  # in the repository: the fastest settings on the machines of the published figures
OWN = ROOT / "build" / "python" / "pytorch-peer-tuned.json"  # found by --tune on this machine
JEMALLOC = ["/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "/usr/lib/aarch64-linux-gnu/libjemalloc.so.2"]
JEMALLOC_OPTIONS = "oversize_threshold:0,metadata_thp:auto,thp:always,dirty_decay_ms:-1,muzzy_decay_ms:-1"
ENVIRONMENT = ["jemalloc", "mkl"]

# bfloat16 is compared with bfloat16 only: the arithmetic is different.
CANDIDATES = {
    "float32": ["jemalloc mkl", "jemalloc mkl --attention eager", "jemalloc mkl --compile"],
    "bf16": ["jemalloc mkl --bf16", "jemalloc mkl --bf16 --compile", "jemalloc mkl --bf16-matmul",
             "jemalloc mkl --bf16-matmul --compile"],
}
# For cases that were never tuned: the most frequent winner.
USUAL = {"float32": "jemalloc mkl", "bf16": "jemalloc mkl --bf16 --compile"}


def machine(threads):
    name = platform.machine()
    for line in open("/proc/cpuinfo"):
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "cpu family", "model"):
            name += f" {key.strip()} {value.strip()}"
        if not line.strip():
            break
    return f"{name}, {threads} threads"


def mkl_library():
    """Compiled on demand; None on processors of Intel and on other architectures than x86."""
    with open("/proc/cpuinfo") as file:
        if platform.machine() != "x86_64" or "GenuineIntel" in file.read():
            return None
    library = ROOT / "build" / "python" / "mkl_any_vendor.so"
    source = HERE / "mkl_any_vendor.c"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return str(library)


def split(setting):
    """Flags of baseline.py and the environment of its process."""
    words, environment, preload = setting.split(), {}, []
    if "jemalloc" in words:
        preload += [path for path in JEMALLOC if os.path.exists(path)][:1]
        environment["MALLOC_CONF"] = JEMALLOC_OPTIONS
    if "mkl" in words and mkl_library():
        preload.append(mkl_library())
    if preload:
        environment["LD_PRELOAD"] = " ".join(preload)
    return [word for word in words if word not in ENVIRONMENT], environment


def read(path):
    return json.loads(path.read_text()) if path.exists() else {}


class Tuned:
    """Measured settings by machine, versions, case and precision."""

    def __init__(self, threads, versions):
        self.place = f"{machine(threads)}, {versions}"
        self.known, self.own = read(KNOWN), read(OWN)

    def find(self, case, precision, compiled=True):
        """The fastest setting and its origin; with `compiled` false, without torch.compile."""
        key = f"{case.like} {precision}"
        here = [store.get(self.place, {}) for store in (self.own, self.known)]
        elsewhere = [place for store in (self.own, self.known) for place in store.values()]
        for places, origin in ((here, "tuned here"), (elsewhere, "tuned elsewhere")):
            for place in places:
                seconds = {name: value for name, value in place.get(key, {}).get("seconds", {}).items()
                           if compiled or "--compile" not in name}
                if seconds:
                    return min(seconds, key=seconds.get), origin
        return (USUAL[precision] if compiled else USUAL[precision].replace(" --compile", "")), "not tuned"

    def keep(self, case, precision, seconds):
        """Stores `seconds` per step by setting."""
        entry = {"seconds": {name: round(value, 4) for name, value in seconds.items()}}
        self.own.setdefault(self.place, {})[f"{case.like} {precision}"] = entry
        OWN.write_text(json.dumps(self.own, indent=1, sort_keys=True) + "\n")
