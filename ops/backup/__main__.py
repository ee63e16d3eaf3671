"""`python3 -m ops.backup`: what scripts/backup.sh calls."""

import sys

from ops.backup.command import main

sys.exit(main())
