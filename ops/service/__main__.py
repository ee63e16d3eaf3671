"""`python3 -m ops.service`: what the backup container runs, and what its health check asks."""

import sys

from ops.service.command import main

sys.exit(main())
