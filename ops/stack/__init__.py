"""`scripts/stack.sh`: what is done to a stack between deploys, a module for each verb. On the host: the standard library alone."""
