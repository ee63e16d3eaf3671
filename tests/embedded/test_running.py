"""`python -m embedded` as at a terminal, in a copy of the project, with the real application."""

import os
import signal
import socket
import stat

import pytest

from embedded.errors import DONE, FAILED, LOCKED, REFUSED, WRONG_USAGE
from embedded.lock import Holder, holder
from tests.embedded.clone import Clone, wait_until

COUNT = "from apps.gallery.models import Photo; print('photos:', Photo.objects.count())"
STATES = "from apps.gallery.models import Photo; print('states:', set(Photo.objects.values_list('state', flat=True)))"


def running(clone: Clone) -> Holder | None:
    return holder(clone.data / "run.lock")


class TestRunning:
    """One run, looked at from outside. Kept in order: what is started in the first test is stopped in the last."""

    def test_it_says_what_it_does_and_where_everything_is(self, clone: Clone) -> None:
        clone.run()
        printed = clone.terminal()
        for line in ("Wrote .env", "Starting PostgreSQL and Valkey ...", "Migrating and loading the demo ..."):
            assert line in printed
        for place in ("/", "/graphql", "/admin/", "/health/ready"):
            assert f"{clone.url}{place}\n" in printed
        assert "ada@example.com" in printed
        assert stat.S_IMODE((clone.root / ".env").stat().st_mode) == 0o600

    def test_the_api_answers_with_the_pictures_there(self, clone: Clone) -> None:
        assert clone.get("/graphql?query=%7B__typename%7D") == '{"data":{"__typename":"Query"}}'
        assert clone.get("/graphql?query=%7Bphotos%7BtotalCount%7D%7D") == '{"data":{"photos":{"totalCount":8}}}'

    def test_no_picture_waits_for_the_worker(self, clone: Clone) -> None:
        done = clone.command("manage", "shell", "-v", "0", "-c", STATES)
        assert done.stdout == "states: {'READY'}\n"

    def test_a_second_is_refused_and_told_who_runs(self, clone: Clone) -> None:
        second = clone.command("run")
        assert second.returncode == LOCKED
        assert f"({running(clone)})" in second.stderr

    def test_its_data_are_not_removed(self, clone: Clone) -> None:
        assert clone.command("clean", "--yes").returncode == REFUSED

    def test_a_management_command_uses_its_servers(self, clone: Clone) -> None:
        done = clone.command("manage", "shell", "-v", "0", "-c", COUNT)
        assert (done.returncode, done.stderr) == (DONE, "")
        assert "photos: " in done.stdout

    def test_the_status_names_its_processes(self, clone: Clone) -> None:
        lines = clone.command("status").stdout.splitlines()
        assert lines[0] == f"Runs ({running(clone)})."
        assert [line.split()[0] for line in lines[1:]] == ["postgres", "valkey", "web", "worker"]

    def test_ctrl_c_ends_all_of_it(self, clone: Clone) -> None:
        process = clone.started[-1]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == DONE, clone.terminal()
        assert "Stopping." in clone.terminal()
        assert clone.processes() == []


class TestAgain:
    """A later run, on what the first left behind."""

    def test_nothing_is_prepared_twice_and_a_kill_leaves_nothing_running(self, clone: Clone) -> None:
        process = clone.run()
        assert "Migrating" not in clone.terminal()
        process.kill()
        process.wait()
        wait_until(lambda: clone.processes() == [])

    def test_the_run_after_a_kill_recovers_and_a_dead_worker_ends_it(self, clone: Clone) -> None:
        clone.run()
        found = [line.split() for line in clone.command("status").stdout.splitlines()]
        worker = next(int(words[-1]) for words in found if words[0] == "worker")
        os.kill(worker, signal.SIGKILL)
        assert clone.started[-1].wait(timeout=20) == FAILED
        assert "error: The worker process ended with status -9; everything was stopped." in clone.terminal()
        assert clone.processes() == []

    def test_a_management_command_starts_servers_of_its_own_where_none_run(self, clone: Clone) -> None:
        done = clone.command("manage", "shell", "-v", "0", "-c", COUNT)
        assert done.returncode == DONE, done.stderr
        assert int(done.stdout.removeprefix("photos: ")) > 0
        assert clone.processes() == []

    def test_a_management_command_s_exit_status_is_handed_on(self, clone: Clone) -> None:
        assert clone.command("manage", "no-such-command").returncode == 1


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_while_starting_leaves_nothing_behind(self, clone: Clone, number: signal.Signals) -> None:
        process = clone.begin("run")
        wait_until(lambda: "Starting web server" in clone.terminal())
        process.send_signal(number)
        assert process.wait(timeout=20) == DONE, clone.terminal()
        assert clone.processes() == []

    def test_stop_ends_a_run_elsewhere(self, clone: Clone) -> None:
        process = clone.begin("run")
        wait_until(lambda: "Starting web server" in clone.terminal())
        assert clone.command("stop").returncode == DONE
        assert process.wait(timeout=5) == DONE
        assert clone.processes() == []

    def test_nothing_runs_is_no_failure(self, clone: Clone) -> None:
        assert clone.command("stop").stderr == "Nothing runs.\n"
        assert clone.command("status").stdout == "Nothing runs.\n"


class TestRefusals:
    def test_a_taken_port_is_named_with_another(self, clone: Clone) -> None:
        with socket.create_server(("127.0.0.1", clone.port)):
            done = clone.command("run")
        assert done.returncode == REFUSED
        assert f"port {clone.port} on 127.0.0.1 is taken" in done.stderr
        assert f"hint: Use another: make run PORT={clone.port + 1}" in done.stderr

    @pytest.mark.parametrize("port", ["web", "0", "65536", "-1"])
    def test_what_is_no_port_is_told(self, clone: Clone, port: str) -> None:
        done = clone.command("run", PORT=port)
        assert (done.returncode, "which is no port" in done.stderr) == (WRONG_USAGE, True)

    def test_an_unknown_verb_is_wrong_usage(self, clone: Clone) -> None:
        assert clone.command("dance").returncode == WRONG_USAGE


class TestCleaning:
    def test_it_refuses_where_nobody_can_be_asked(self, clone: Clone) -> None:
        done = clone.command("clean")
        assert (done.returncode, "nobody said yes. Nothing was changed." in done.stderr) == (REFUSED, True)
        assert clone.data.exists()

    def test_it_removes_the_data_where_it_is_told_to(self, clone: Clone) -> None:
        assert clone.command("clean", "--yes").returncode == DONE
        assert not clone.data.exists()
        assert clone.command("clean").stderr == "There is nothing to remove.\n"
