"""`python3 -m ops.restore`: what scripts/restore_db.sh calls, where PostgreSQL's programs are."""

import sys

from ops.restore.command import main

sys.exit(main())
