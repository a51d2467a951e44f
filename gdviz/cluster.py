"""A cluster that computes the tiles of a map: Dask distributed, if it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from gdviz_core.spread import AHEAD, ClusterError, Workers

PATIENCE = 5.0  # seconds that a scheduler may take to answer
MISSING = "a scheduler needs Dask distributed, which is not installed: pip install 'gdviz[cluster]'"


@contextlib.contextmanager
def workers_at(address: str, warn: Callable[[str], None]) -> Iterator[Workers]:
    """The workers of the scheduler at an address.

    They need gdviz_core in the same version. Nothing listens here: the program connects to the
    scheduler, and never starts one. `warn` hears of what is not safe. Raises ClusterError.
    """
    try:
        import distributed
    except ImportError:
        raise ClusterError(MISSING) from None
    if not is_private(address):
        warn(f"{address} is neither this machine nor TLS: anybody on the way can read and change "
             "what is sent, and run programs here and there. Use tls:// or a tunnel")  # fmt: skip
    try:
        asyncio.run(_probe(address))
        client = distributed.Client(
            address, timeout=PATIENCE, set_as_default=False, direct_to_workers=False
        )
    except (OSError, ValueError, TypeError, RuntimeError, asyncio.TimeoutError) as error:
        raise ClusterError(
            f"the scheduler at {address[:80]} does not answer: {_first_line(error)}"
        ) from None
    try:
        threads = sum(client.nthreads().values())
        yield Workers(client.get_executor(retries=3, pure=False), max(AHEAD, 2 * threads))
    finally:
        with contextlib.suppress(Exception):  # it may be gone: then there is nothing to close
            client.close(timeout=2)


async def _probe(address: str) -> None:
    """Greet the scheduler: to one that is silent a Client would listen for ever."""
    from distributed import Security
    from distributed.comm import connect

    secrets = Security().get_connection_args("client")

    async def greet() -> None:
        comm = await connect(address, timeout=PATIENCE, **secrets)
        comm.abort()

    await asyncio.wait_for(greet(), PATIENCE + 1)


def is_private(address: str) -> bool:
    """Whether what goes to an address cannot be read on the way: TLS, or this machine."""
    scheme, _, rest = address.rpartition("://")
    if scheme in ("tls", "wss", "inproc"):
        return True
    host = rest.rpartition(":")[0].strip("[]") if ":" in rest else rest
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _first_line(error: Any) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else f"no answer within {PATIENCE:g} seconds"
