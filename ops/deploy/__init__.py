"""`scripts/deploy.sh`: production on one host, without a failed request, and back from a version that is bad.

release.py has the steps in order, commands.py their command lines, preflight/ what is looked at before anything is changed. The
standard library alone: it runs on the host.
"""
