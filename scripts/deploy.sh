#!/usr/bin/env bash
# Deploys the commit that is checked out; the version before serves until the new one does.
# Usage: scripts/deploy.sh [--server-name NAME] [--prepare | --check | --dry-run | --rollback [VERSION] | --history] [--json]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 -m ops.deploy "$@"
