"""`python3 -S -m ops.service.probe`, the container's health check: asks the running service, and prints a line.

Imports next to nothing, since it runs twice a minute, on machines that are busy with a backup as well.
"""

import http.client
import json
import sys
from typing import Any

from ops.errors import DONE, FAILED, OperatorError

PORT = 9200
LIMIT_SECONDS = 15


def asked(port: int = PORT) -> dict[str, Any]:
    """Return what the running service says of itself; raises OperatorError where it says nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
    try:
        connection.request("GET", "/health")
        found: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OperatorError(
            f"Cannot ask the backup service at port {port}: {error}.",
            hint="Start it: docker compose --profile backup up -d --wait backup; see docker compose logs backup",
        ) from None
    finally:
        connection.close()
    return found


def line(found: dict[str, Any]) -> str:
    """Return in one line how backups are, and what to do."""
    return "; ".join(f"{each['what']} Hint: {each['hint']}" for each in found["problems"]) or "Backups are well."


def main(port: int = PORT) -> int:
    """Print the line; return the exit status."""
    try:
        found = asked(port)
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stdout.write(f"{line(found)}\n")
    return DONE if found["healthy"] else FAILED


if __name__ == "__main__":
    sys.exit(main())
