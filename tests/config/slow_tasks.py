"""A task that takes its time, for a worker that is told to stop."""

import time
from pathlib import Path

from config.celery import app


@app.task(name="tests.nap")
def nap(seconds: float, path: str) -> None:
    """Write down when it begins and when it ends."""
    write(path, "begun")
    time.sleep(seconds)
    write(path, "done")


def write(path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")
