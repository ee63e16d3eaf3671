#!/usr/bin/env bash
# New passwords for PostgreSQL and Redis, in the servers and in the env file together.
# Usage: scripts/rotate_passwords.sh [db] [redis] [--env-file PATH] [--dry-run]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 -m ops.rotate_passwords "$@"
