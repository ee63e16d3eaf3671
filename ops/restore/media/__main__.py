"""`python3 -m ops.restore.media`: what scripts/restore_media.sh calls, where media can be written."""

import sys

from ops.restore.media.command import main

sys.exit(main())
