"""How soon a change reaches a thousand who watch an album, each over a WebSocket of its own. Asks ourselves alone."""

import asyncio
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.peers import checking
from benchmarks.peers.data import Data
from benchmarks.peers.documents import global_id, graphql
from benchmarks.peers.processor import used
from benchmarks.peers.results import Watched
from benchmarks.peers.running import Running
from embedded.signals import pause

AT_A_TIME, PATIENCE_SECONDS = 50, 60
CHANGES = 10
PHOTO = """SELECT gallery_photo.id FROM gallery_photo JOIN accounts_user ON accounts_user.id = owner_id
  WHERE email = 'bench-1@example.com' ORDER BY gallery_photo.created_at LIMIT 1"""
ALBUM = "SELECT album_id FROM gallery_photo WHERE id = %(id)s"
WATCH = "subscription Watch($id: ID!) { photoChanged(albumId: $id) { kind photoId photo { id caption } } }"
CHANGE = "mutation Change($id: ID!) { updatePhoto(input: {id: $id, caption: $caption}) { photo { id } } }"


def watch(started: Sequence[Running], data: Data, *, sockets: int) -> list[Watched]:
    """Measure each server in turn."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, sockets + 500)), hard))
    found = []
    for each in started:
        found.append(asyncio.run(watched(each, data, sockets=sockets)))
        sys.stderr.write(f"{found[-1]}\n")
        pause(0)  # asyncio hears no signal of ours
    return found


async def watched(running: Running, data: Data, *, sockets: int) -> Watched:
    """Open the sockets, change a photo again and again, and look at when each hears of it."""
    (photo,) = data.column(PHOTO)
    (album,) = data.column(ALBUM, id=photo)
    connections: list[ClientConnection] = []
    processes = [child.process.pid for child in running.children]
    try:
        for _ in range(0, sockets, AT_A_TIME):
            opening = (opened(running.address, global_id("Album")(album)) for _ in range(min(AT_A_TIME, sockets)))
            connections += await asyncio.gather(*opening)
        await asyncio.sleep(1)  # the last subscription has no answer of its own
        before = used(*processes)
        rounds = [await arrivals(connections, changer(running, data, photo, number)) for number in range(CHANGES)]
        after = used(*processes)
    finally:
        await asyncio.gather(*(each.close() for each in connections), return_exceptions=True)
    return Watched(
        server=running.server.key,
        sockets=len(connections),
        first=statistics.median(each[0] for each in rounds),
        half=statistics.median(each[len(each) // 2] for each in rounds),
        last=statistics.median(each[-1] for each in rounds),
        server_ms=(after.seconds - before.seconds) * 1000 / (CHANGES * len(connections)),
        memory_mb=after.memory_mb,
    )


async def opened(address: str, album: str) -> ClientConnection:
    """Open a connection and subscribe."""
    connection = await connect(
        address.replace("http", "ws", 1) + "/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
        max_queue=None,
        open_timeout=PATIENCE_SECONDS,
    )
    await connection.send(json.dumps({"type": "connection_init"}))
    await asyncio.wait_for(connection.recv(), PATIENCE_SECONDS)
    payload = {"query": WATCH, "variables": {"id": album}}
    await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    return connection


def changer(running: Running, data: Data, photo: str, number: int) -> Callable[[], str]:
    """Return what changes the photo: its owner gives it another caption."""
    document = CHANGE.replace("$caption", json.dumps(f"Changed {number} times"))
    request = graphql("/graphql", document, lambda key: {"id": global_id("Photo")(key)})(photo)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {data.token}"}
    return lambda: checking.answer(running.address, request, headers)


async def arrivals(connections: Sequence[ClientConnection], change: Callable[[], str]) -> list[float]:
    """Return after how many milliseconds each heard of a change, the first first."""
    heard = [asyncio.ensure_future(next_of(each)) for each in connections]
    await asyncio.sleep(0)
    began = time.perf_counter()
    await asyncio.to_thread(change)
    moments = await asyncio.wait_for(asyncio.gather(*heard), PATIENCE_SECONDS)
    return sorted((moment - began) * 1000 for moment in moments)


async def next_of(connection: ClientConnection) -> float:
    """Return when the next result came."""
    while True:
        if '"next"' in str(await connection.recv()):
            return time.perf_counter()
