"""``python -m tests.fuzz --seconds N [target …]``: fuzz every target, or those named, in turn.

Each runs in a process of its own for the same share of the time. What breaks a target is kept in
``inputs/<target>/``, where the tests find it until it is mended, and for ever after.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.corpus import CORPUS
from tests.fuzz.corpus import TARGETS

#: What mutations put in, beside single bytes.
_WORDS = Path(__file__).parent / "words.dict"
#: Bytes. The largest token that is read, and a little more.
_LONGEST = 20_000
#: Seconds that one input may take.
_PATIENCE = 10


def main() -> int:
    """Return 1 if any input broke a target."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    asked = parser.parse_args()
    names = asked.targets or list(TARGETS)
    unknown = sorted(set(names) - set(TARGETS))
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}")
    share = max(1, asked.seconds // len(names))
    print(f"{'target':<16} {'seconds':>8} {'inputs':>10} {'covered':>8}  found", flush=True)
    broken = [name for name in names if not _fuzz(name, share)]
    return 1 if broken else 0


def _fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target, print its line, and say whether it held."""
    own = CORPUS / name
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as found:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.fuzz.one",
                name,
                found,  # new inputs go here, and not into the repository
                str(own),
                f"-max_total_time={seconds}",
                f"-max_len={_LONGEST}",
                f"-timeout={_PATIENCE}",
                f"-artifact_prefix={own}/broken-",
                f"-dict={_WORDS}",
                "-print_final_stats=1",
                "-verbosity=1",
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    log = done.stderr + done.stdout
    tried = _last(r"stat::number_of_executed_units:\s+(\d+)", log)
    covered = _last(r"cov: (\d+)", log)
    took = time.monotonic() - began
    held = done.returncode == 0
    print(
        f"{name:<16} {took:>8.0f} {tried:>10} {covered:>8}  {'' if held else 'BROKEN'}", flush=True
    )
    if not held:
        print(log[-6_000:])
    return held


def _last(pattern: str, log: str) -> str:
    found = re.findall(pattern, log)
    return found[-1] if found else "?"


if __name__ == "__main__":
    sys.exit(main())
