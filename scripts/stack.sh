#!/usr/bin/env bash
# What an operator does between deploys: looks, reads logs, scales, closes for maintenance, opens a shell, rotates secrets, upgrades PostgreSQL.
# Usage: scripts/stack.sh status | logs | scale | maintenance | shell | rotate-secrets | upgrade-postgres [--help]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 -m ops.stack "$@"
