#!/bin/sh
# Prepares the container, then becomes the command.
# The server waits for the database, checks the deployment, migrates under a lock (unless RUN_MIGRATIONS=false) and collects
# static files; any other command, such as the worker, only waits.
# Usage: entrypoint.sh COMMAND [ARGUMENT…]
set -eu
case "$*" in
  *config.serve*) python manage.py prepare ;;
  *) python manage.py prepare --only-wait ;;
esac
exec "$@"
