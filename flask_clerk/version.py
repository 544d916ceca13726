"""The version of this package, in the one place that the build and the code both read."""

from __future__ import annotations

VERSION = "0.1.0"
