"""The model of how far machines go. What it reckons with is measured by `make bench-capacity`, which is tried here for a moment."""

import subprocess
import sys
from itertools import pairwise

import pytest

from benchmarks import capacity
from benchmarks.capacity import Cost, Layout, best, layouts, mixed, on_one_machine, reach
from embedded.stack import ROOT

READ = Cost(web_ms=0.5, postgres_ms=0.5, redis_ms=0.01, client_ms=0.1, answer_bytes=4000)
LONG = Cost(web_ms=0.01, answer_bytes=90_000)
WRITE = Cost(web_ms=1.5, postgres_ms=0.5, redis_ms=0.05, client_ms=0.1, answer_bytes=100, wal_bytes=500)


def test_a_mix_costs_what_its_parts_do_by_their_weights() -> None:
    found = mixed({"read": READ, "write": WRITE}, {"read": 3, "write": 1})
    assert (found.web_ms, found.postgres_ms, found.wal_bytes) == (0.75, 0.5, 125)


def test_one_process_has_one_processor_and_all_together_have_the_machine_s() -> None:
    assert on_one_machine(READ, processes=1, processors=8) == 2000
    assert on_one_machine(READ, processes=8, processors=2) == pytest.approx(2000 / READ.machine_ms)


@pytest.mark.parametrize(
    ("layout", "read", "write", "share", "wall"),
    [
        (Layout(web=1, replicas=0, redis=0, processors=8), READ, WRITE, 0.05, "web processors"),
        (Layout(web=9, replicas=0, redis=0, processors=8), READ, WRITE, 0.05, "PostgreSQL's processors"),
        (Layout(web=9, replicas=1, redis=1, processors=8), READ, WRITE, 0.05, "replicas"),
        (Layout(web=90, replicas=90, redis=9, processors=8), READ, WRITE, 0.9, "replicas"),
        (Layout(web=90, replicas=90, redis=1, processors=8), READ, WRITE, 0.001, "Redis"),
        (Layout(web=1, replicas=9, redis=1, processors=64), LONG, WRITE, 0.0, "network of the web machines"),
    ],
)  # fmt: skip
def test_what_is_used_up_first_is_the_wall(layout: Layout, read: Cost, write: Cost, share: float, wall: str) -> None:
    found = reach(layout, read, write, writes_share=share)
    assert found.wall == wall
    assert found.answers == min(found.walls.values())


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_more_machines_never_do_less(share: float) -> None:
    found = [
        best(number, READ, WRITE, writes_share=share, processors=8).answers for number in (1, 2, 3, 5, 10, 30, 100)
    ]
    assert all(less <= more * 1.0001 for less, more in pairwise(found))


@pytest.mark.parametrize("machines", [2, 3, 10, 100])
def test_every_machine_has_its_task(machines: int) -> None:
    assert {each.web + 1 + each.replicas + each.redis for each in layouts(machines, processors=8)} == {machines}


def test_the_page_has_a_place_for_what_was_measured() -> None:
    assert capacity.PAGE.read_text(encoding="utf-8").count(capacity.MARK) == 1


def test_its_help_is_told_without_anything_being_started() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.capacity", "--help"], cwd=ROOT, capture_output=True, check=True
    )
    assert b"--sockets" in told.stdout
