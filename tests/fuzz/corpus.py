"""The inputs that fuzzing begins with, and those that once broke something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fuzz.doors import DOORS
from tests.fuzz.readers import READERS
from tests.fuzz.verdicts import VERDICTS

#: A folder for each target, a file for each input.
CORPUS = Path(__file__).parent / "inputs"
TARGETS: dict[str, Callable[[bytes], None]] = {**READERS, **VERDICTS, **DOORS}
