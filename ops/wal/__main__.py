"""`python3 -m ops.wal`: receives WAL, takes base backups."""

import sys

from ops.wal.command import main

sys.exit(main())
