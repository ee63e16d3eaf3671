"""A process that uses Redis in every way the application does, round after round, and prints a line of JSON for each."""

import asyncio
import json
import sys
from typing import Any

import django

django.setup()

from channels.layers import get_channel_layer  # noqa: E402
from django.core.cache import cache  # noqa: E402

from api import gcra  # noqa: E402
from api.listening import listen  # noqa: E402
from apps.operations import queue  # noqa: E402
from config.celery import app  # noqa: E402
from tests.config import slow_tasks  # noqa: E402


async def main(path: str) -> None:
    async with listen("everybody") as messages:
        for number in range(10_000):
            found = {
                "cache": await tried(keep, number),
                "limits": await tried(gcra_take),
                "told": await told(messages, number),
                "sent": await tried(send, f"{path}.{number}"),
                "queue": await tried(queue.depth),
            }
            sys.stdout.write(json.dumps({"number": number, **found}) + "\n")
            sys.stdout.flush()
            await asyncio.sleep(0.1)


async def tried(use: Any, *words: Any) -> bool:
    """Tell whether a use did what it should."""
    try:
        return bool(await asyncio.to_thread(use, *words))
    except Exception as error:  # noqa: BLE001 - whatever it was, it did not
        sys.stderr.write(f"{use.__name__}: {type(error).__name__}: {error}\n")
        return False


def keep(number: int) -> bool:
    cache.set("number", number, timeout=60)
    return bool(cache.get("number") == number)


def gcra_take() -> bool:
    return gcra.take("somebody", 1, allowance=100_000, window_seconds=60).is_granted


def send(path: str) -> bool:
    app.send_task(slow_tasks.nap.name, (0, path))
    return True


async def told(messages: Any, number: int) -> bool:
    """Tell whether what is published is heard."""
    if not await tried(publish, number):
        return False
    try:
        while (await asyncio.wait_for(anext(messages), 0.5))["number"] != number:
            pass
    except TimeoutError:
        return False
    return True


def publish(number: int) -> bool:
    get_channel_layer().tell("everybody", {"type": "told", "number": number})
    return True


asyncio.run(main(sys.argv[1]))
