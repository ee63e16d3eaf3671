"""What the three servers have in common, so that it makes no difference to a client which of them answers."""

BACKLOG = 2048
CONNECTIONS_MAX = 10_000

# nginx keeps an idle connection to us for 60 seconds. Were ours to close first, it would do so under a request now and then.
KEEP_ALIVE_SECONDS = 75

WEBSOCKET_MESSAGE_MAX_BYTES = 1024 * 1024
WEBSOCKET_PING_INTERVAL_SECONDS = 20
WEBSOCKET_PING_TIMEOUT_SECONDS = 30
# For how long a client may take to answer our close frame before its connection is closed anyway.
WEBSOCKET_CLOSE_SECONDS = 2
