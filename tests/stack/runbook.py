"""By whom each block of commands in `deployment instructions.md` is run: its section, its number there, the file that runs it.

A block that is not here is refused by tests/docs/test_runbook.py. What takes minutes is run by `make walk`.
"""

FIXTURE, DEPLOY, SCRIPT, RUNBOOK, ACME, WALK = (
    "conftest.py",
    "test_deploy.py",
    "test_stack_script.py",
    "test_runbook.py",
    "test_acme.py",
    "walk.py",
)

RUNS = {
    "First deploy": [FIXTURE, FIXTURE, FIXTURE, FIXTURE, FIXTURE],
    "Every later deploy": [DEPLOY, DEPLOY, WALK],
    "Back to the version before": [DEPLOY],
    "Backup": [RUNBOOK],
    "Restore": [RUNBOOK, RUNBOOK],
    "Between deploys": [WALK, SCRIPT],
    "Rotating secrets": [RUNBOOK, WALK],
    "Moving to another host": [WALK, WALK, WALK, WALK],
    "A new major of PostgreSQL": [WALK, WALK],
    "TLS": [ACME, ACME, RUNBOOK],
    "Closing for maintenance": [SCRIPT, SCRIPT],
}
