"""What the kernel has received on a connection and nobody has read: closing over it resets the client."""

import array
import fcntl
import socket
import sys
import termios

TCP_INFO_UNACKED_OFFSET = 24  # <linux/tcp.h>, struct tcp_info: of a listening socket, how many wait to be accepted


def has_unread(descriptor: int) -> bool:
    """Tell whether bytes of a connection wait to be read, a request's first among them."""
    waiting = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
    return waiting[0] > 0


def has_waiting(listener: socket.socket) -> bool:
    """Tell whether connections wait to be accepted; where the system has no way to tell, none do."""
    if sys.platform != "linux":
        return False
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_UNACKED_OFFSET + 4)
    return int.from_bytes(info[TCP_INFO_UNACKED_OFFSET:], sys.byteorder) > 0
