"""How the worker leaves on SIGTERM: it finishes its tasks, and hands those back in time that it cannot finish.

Celery's warm shutdown alone waits for ever. Its soft shutdown always waits to the end of its time, deaf, and then also hands back
what was finished meanwhile. So: the warm one, and after most of the time the cold one.
"""

import os
import signal
import threading
from typing import Any

from celery.signals import worker_shutting_down
from django.conf import settings

# What Celery takes to end its processes and to put the tasks back: 2.5 seconds, of which two are waits of its own; 4 on a machine
# that is very busy. A limit below twice as much is halved.
MARGIN_SECONDS = 5


@worker_shutting_down.connect
def hand_back_in_time(how: str = "", **_: Any) -> None:
    """Turn a warm shutdown into a cold one when its time is nearly up."""
    if how != "Warm":
        return
    seconds = max(settings.SHUTDOWN_TIMEOUT_SECONDS - MARGIN_SECONDS, settings.SHUTDOWN_TIMEOUT_SECONDS / 2)
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGQUIT))
    timer.daemon = True
    timer.start()
