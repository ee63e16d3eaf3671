"""A network for the browser alone, from which it reaches the site and nothing else.

Chromium ends requests with ERR_NETWORK_CHANGED whenever an address of the machine comes or goes, and each network of Docker's that
another test makes or removes beside is such an address. Needs the right to do so, as root has; without it, things stay as they are.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator

NEW_NETWORK = 0x40000000  # CLONE_NEWNET, unshare(2)
SET_FLAGS = 0x8914  # SIOCSIFFLAGS, netdevice(7)
UP = 0x1
PIECE_BYTES = 65_536

libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def started_inside(port: int) -> Iterator[None]:
    """Let what this thread starts meanwhile have a network of its own; what listens on `port` here is reached at `port` there, too."""
    if sys.platform != "linux":
        yield
        return
    ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(NEW_NETWORK):
            yield
            return
        try:
            listener = listening(port)
            yield
        finally:
            if libc.setns(ours, NEW_NETWORK):
                raise OSError(ctypes.get_errno(), "Cannot come back to the machine's own network")
    finally:
        os.close(ours)
    threading.Thread(target=asyncio.run, args=[relay(listener, port)], daemon=True).start()


def listening(port: int) -> socket.socket:
    """Bring up the loopback interface, which a new network has, and listen on it."""
    listener = socket.socket()
    fcntl.ioctl(listener, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


async def relay(listener: socket.socket, port: int) -> None:
    """Lead connections from there to the site, for as long as the test run lasts."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            site_reader, site_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:  # the site is away, and its visitor hears so
            writer.close()
            return
        await asyncio.gather(pump(reader, site_writer), pump(site_reader, writer))

    server = await asyncio.start_server(lead, sock=listener)
    await server.serve_forever()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes until one side ends."""
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    writer.close()
