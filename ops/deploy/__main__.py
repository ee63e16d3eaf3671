"""`python3 -m ops.deploy`: what scripts/deploy.sh calls."""

import sys

from ops.deploy.command import main

sys.exit(main())
