"""`python -m apps.health.probe`: the health check of a web container. Imports no Django, so that it costs little."""

import http.client
import sys

PORT = 8000  # the image's own
LIMIT_SECONDS = 4


def main() -> int:
    """Return 0 where the server says that it is alive, else 1 with a line."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=LIMIT_SECONDS)
    try:
        connection.request("GET", "/health/live")
        status = connection.getresponse().status
    except OSError as error:
        sys.stdout.write(f"no answer: {error}\n")
        return 1
    finally:
        connection.close()
    if status != http.client.OK:
        sys.stdout.write(f"status {status}\n")
    return int(status != http.client.OK)


if __name__ == "__main__":
    sys.exit(main())
