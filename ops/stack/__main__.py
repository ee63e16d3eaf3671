"""`python3 -m ops.stack`: what scripts/stack.sh calls."""

import sys

from ops.stack.command import main

sys.exit(main())
