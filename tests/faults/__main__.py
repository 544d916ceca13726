"""``python -m tests.faults``: how long visitors wait while Clerk is out of reach, in every way."""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from pathlib import Path

from joserfc.jwk import RSAKey

from flask_clerk.api import BackendAPI
from flask_clerk.api import Client
from flask_clerk.globals import clerk_of
from tests.attacks.target import NAVIGATION
from tests.attacks.target import SUFFIX
from tests.attacks.target import Target
from tests.attacks.target import session_cookies
from tests.faults.outages import OUTAGES
from tests.faults.outages import outage
from tests.loopback import Loopback
from tests.loopback import answer_json
from tests.signing import KID
from tests.visitors import bearer


def seconds_of(target: Target, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    target.get("/open", headers)
    return time.perf_counter() - began


def measure(name: str, key: RSAKey, folder: Path) -> tuple[float, float, float, float]:
    """Return the seconds that four visitors wait.

    The first of an app that has no keys yet, and the next; one whose session is to be renewed; and
    one who is signed in where the keys are known.
    """
    clerk = Loopback()
    clerk.respond = lambda call: answer_json({"keys": [{**key.as_dict(private=False), "kid": KID}]})
    with clerk.running(), outage(name, folder) as (url, _):
        cold = Target(key, jwt_key=None, api_url=url)
        first, following = (seconds_of(cold, bearer(cold.token())) for _ in range(2))
        known = Target(key, jwt_key=None, api_url=clerk.url)
        known.assert_signed_in(known.token())
        failing = Target(key, api_url=url)
        held = session_cookies(failing.token(exp=3, iat=2, nbf=2))["Cookie"]
        renewing = {"Cookie": f"{held}; __refresh_{SUFFIX}=rt_1", **NAVIGATION}
        renewed = seconds_of(failing, renewing)
        backend = clerk_of(known.app).instance.backend
        assert isinstance(backend, BackendAPI)
        backend.client = Client(clerk_of(failing.app).instance.config)
        signed_in = statistics.median(
            seconds_of(known, bearer(known.token(sub=f"user_{number}"))) for number in range(50)
        )
    return first, following, renewed, signed_in


def main() -> None:
    """Print a line for each outage, in seconds."""
    logging.disable()
    key: RSAKey = RSAKey.generate_key(2048, private=True)
    titles = ("first visitor", "next one", "renewal", "known keys")
    print(f"{'outage':<24}" + "".join(f"{title:>15}" for title in titles))
    with tempfile.TemporaryDirectory() as folder:
        for name in OUTAGES:
            waits = measure(name, key, Path(folder))
            print(f"{name:<24}" + "".join(f"{wait:>14.3f}s" for wait in waits), flush=True)


if __name__ == "__main__":
    main()
