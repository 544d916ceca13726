"""Fuzz one target, in this process, until the time is over or an input breaks it."""

from __future__ import annotations

import logging
import sys

import atheris

with atheris.instrument_imports(include=["flask_clerk"]):
    from tests.fuzz.corpus import TARGETS


def main() -> None:
    """Take the target's name and libFuzzer's own arguments from the command line."""
    logging.disable()
    program, name, *arguments = sys.argv
    atheris.Setup([program, *arguments], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
