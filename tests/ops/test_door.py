import sys

import pytest

from ops.door import run
from ops.errors import OperatorError


def test_it_returns_what_the_command_printed() -> None:
    program = "import sys; print(sys.stdin.read().upper())"
    assert run([sys.executable, "-c", program], standard_input="x", what="x", hint="x") == "X\n"


@pytest.mark.parametrize(
    ("command", "limit_seconds", "message"),
    [
        ([sys.executable, "-c", "import sys; sys.exit('because')"], 10, "Cannot try (status 1): because"),
        ([sys.executable, "-c", "import time; time.sleep(9)"], 0.2, "Cannot try within 0 s"),
        (["no-such-program"], 10, "Cannot try: there is no no-such-program."),
    ],
)
def test_what_goes_wrong_is_an_operator_s_error(command: list[str], limit_seconds: float, message: str) -> None:
    with pytest.raises(OperatorError) as failed:
        run(command, limit_seconds=limit_seconds, what="try", hint="Look.")
    assert message in str(failed.value)
    assert " hint: " in str(failed.value)
