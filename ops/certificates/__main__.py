"""`python -m ops.certificates`: what the certbot container runs, and what its health check asks."""

import sys

from ops.certificates.command import main

sys.exit(main())
