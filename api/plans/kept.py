"""Which operations have plans: those that were answered last, of the process's. Documents are kept by length, which plans outgrow."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.plans.planned import Planned

OPERATIONS_MAX = 400  # a large one's plans take some 20 kB

order: OrderedDict[Planned, None] = OrderedDict()
lock = threading.Lock()


def note_use(planned: Planned) -> None:
    """Note that an operation's plan is used; the plans of the one whose use is longest ago are forgotten where there are too many."""
    with lock:
        order[planned] = None
        order.move_to_end(planned)
        forgotten = order.popitem(last=False)[0] if len(order) > OPERATIONS_MAX else None
    if forgotten is not None:
        forgotten.forget()
