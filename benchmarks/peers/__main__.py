"""`make bench`: parses, measures, writes."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.peers import data, drawing, load, machine, reporting, watching
from benchmarks.peers.measuring import Plan, measure
from benchmarks.peers.questions import QUESTIONS
from benchmarks.peers.results import Measured, Run, medians
from benchmarks.peers.running import running
from benchmarks.peers.servers import SERVERS, Server
from embedded.errors import DONE, INTERRUPTED, OperatorError
from embedded.signals import Stopped, stop_on_signals
from embedded.stack import ROOT

PAGE = ROOT / "docs" / "performance.md"
ENOUGH = 20_000


def main() -> int:
    """Run; return the exit status."""
    options = parser().parse_args()
    stop_on_signals()
    try:
        report(options, Run.joined([Run.of(each) for each in options.read]) if options.read else run(options))
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    except (Stopped, KeyboardInterrupt):
        sys.stderr.write("\nInterrupted.\n")
        return INTERRUPTED
    return DONE


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    servers, questions = [each.key for each in SERVERS], [each.key for each in QUESTIONS]
    root.add_argument("--only", type=some_of(servers), default=servers, metavar="SERVERS", help=", ".join(servers))
    root.add_argument("--without", type=some_of(servers), default=[], metavar="SERVERS", help="leave these out")
    root.add_argument("--questions", type=some_of(questions), default=questions, help=", ".join(questions))
    root.add_argument("--concurrency", type=numbers, default=[1, 16, 64], metavar="NUMBERS", help="default: 1,16,64")
    root.add_argument("--seconds", type=float, default=4.0, help="for each measurement (default: 4)")
    root.add_argument("--rounds", type=int, default=3, help="of which the median is told (default: 3)")
    root.add_argument(
        "--photos",
        type=enough,
        default=ENOUGH,
        metavar="NUMBER",
        help="how many there are (default: 20000; 1000000 for growth)",
    )
    root.add_argument("--quick", action="store_true", help="one round of one second at concurrency 16")
    root.add_argument(
        "--check", action="store_true", help="compare each server's answers with the database, and measure nothing"
    )
    root.add_argument(
        "--watchers", type=int, default=0, metavar="NUMBER", help="and tell so many WebSockets of a change (1000)"
    )
    root.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the servers' logs here")
    root.add_argument("--write", action="store_true", help="write docs/performance.md and its charts")
    root.add_argument("--json", type=Path, metavar="FILE", help="write what was measured here")
    root.add_argument("--read", type=Path, nargs="+", metavar="FILE", help="measure nothing: tell what such files have")
    return root


def some_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Return what reads a list with commas of known words."""

    def read(text: str) -> list[str]:
        found = text.split(",")
        if unknown := set(found) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: known are {', '.join(known)}")
        return found

    return read


def enough(text: str) -> int:
    """Return a number of photos, so many at least that each question has its rows."""
    if int(text) < ENOUGH:
        raise argparse.ArgumentTypeError(f"{text} photos are too few: {ENOUGH} at least")
    return int(text)


def numbers(text: str) -> list[int]:
    """Return a list of numbers with commas."""
    return [int(each) for each in text.split(",")]


def chosen(options: argparse.Namespace) -> list[Server]:
    """Return the servers that are asked."""
    return [each for each in SERVERS if each.key in options.only and each.key not in options.without]


def planned(options: argparse.Namespace) -> Plan:
    """Return what is measured."""
    questions = [each for each in QUESTIONS if each.key in options.questions]
    if options.check:
        return Plan(questions=questions, concurrencies=[], rounds=0, seconds=0)
    if options.quick:
        return Plan(questions=questions, concurrencies=[16], rounds=1, seconds=1)
    return Plan(
        questions=questions,
        concurrencies=options.concurrency,
        rounds=options.rounds,
        seconds=options.seconds,
    )


def run(options: argparse.Namespace) -> Run:
    """Start everything, fill, measure, and stop everything. What was measured is written as it comes."""
    load.require_wrk()
    with data.filled(photos=options.photos) as filled:
        logs, servers = options.logs or filled.folder / "logs", chosen(options)
        with running(servers, environment=filled.environment, logs=logs) as started:
            found, plan = Run(about=about(options)), planned(options)
            for each in measure(plan, started, filled.data, databases=filled.processes, folder=filled.folder):
                if isinstance(each, Measured):
                    found.measured.append(each)
                else:
                    found.missing.append(each)
                keep(found, options.json)
            if options.watchers:
                ours = [each for each in started.values() if each.server.is_ours and not each.server.is_a_variant]
                found.watched.extend(watching.watch(ours, filled.data, sockets=options.watchers))
                keep(found, options.json)
    return found


def keep(found: Run, path: Path | None) -> None:
    """Write what was measured so far, where that was asked for."""
    if path:
        found.save(path)


def about(options: argparse.Namespace) -> list[str]:
    """Return lines about the machine, the command and the versions."""
    plan = planned(options)
    return [
        f"Machine: {machine.machine()}.",
        f"Command: `{command(options)}`; {length(plan)}.",
        f"Versions: {'; '.join(machine.versions([each.folder for each in chosen(options)]))}.",
    ]


def length(plan: Plan) -> str:
    """Return how long was measured, in words."""
    rounds = "one round" if plan.rounds == 1 else f"medians of {plan.rounds} rounds"
    return f"{rounds} of {plan.seconds:g} s"


def command(options: argparse.Namespace) -> str:
    """Return the command that measures the same: what it says of files is left out."""
    usual = parser().parse_args([])
    words = []
    for name in ("only", "without", "questions", "concurrency", "seconds", "rounds", "photos", "quick", "watchers"):
        value = getattr(options, name)
        if value != getattr(usual, name):
            words.append(f"--{name}" if value is True else f"--{name} {written(value)}")
    arguments = " ".join(words)
    return f'make bench ARGS="{arguments}"' if words else "make bench"


def written(value: object) -> str:
    """Return an option's value as it is typed."""
    return ",".join(str(each) for each in value) if isinstance(value, list) else str(value).removesuffix(".0")


def report(options: argparse.Namespace, found: Run) -> None:
    """Print the tables, and write them where that was asked for."""
    if not found.measured:
        sys.stderr.write("Every answer was the right one.\n")
        return
    cells = medians(found.measured)
    written = reporting.report(cells, found.watched, about=[*found.about, *found.missing])
    sys.stdout.write(written + "\n")
    if options.write:
        PAGE.write_text(reporting.page(PAGE.read_text(encoding="utf-8"), written), encoding="utf-8")
        drawing.draw(
            cells, concurrency=reporting.middle_of(cells), pictures=[PAGE.with_suffix(".svg"), PAGE.with_suffix(".png")]
        )


if __name__ == "__main__":
    sys.exit(main())
