"""``python -m tests.scaling.measure``: how fast all gunicorn workers hear of an ended session."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from joserfc.jwk import RSAKey

from tests.scaling.redis_server import RedisServer
from tests.scaling.workers import running_workers
from tests.scaling.workers import summary
from tests.signing import Signer
from tests.webhook_sender import SECRET

ROUNDS = 50


def main() -> None:
    """Print the median and the slowest of fifty rounds."""
    program = shutil.which("redis-server") or sys.exit("redis-server is not installed.")
    key = RSAKey.generate_key(2048, private=True)
    pem = key.as_pem(private=False).decode("ascii")
    with TemporaryDirectory() as name:
        folder = Path(name)
        server = RedisServer(program, folder)
        server.start()
        try:
            settings = {"revocation_url": server.url, "webhook_signing_secret": SECRET}
            with running_workers(Signer(key), pem, folder, **settings) as workers:
                workers.wait_for_connections()
                rounds = [workers.spread(f"sess_{number}") for number in range(ROUNDS)]
                print(summary(rounds))
        finally:
            server.close()


if __name__ == "__main__":
    main()
