"""The manifests are such as Kubernetes takes, hold what they promise, and say the same as docker-compose.prod.yml."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import environment
from config.declaration import BACKUP, NGINX, SCHEDULER, WEB, WORKER
from config.environment_values import ROOT
from config.variables import VARIABLES
from ops.deploy.first_time import new_secrets
from ops.deploy.preflight.host import size_of
from tests.kubernetes.conftest import Document, Looked, containers, found, pods

APPLICATION = (WEB, WORKER, SCHEDULER)
FOLDER = ROOT / "kubernetes"


def read(name: str) -> dict[str, Any]:
    """Return the services of one of Compose's files, whose `!reset` and `!override` YAML does not know."""
    services: dict[str, Any] = yaml.safe_load(re.sub(r"!(reset|override) ?", "", text(name)))["services"]
    return services


def compose(name: str) -> dict[str, Any]:
    """Return a service of production's: what its file says, above what development's says."""
    both = [read(each) for each in ("docker-compose.yml", "docker-compose.prod.yml")]
    base, over = both[0].get(name, {}), both[1].get("web_blue" if name == WEB else name, {})
    return {**base, **over}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_schemas_of_current_versions_and_checkov_s_rules_are_kept(looked: Looked) -> None:
    assert looked.status == 0, looked.text
    assert "Failed checks: 0, Skipped checks: 0" in looked.text


def test_every_file_is_listed_by_a_kustomization() -> None:
    for path in FOLDER.rglob("*.yaml"):
        if path.name not in ("kustomization.yaml", ".checkov.yaml"):
            assert path.name in (path.parent / "kustomization.yaml").read_text(encoding="utf-8"), path


class TestLikeCompose:
    @pytest.mark.parametrize("name", APPLICATION)
    def test_commands(self, name: str, one: Callable[..., Document]) -> None:
        (own,) = pods([one("Deployment", name)])[name]["spec"]["containers"]
        expected = [re.sub(r"\$\{(\w+):-[^}]*\}", r"$(\1)", str(word)) for word in compose(name)["command"]]
        assert own["args"] == expected
        assert "command" not in own  # the image's entrypoint stays the first process

    def test_images_are_the_two_of_ours_and_the_same_of_others(self, looked: Looked) -> None:
        names = {
            each["image"].partition(":")[0]
            for pod in pods(looked.rendered["production"]).values()
            for each in containers(pod)
        }
        ours = {f"registry.example.com/{name}" for name in ("slipway-application", "slipway-nginx", "slipway-backup")}
        assert names == {*ours, "redis"}
        redis = pods(looked.rendered["production"])["redis"]["spec"]["containers"][0]["image"]
        assert redis == VARIABLES["REDIS_IMAGE"].default
        major = VARIABLES["POSTGRES_IMAGE"].default.partition(":")[2]  # type: ignore[union-attr]
        assert found(looked.rendered["production"], "Cluster", "database")["spec"]["imageCatalogRef"]["major"] == int(
            major
        )

    def test_ports_are_those_that_the_images_say(self, looked: Looked) -> None:
        for name, path in (("web", "Dockerfile"), ("nginx", "nginx/Dockerfile")):
            exposed = set(re.search(r"^EXPOSE (.+)$", text(path), re.MULTILINE)[1].split())  # type: ignore[index]
            (own,) = pods(looked.rendered["production"])[name]["spec"]["containers"]
            ports = {
                f"{each['containerPort']}{'/udp' if each.get('protocol') == 'UDP' else ''}" for each in own["ports"]
            }
            assert ports - {"8083"} == exposed  # that one is inside alone

    @pytest.mark.parametrize("name", ["web", "worker", "scheduler", "nginx", "redis", "backup"])
    def test_memory_and_processors_are_as_much(self, name: str, looked: Looked) -> None:
        limits = pods(looked.rendered["production"])[name]["spec"]["containers"][0]["resources"]["limits"]
        assert size_of(limits["memory"].rstrip("i")) == size_of(VARIABLES[f"{name.upper()}_MEMORY"].default or "")
        processors = limits["cpu"]
        assert (float(processors[:-1]) / 1000 if processors.endswith("m") else float(processors)) == compose(name)[
            "cpus"
        ]

    def test_probes_ask_what_health_checks_ask(self, looked: Looked) -> None:
        for name in ("web", "worker", "scheduler", "nginx", "redis"):
            own = pods(looked.rendered["production"])[name]["spec"]["containers"][0]
            asked = [own[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]
            words = [each.get("exec", {}).get("command") or each["httpGet"]["path"] for each in asked]
            assert words[0] == words[1] == words[2]
            assert words[0] == self.health_check(name), name

    def test_the_backup_service_s_probe_is_its_health_check_and_nothing_ends_it(self, looked: Looked) -> None:
        own = pods(looked.rendered["production"])["backup"]["spec"]["containers"][0]
        assert str(own["readinessProbe"]["exec"]["command"]).replace("'", '"') in text("backup/Dockerfile")
        assert "exec" not in own["livenessProbe"]

    def health_check(self, name: str) -> object:
        if name == WEB:
            return re.search(r'request\("GET", "([^"]+)"\)', text("apps/health/probe.py"))[1]  # type: ignore[index]
        if name == NGINX:
            return yaml.safe_load(re.search(r"HEALTHCHECK.*?CMD (\[.*?\])", text("nginx/Dockerfile"), re.DOTALL)[1])  # type: ignore[index]
        words: list[str] = read("docker-compose.yml")[name]["healthcheck"]["test"]
        return ["sh", "-c", words[1].replace("$$", "$")] if words[0] == "CMD-SHELL" else words[1:]

    def test_secrets_are_the_same_files_under_the_same_variables(self, documents: list[Document]) -> None:
        ours = {
            each["name"]: each["value"]
            for name in APPLICATION
            for each in pods(documents)[name]["spec"]["containers"][0]["env"]
        }
        theirs = {name: value for name, value in compose(WEB)["environment"].items() if name.endswith("_FILE")}
        assert theirs.items() <= ours.items()
        secrets = {name for name, variable in VARIABLES.items() if variable.is_secret}
        assert {
            name.removesuffix("_FILE") for name in ours if name.endswith("_FILE") and name != "HEARTBEAT_FILE"
        } <= secrets

    def test_redis_is_started_by_the_same_script(self) -> None:
        assert (FOLDER / "components/redis/start.sh").read_bytes() == (ROOT / "redis/start.sh").read_bytes()


class TestConfiguration:
    def test_it_has_every_variable_of_the_pods_that_is_no_secret(self, documents: list[Document]) -> None:
        pods_of = {WEB, WORKER, SCHEDULER, NGINX}
        wanted = {name for name, each in VARIABLES.items() if pods_of & set(each.services) and not each.is_secret}
        assert set(found(documents, "ConfigMap", "configuration")["data"]) == wanted - {"HEARTBEAT_FILE"}

    def test_the_application_starts_with_it(self, documents: list[Document], tmp_path: Path) -> None:
        texts = new_secrets() | {
            "email_url": "smtp://mail.test",
            "media_storage_secret_access_key": "secret-of-the-bucket",
            "database_url": "postgresql://slipway:password@database-rw.slipway:5432/slipway",  # the operator's spelling
        }
        for name, value in texts.items():
            (tmp_path / name).write_text(value)
        data = found(documents, "ConfigMap", "configuration")["data"]
        for name in (*APPLICATION, "migrate"):
            (own,) = pods(documents)[name]["spec"]["containers"]
            given = {each["name"]: each["value"].replace("/run/secrets", str(tmp_path)) for each in own["env"]}
            environment.read({"ENV_FILE": "", **data, **given})

    def test_the_backup_service_has_its_variables(self, one: Callable[..., Document]) -> None:
        wanted = {name for name, each in VARIABLES.items() if BACKUP in each.services}
        (own,) = pods([one("Deployment", "backup")])["backup"]["spec"]["containers"]
        given = {each["name"].removesuffix("_FILE") for each in own["env"]}
        data = {**one("ConfigMap", "configuration")["data"], **one("ConfigMap", "backup")["data"]}
        assert {name for name in wanted if not VARIABLES[name].is_secret} <= set(data)
        assert given <= wanted
        assert data["BACKUP_STATUS_URL"] == "http://backup:9200"

    def test_nginx_has_all_that_it_asks_for(self, documents: list[Document]) -> None:
        needed = re.search(r"needed='([^']+)'", text("nginx/entrypoint.d/40-variables.sh"))[1].split()  # type: ignore[index]
        data = found(documents, "ConfigMap", "configuration")["data"]
        assert all(data[name] for name in needed)


class TestPods:
    def test_each_has_no_right_that_it_does_not_use(self, documents: list[Document]) -> None:
        for name, pod in pods(documents).items():
            spec = pod["spec"]
            assert spec["securityContext"]["runAsNonRoot"], name
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
            assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False), name
            for each in containers(pod):
                context = each["securityContext"]
                assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False), name
                assert context["capabilities"] == {"drop": ["ALL"]}, name
                assert set(each["resources"]) == {"limits", "requests"}, name

    def test_nginx_sees_no_secret_but_its_certificate(self, documents: list[Document]) -> None:
        (own,) = pods(documents)["nginx"]["spec"]["containers"]
        assert "secrets" not in {each["name"] for each in own["volumeMounts"]}

    def test_there_is_one_scheduler_and_never_a_second(self, documents: list[Document]) -> None:
        spec = found(documents, "Deployment", "scheduler")["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
        scaled = {
            each["spec"]["scaleTargetRef"]["name"] for each in documents if each["kind"] == "HorizontalPodAutoscaler"
        }
        assert scaled == {"web", "worker", "nginx"}
        assert not [name for name in scaled if "replicas" in found(documents, "Deployment", name)["spec"]]

    def test_an_update_takes_nobody_away_before_another_is_ready(self, documents: list[Document]) -> None:
        for name in ("web", "nginx"):
            spec = found(documents, "Deployment", name)["spec"]
            assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
            pause = spec["template"]["spec"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            draining = int(VARIABLES["SHUTDOWN_TIMEOUT_SECONDS"].default or 0)
            assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > pause + draining
        worker = pods(documents)["worker"]["spec"]
        assert worker["terminationGracePeriodSeconds"] > int(VARIABLES["SHUTDOWN_TIMEOUT_SECONDS"].default or 0)

    def test_a_disruption_takes_one_at_a_time(self, documents: list[Document]) -> None:
        for name in ("web", "worker", "nginx"):
            assert found(documents, "PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1

    def test_there_are_connections_to_postgresql_for_all_that_may_run(self, one: Callable[..., Document]) -> None:
        pool, processes = (int(VARIABLES[name].default or 0) for name in ("DB_POOL_SIZE", "WORKER_CONCURRENCY"))
        most = {name: one("HorizontalPodAutoscaler", name)["spec"]["maxReplicas"] + 1 for name in ("web", "worker")}
        wanted = most["web"] * pool + most["worker"] * (processes + 1) + pool
        parameters = one("Cluster", "database")["spec"]["postgresql"]["parameters"]
        assert wanted < int(parameters["max_connections"])


class TestNetwork:
    FLOWS = (
        ("nginx", "web", 8000), ("web", "nginx", 8083), ("worker", "nginx", 8083), ("web", "nginx", 8443),
        ("web", "redis", 6379), ("worker", "redis", 6379), ("scheduler", "redis", 6379),
        ("web", "database", 5432), ("worker", "database", 5432), ("migrate", "database", 5432),
        ("backup", "database", 5432), ("backup", "redis", 6379), ("web", "backup", 9200),
    )  # fmt: skip
    NONE = (
        ("nginx", "database", 5432), ("nginx", "redis", 6379), ("redis", "web", 8000), ("worker", "web", 8000),
        ("web", "worker", 80), ("redis", "database", 5432), ("database", "redis", 6379),
        ("nginx", "backup", 9200), ("backup", "web", 8000), ("backup", "nginx", 8083),
    )  # fmt: skip

    @pytest.mark.parametrize("flow", FLOWS)
    def test_what_has_to_speak_may(self, flow: tuple[str, str, int], looked: Looked) -> None:
        assert may_speak(looked.rendered["production"], *flow)

    @pytest.mark.parametrize("flow", NONE)
    def test_nothing_else_does(self, flow: tuple[str, str, int], looked: Looked) -> None:
        assert not may_speak(looked.rendered["production"], *flow)

    def test_anybody_may_come_to_nginx_alone(self, documents: list[Document]) -> None:
        open_to_all = {
            each["metadata"]["name"]
            for each in documents
            if each["kind"] == "NetworkPolicy" and any("from" not in rule for rule in each["spec"].get("ingress", []))
        }
        assert open_to_all == {"nginx"}


def may_speak(documents: list[Document], source: str, target: str, port: int) -> bool:
    """Tell whether the policies let one pod speak to another: one has to let it out, and one has to let it in."""
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(documents).items()}
    labels["database"] = {"cnpg.io/cluster": "database"}
    names = {
        each["name"]: each["containerPort"]
        for pod in pods(documents).values()
        for own in containers(pod)
        for each in own.get("ports", [])
    }
    return all(
        any(
            matches(rule.get(way), labels[other])
            and port in {names.get(each["port"], each["port"]) for each in rule["ports"]}
            for each in documents
            if each["kind"] == "NetworkPolicy" and selects(each["spec"]["podSelector"], labels[own])
            for rule in each["spec"].get(direction, [])
        )
        for direction, way, own, other in (("egress", "to", source, target), ("ingress", "from", target, source))
    )


def matches(peers: list[Document] | None, labels: dict[str, str]) -> bool:
    return peers is None or any("podSelector" in each and selects(each["podSelector"], labels) for each in peers)


def selects(selector: Document, labels: dict[str, str]) -> bool:
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()
