"""Fuzz one target, in this process, until the time is over or an input breaks it."""

from __future__ import annotations

import logging
import sys

import atheris

with atheris.instrument_imports(include=["flask_clerk"]):
    from tests.fuzz.readers import READERS
    from tests.fuzz.verdicts import VERDICTS


def main() -> None:
    """Take the target's name and libFuzzer's own arguments from the command line."""
    logging.disable()
    program, name, *arguments = sys.argv
    target = {**READERS, **VERDICTS}[name]
    atheris.Setup([program, *arguments], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
