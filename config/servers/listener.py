"""The listening socket: ours, not the server's, because no server closes one without resetting whom it has not accepted yet."""

import contextlib
import ctypes
import socket
import struct
import sys

from config.servers.limits import BACKLOG

SO_ATTACH_FILTER = 26  # <asm-generic/socket.h>, socket(7)
# A classic BPF program over the TCP header: drop what has SYN and no ACK in byte 13, a connection's first packet; pass the rest.
DROP_FIRST_PACKETS = (
    (0x30, 0, 0, 13),  # load the byte of flags
    (0x54, 0, 0, 0x12),  # and with SYN | ACK
    (0x15, 0, 1, 0x02),  # is it SYN alone?
    (0x06, 0, 0, 0),  # then drop
    (0x06, 0, 0, 0xFFFFFFFF),  # else pass
)


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens on an address of either family; raises OSError."""
    family, *_, name = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.create_server(name[:2], family=family, backlog=BACKLOG)
    listener.setblocking(False)  # noqa: FBT003 - its signature
    return listener


def hold_off(listener: socket.socket) -> None:
    """Have the kernel drop new connection attempts, which clients repeat after a second, while begun ones are accepted.

    Closing at once would reset a client whose handshake is done or on its way and who may have sent its request already.
    Where the system has no such filter, a few of these may be reset.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in DROP_FIRST_PACKETS))
    with contextlib.suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(DROP_FIRST_PACKETS), ctypes.addressof(program))
        )
