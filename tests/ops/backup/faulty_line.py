"""A line to a real server that can be cut, go silent, or change what passes: what a network, or a target, does on a bad day."""

import contextlib
import socket
import threading
from collections.abc import Iterator

PIECE_BYTES = 1 << 14
SAID, HEARD = b"a file", b"A FILE"  # what a line that lies changes on the way to the server


class Line:
    """Forwards connections to a port at 127.0.0.1. `fail` makes it bad once so many more bytes went to the server."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listening.getsockname()[1])
        self.how, self.left = "", 0
        self.is_well = threading.Event()
        self.is_well.set()
        self.open: set[socket.socket] = set()
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def fail(self, how: str, *, after_bytes: int = 0) -> None:
        """Be `cut`, `silent`, or `lying` from then on."""
        self.how, self.left = how, after_bytes
        self.is_well.clear()

    def mend(self) -> None:
        """Be well; what hung is over."""
        self.how = ""
        self.is_well.set()
        for each in list(self.open):
            end(each)

    def accept(self) -> None:
        """Take connections until the end."""
        with contextlib.suppress(OSError):
            while True:
                self.join(self.listening.accept()[0])

    def join(self, client: socket.socket) -> None:
        """Connect a client with the server."""
        try:
            server = socket.create_connection(("127.0.0.1", self.server_port))
        except OSError:
            end(client)
            return
        self.open |= {client, server}
        for source, sink, is_up in ((client, server, True), (server, client, False)):
            threading.Thread(target=self.forward, args=(source, sink, is_up), daemon=True).start()

    def end(self) -> None:
        """Take no more connections, and end those that are there."""
        end(self.listening)  # which wakes who waits on it
        self.accepting.join()
        self.mend()

    def forward(self, source: socket.socket, sink: socket.socket, is_up: bool) -> None:
        """Forward one way."""
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                sink.sendall(self.passed(piece, is_up=is_up))
        for each in (source, sink):
            end(each)

    def passed(self, piece: bytes, *, is_up: bool) -> bytes:
        """Return what passes of a piece; raises OSError where the line is cut, and waits where it is silent."""
        if is_up:
            self.left -= len(piece)
        if self.how == "lying":
            return piece.replace(SAID, HEARD) if is_up else piece
        if self.how and self.left < 0:
            if self.how == "cut":
                raise OSError("cut")
            self.is_well.wait()
            raise OSError("it was silent for too long")
        return piece


def end(each: socket.socket) -> None:
    """End a connection for both sides."""
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextlib.contextmanager
def line_to(server_port: int) -> Iterator[Line]:
    """A line that is well at first."""
    line = Line(server_port)
    try:
        yield line
    finally:
        line.end()
