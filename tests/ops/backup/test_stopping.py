"""A verb that a signal ends, in a process of its own."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

BEGIN = """
import os, signal, sys, time
from ops.backup.stopping import handler, in_order
from ops.errors import StoppedError
def send(number):
    os.kill(os.getpid(), number)
class Last:
    def __del__(self):
        send(number)
told = handler("", hint="")
number = {number}
"""
ANYWHERE = """
try:
    with in_order(told):
        send(number)
        time.sleep(30)
except StoppedError as error:
    print(error.args[0])
"""
IN_A_DESTRUCTOR = """
try:
    with in_order(told):
        Last()
        time.sleep(30)
except StoppedError as error:
    print(error.args[0])
"""
IN_A_FORK_S_HOOK = """
import subprocess
os.register_at_fork(before=lambda: send(number))
try:
    with in_order(told):
        subprocess.run(["true"], preexec_fn=int)
        time.sleep(30)
except StoppedError as error:
    print(error.args[0])
"""
TWICE = """
try:
    with in_order(told):
        try:
            send(number)
        finally:
            send(signal.SIGTERM), send(signal.SIGINT)
            print("ended in order")
except StoppedError as error:
    print(error.args[0])
"""
ANOTHER_S_DESTRUCTOR = """
class Broken:
    def __del__(self):
        raise KeyError("told as ever")
with in_order(told):
    Broken()
"""


def done(code: str, number: signal.Signals = signal.SIGTERM) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN.format(number=int(number)) + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_becomes_the_verb_s_error(number: signal.Signals) -> None:
    assert done(ANYWHERE, number).stdout == f"Cannot go on: {number.name} came.\n"


def test_it_is_not_lost_in_a_destructor() -> None:
    ended = done(IN_A_DESTRUCTOR)
    assert (ended.stdout, ended.stderr) == ("Cannot go on: SIGTERM came.\n", "")


def test_it_is_not_lost_in_a_hook_of_a_fork() -> None:
    assert done(IN_A_FORK_S_HOOK).stdout == "Cannot go on: SIGTERM came.\n"


def test_a_second_does_not_cut_the_orderly_end_short() -> None:
    assert done(TWICE).stdout == "ended in order\nCannot go on: SIGTERM came.\n"


def test_what_is_raised_in_other_destructors_is_told_as_ever() -> None:
    assert "told as ever" in done(ANOTHER_S_DESTRUCTOR).stderr


def test_who_began_it_with_nohup_keeps_it() -> None:
    code = "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nwith in_order(told): send(signal.SIGHUP)\nprint('went on')"
    assert done(code).stdout == "went on\n"
