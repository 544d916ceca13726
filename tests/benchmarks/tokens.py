"""Session tokens by the million: signed by processes of their own, and never all in memory."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from itertools import count
from itertools import cycle
from itertools import islice
from multiprocessing.connection import Connection

from joserfc.jwk import RSAKey

from tests.benchmarks.variants import Workshop

#: A signature takes longer than all that an app does with the token.
PROCESSES = 2
_BATCH = 50


@contextmanager
def signed_tokens(shop: Workshop) -> Iterator[Iterator[str]]:
    """Give a stream of tokens without end, each of another session and user than number 0.

    A process signs until its pipe is full, which is soon, and rests until it is read.
    """
    context = multiprocessing.get_context("spawn")
    pem = shop.key.as_pem(private=True)
    processes, pipes = [], []
    for first in range(1, PROCESSES + 1):
        pipe, end = context.Pipe(duplex=False)
        process = context.Process(target=_sign, args=(pem, first, end), daemon=True)
        process.start()
        end.close()  # whoever reads learns then that the process has died
        processes.append(process)
        pipes.append(pipe)
    try:
        yield chain.from_iterable(pipe.recv() for pipe in cycle(pipes))
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _sign(pem: bytes, first: int, pipe: Connection) -> None:
    shop, numbers = Workshop(RSAKey.import_key(pem)), count(first, PROCESSES)
    while True:
        pipe.send([shop.token(number) for number in islice(numbers, _BATCH)])
