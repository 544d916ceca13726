"""How times, people and devices read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from flask_clerk.local import LocalClerk
from flask_clerk.local.model import Activity
from flask_clerk.local.web import wording


@pytest.fixture
def now(clerk: LocalClerk, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Return a time that stands still, in an app's context."""
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    app = Flask("wording")
    app.extensions["clerk_local"] = clerk
    with app.app_context():
        yield clerk.now


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (9, "just now"),
        (10, "10 seconds ago"),
        (61, "1 minute ago"),
        (7200, "2 hours ago"),
        (3 * 86_400, "3 days ago"),
        (-4, "just now"),
        (-30, "in 30 seconds"),
        (-(7 * 86_400 - 11), "in 7 days"),
    ],
)
def test_time_in_words(now: int, seconds: int, words: str) -> None:
    assert wording.ago(now - seconds * 1000) == words


def test_never(now: int) -> None:
    assert wording.ago(None) == "never"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "none"), (60, "1 minute"), (90, "90 seconds"), (0, "0 seconds"), (604_800, "7 days")],
)
def test_duration_is_exact(seconds: int | None, words: str) -> None:
    assert wording.duration(seconds) == words


def test_timestamp_is_iso() -> None:
    assert wording.timestamp(1_800_000_000_000) == "2027-01-15T08:00:00Z"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("Ada King of Lovelace", "AL"), ("mary@example.com", "M"), ("", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert wording.initials(name) == letters


def test_device() -> None:
    assert wording.device(Activity(id="a", browser_name="Firefox")) == "Firefox"
    assert wording.device(Activity(id="a", device_type="Linux")) == "Linux"
    assert wording.device(None) == "Unknown device"


def test_pretty_json_can_always_be_encoded() -> None:
    assert wording.pretty({"é": 1}) == '{\n  "é": 1\n}'
    assert wording.pretty("\ud800") == '"\\ud800"'
