"""What `make bench` makes of its measurements, and how it tells that an answer is right. Measures nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import checking, documents, drawing, installing, load, machine, measuring, reporting, servers
from benchmarks.peers.data import Data, cursor
from benchmarks.peers.documents import Request
from benchmarks.peers.measuring import Plan
from benchmarks.peers.questions import QUESTIONS
from benchmarks.peers.results import Measured, Run, Watched, medians
from benchmarks.peers.servers import SERVERS
from embedded.errors import OperatorError

ALBUM = "01a22e4e-f6f5-7325-a224-80bb9dfd3f6a"
DATA = Data(url="", token="", titles={ALBUM: "Album 1"}, search_after=("2025-01-18T14:14:20+00:00", ALBUM))
ONE = Measured(
    server="slipway",
    question="twenty",
    concurrency=16,
    round=0,
    per_second=1500,
    p50=10,
    p99=21,
    server_ms=0.5,
    postgres_ms=0.1,
    valkey_ms=0.05,
    memory_mb=90,
)


def rounds(server: str, *per_second: float, concurrency: int = 16) -> list[Measured]:
    measured = replace(ONE, server=server, concurrency=concurrency)
    return [replace(measured, round=number, per_second=each) for number, each in enumerate(per_second)]


def test_a_cell_is_the_median_of_its_rounds() -> None:
    cells = medians([*rounds("slipway", 900, 3000, 1000), *rounds("view", 10, 30, 20)])
    assert {key[0]: cell.per_second for key, cell in cells.items()} == {"slipway": 1000, "view": 20}


def test_a_cell_s_processor_time_is_that_of_all_processes() -> None:
    assert medians([ONE])["slipway", "twenty", 16].processor_ms == pytest.approx(0.65)


def test_tables_have_servers_down_and_questions_across_and_ratios_of_ours_to_theirs() -> None:
    cells = medians([*rounds("view", 100), *rounds("slipway", 1250), *rounds("ariadne", 500, concurrency=1)])
    report = reporting.report(cells, [], about=["Machine: one"])
    assert "- Machine: one" in report
    assert (
        "### Answers a second, 16 connections\n\n|  | 20 photos |\n| --- | ---: |\n| Slipway, uvicorn | 1,250 |"
        in report
    )
    assert "| Django view by hand, asynchronous, orjson | 12 |" in report
    assert report.endswith(
        "one connection\n\n|  | 20 photos |\n| --- | ---: |\n| Ariadne, joins by hand | 500 (10.0, 21) |"
    )


def test_a_ratio_has_a_digit_while_it_is_small_and_is_empty_where_one_was_not_measured() -> None:
    cell = medians([ONE])["slipway", "twenty", 16]
    assert reporting.ratio(cell, replace(cell, per_second=1000)) == "1.5"
    assert reporting.ratio(replace(cell, per_second=9960), replace(cell, per_second=1000)) == "10"
    assert reporting.ratio(cell, None) == reporting.ratio(cell, replace(cell, per_second=0)) == ""


def test_what_was_measured_can_be_read_again(tmp_path: Path) -> None:
    watched = Watched(server="slipway", sockets=10, first=1, half=2, last=3, server_ms=0.1, memory_mb=90)
    run = Run(about=["Machine: one"], measured=rounds("view", 1, 2, 3), watched=[watched])
    run.save(tmp_path / "measured.json")
    assert Run.of(tmp_path / "measured.json") == run


def test_several_runs_are_told_as_one() -> None:
    one = Run(about=["Machine: one", "Command: one"], measured=rounds("view", 1))
    other = Run(about=["Machine: one", "Command: other"], measured=rounds("view", 2))
    joined = Run.joined([one, other])
    assert joined.about == ["Machine: one", "Command: one", "Command: other"]
    assert joined.measured == [*one.measured, *other.measured]


def test_servers_are_asked_in_turn_in_another_order_each_round() -> None:
    plan = Plan(questions=QUESTIONS[:2], concurrencies=[1, 16], rounds=3, seconds=1)
    servers = [each.key for each in SERVERS]
    turns = list(measuring.turns(plan, servers))
    assert turns == list(measuring.turns(plan, servers))
    orders = [
        [turn.server for turn in turns[start : start + len(servers)]] for start in range(0, len(turns), len(servers))
    ]
    assert all(sorted(order) == sorted(servers) for order in orders)
    assert orders[0] == orders[3]
    assert orders[0] != orders[4]


def test_what_cannot_be_measured_is_told_and_the_next_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(turn: measuring.Turn, *_: object, **__: object) -> Measured:
        if turn.server == "view":
            raise OperatorError("No answer.", hint="Look.")
        return ONE

    monkeypatch.setattr(measuring, "measured", measured)
    monkeypatch.setattr(measuring, "prepare", lambda *_, **__: {("view", "one"): Path(), ("slipway", "one"): Path()})
    plan = Plan(questions=[each for each in QUESTIONS if each.key == "one"], concurrencies=[16], rounds=1, seconds=1)
    started: Any = {"view": None, "slipway": None, "ariadne": None}
    found = list(measuring.measure(plan, started, DATA, databases={}, folder=Path()))
    assert sorted(str(each) for each in found) == [str(ONE), "Not measured: view, one, 16 connections: No answer."]


def test_processor_time_is_compared_as_what_one_of_theirs_would_do_for_us() -> None:
    cell = medians([ONE])["slipway", "twenty", 16]
    assert reporting.saving(cell, replace(cell, server_ms=2)) == "4.0"
    assert reporting.saving(replace(cell, server_ms=0), cell) == ""


@pytest.mark.parametrize(("answers", "seconds"), [(1000, 2), (50, 3), (1, 8), (0, 8)])
def test_where_few_answers_come_they_are_waited_for_longer(answers: int, seconds: float) -> None:
    warm = load.Load(answers=answers, seconds=1, p50=1, p99=1)
    assert measuring.long_enough(2, warm) == seconds


def test_sixteen_connections_are_told_in_full_or_what_is_nearest() -> None:
    many = [measured for each in (1, 16, 64) for measured in rounds("view", 1, concurrency=each)]
    assert reporting.middle_of(medians(many)) == 16
    assert reporting.middle_of(medians(rounds("view", 1, concurrency=64))) == 64


def test_a_report_takes_the_place_of_the_one_before_and_of_nothing_else() -> None:
    page = f"before\n{reporting.BEGIN}\nold\n{reporting.END}\nafter\n"
    assert reporting.page(page, "new") == f"before\n{reporting.BEGIN}\n\nnew\n\n{reporting.END}\nafter\n"
    assert reporting.page(reporting.page(page, "new"), "new") == reporting.page(page, "new")


def test_the_page_has_the_marks() -> None:
    text = command.PAGE.read_text(encoding="utf-8")
    assert text.index(reporting.BEGIN) < text.index(reporting.END)


def test_a_chart_has_a_panel_for_each_question_with_the_fastest_on_top() -> None:
    drawn = drawing.chart(medians([*rounds("view", 100), *rounds("slipway", 1250)]), concurrency=16)
    (panel,) = drawn["panels"]
    assert [(bar["value"], bar["is_ours"]) for bar in panel["bars"]] == [(1250, True), (100, False)]


def test_what_wrk_prints_is_read_behind_its_own_lines() -> None:
    counts = {"requests": 4000, "microseconds": 2_000_000, "refused": 0, "broken": 0, "p50": 1.5, "p99": 9}
    found = load.parsed(f"Running 2s test @ http://127.0.0.1:1\n  4000 requests in 2.00s\n{json.dumps(counts)}\n")
    assert (found.answers, found.seconds, found.p50, found.p99) == (4000, 2.0, 1.5, 9)


def test_refusals_are_no_answers() -> None:
    counts = {"requests": 4000, "microseconds": 2_000_000, "refused": 3, "broken": 1, "p50": 1.5, "p99": 9}
    with pytest.raises(OperatorError, match="3 of 4000 answers were refusals, and 1 did not come"):
        load.parsed(json.dumps(counts))


def test_without_wrk_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OperatorError, match="apt-get install wrk"):
        load.require_wrk()


def test_without_npm_it_says_how_to_do_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OperatorError, match="--without postgraphile"):
        installing.install_node(tmp_path / "peer", tmp_path / "package.json")


def test_requests_are_written_as_lua_reads_them(tmp_path: Path) -> None:
    request = Request(method="POST", path="/graphql", body='{"query": "{ __typename }"}')
    load.write_requests(tmp_path / "requests.lua", [request], {"Content-Type": "application/json"})
    assert (tmp_path / "requests.lua").read_text() == (
        "return {\n{[==[POST]==], [==[/graphql]==], [==["
        '{"query": "{ __typename }"}'
        "]==], {[ [==[Content-Type]==] ] = [==[application/json]==]}},\n}\n"
    )


def test_an_answer_is_right_with_all_its_words_wherever_they_stand() -> None:
    answer = json.dumps({"data": {"photos": [{"caption": "b", "album": {"title": "a"}}, {"caption": "a", "id": "z"}]}})
    assert checking.check("It", "that", answer=answer, words=["a", "a", "b"]) == []


@pytest.mark.parametrize("answer", ['{"data": {"photos": [{"caption": "a"}]}}', "Internal Server Error", "[]"])
def test_an_answer_with_other_words_is_told_with_what_it_said(answer: str) -> None:
    (wrong,) = checking.check("It", "that", answer=answer, words=["a", "b"])
    assert wrong.startswith("It answers that with")
    assert wrong.endswith(answer)


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: each.key)
def test_every_server_is_asked_every_question(server: servers.Server) -> None:
    asks = server.asks(DATA)
    without = {"resolvers"} if server.key == "postgraphile" else set()
    assert set(asks) == {each.key for each in QUESTIONS} - without
    for asked in asks.values():
        (request,) = documents.choices(asked, [ALBUM])
        assert not request.body or json.loads(request.body)


@pytest.mark.parametrize("server", [each for each in SERVERS if each.folder], ids=lambda each: each.key)
def test_every_peer_has_a_list_of_what_it_needs_that_names_no_registry(server: servers.Server) -> None:
    folder = installing.HERE / server.folder
    (listed,) = [folder / name for name in installing.LISTS if (folder / name).exists()]
    assert "http" not in listed.read_text().replace("httptools", "")
    assert "--hash" not in listed.read_text()


def test_a_place_in_the_list_is_told_as_the_api_s_cursors_tell_it() -> None:
    from api.keyset import cursor_of
    from apps.gallery.orderings import PHOTO_ORDERINGS, PhotoOrder

    value, key = DATA.search_after
    assert cursor(DATA.search_after) == cursor_of(PHOTO_ORDERINGS[PhotoOrder.NEWEST], value, key)


def test_the_processor_is_named_as_the_kernel_names_it(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: A Processor\ncpu MHz\t: 1\n")
    assert machine.processor(tmp_path / "cpuinfo") == "A Processor"


def test_an_unknown_server_or_question_and_too_few_rows_are_wrong_usage() -> None:
    for arguments in (["--only", "nobody"], ["--questions", "nothing"], ["--without", "nobody"], ["--photos", "19999"]):
        with pytest.raises(SystemExit) as left:
            command.parser().parse_args(arguments)
        assert left.value.code == 2


def test_the_command_that_is_told_has_what_was_measured_and_no_file() -> None:
    arguments = ["--concurrency", "1,16", "--seconds", "2", "--only", "slipway,view", "--json", "here.json", "--write"]
    options = command.parser().parse_args(arguments)
    assert command.command(options) == 'make bench ARGS="--only slipway,view --concurrency 1,16 --seconds 2"'
    assert command.command(command.parser().parse_args([])) == "make bench"
