"""Builds the command lines of a deploy. Runs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.compose import Compose

SERVERS = ("db", "redis", "nginx")
LABEL = '{{json (index .Config.Labels "com.docker.compose.%s")}}'
CONTAINER = (
    f'{{"name": {{{{json .Name}}}}, "service": {LABEL % "service"}, "one_off": {LABEL % "oneoff"}, '
    '"restarts": {{.RestartCount}}, "state": {{json .State}}}'
)


def accepting(status: int, command: Sequence[str]) -> list[str]:
    """Return a command that succeeds also where its status is this one: then its words are the result."""
    return ["sh", "-c", f'"$@" || [ $? = {status} ]', "accepting", *command]


@dataclass(frozen=True, kw_only=True)
class Commands:
    """The commands on one production's stack. A colour's service is web_blue or web_green."""

    compose: Compose
    project: str

    def build(self, *, image: str, version: str, python_image: str, root: str) -> list[str]:
        """Return what builds the application's image."""
        arguments = {"VERSION": version, "COMMIT": version} | ({"PYTHON_IMAGE": python_image} if python_image else {})
        words = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        return ["docker", "build", "--quiet", "--tag", image, *words, root]

    def build_others(self, *services: str) -> list[str]:
        """Return what builds the images that are not the application's."""
        return self.compose.command("build", "--quiet", *services)

    def remove(self, service: str) -> list[str]:
        """Return what ends a service, and removes its container."""
        return self.compose.command("rm", "--stop", "--force", service)

    def certificate_health(self) -> list[str]:
        """Return what prints in a line how certbot's certificate is, with status 1 where it is not well."""
        return self.compose.command("exec", "-T", "certbot", "python", "-m", "ops.certificates", "health")

    def pull(self, image: str) -> list[str]:
        """Return what fetches an image from its registry."""
        return ["docker", "pull", "--quiet", image]

    def tag(self, image: str, *, name: str) -> list[str]:
        """Return what gives an image another name."""
        return ["docker", "tag", image, name]

    def image_id(self, image: str) -> list[str]:
        """Return what prints an image's id, and fails where there is none."""
        return ["docker", "image", "inspect", "--format", "{{.Id}}", image]

    def images(self) -> list[str]:
        """Return what lists the versions of the application's image, the newest first."""
        return ["docker", "image", "ls", "--format", "{{.Tag}}", f"{self.project}-application"]

    def remove_image(self, image: str) -> list[str]:
        """Return what removes an image's name, and its layers where no other has them."""
        return ["docker", "image", "rm", image]

    def check_environment(self, *, image: str, root: str) -> list[str]:
        """Return what checks the env file by the declaration, in the image. As root: the secrets are other users'."""
        mounts = ["-v", f"{root}/.env:/site/.env:ro", "-v", f"{root}/secrets:/site/secrets:ro"]
        run = ["docker", "run", "--rm", "--network", "none", "--user", "0:0", "--workdir", "/site", *mounts]
        check = ["-m", "config.environment", "check", ".env", "--json"]
        return [*run, "--env", "PYTHONPATH=/app", "--entrypoint", "python", image, *check]

    def migrate(self, colour: str, *words: str, image: str) -> list[str]:
        """Return what migrates in a container of its own, which nginx does not see, with an image that is not yet in the env file."""
        name = f"{self.project}-migrate"
        run = self.compose.command("run", "--rm", "--no-deps", "-T", "--name", name, f"web_{colour}")
        return ["env", f"WEB_{colour.upper()}_IMAGE={image}", *run, "python", "manage.py", "migrate_once", *words]

    def migrate_allowing(self, colour: str, *, image: str, allowed: Sequence[str]) -> list[str]:
        """Return what migrates, also what is named although it is dangerous."""
        words = [word for migration in allowed for word in ("--allow-dangerous", migration)]
        return self.migrate(colour, *words, image=image)

    def plan_migrations(self, colour: str, *, image: str) -> list[str]:
        """Return what tells the pending migrations."""
        return self.migrate(colour, "--plan", image=image)

    def remove_left_over(self) -> list[str]:
        """Return what removes the container of a migration whose deploy was stopped."""
        return ["docker", "rm", "--force", f"{self.project}-migrate"]

    def created(self) -> list[str]:
        """Return what prints the names of the stack's containers that were made and have never run."""
        filters = [f"label=com.docker.compose.project={self.project}", "status=created"]
        return [
            "docker",
            "ps",
            "--all",
            *(word for each in filters for word in ("--filter", each)),
            "--format",
            "{{.Names}}",
        ]

    def start(self, *services: str) -> list[str]:
        """Return what starts services, anew where their image or declaration has changed. It waits for nothing."""
        return self.compose.command("up", "-d", "--no-deps", *services)

    def start_anew(self, *services: str) -> list[str]:
        """Return what replaces containers, changed or not. It waits for nothing."""
        return self.compose.command("up", "-d", "--no-deps", "--force-recreate", *services)

    def containers(self, *services: str) -> list[str]:
        """Return what lists the ids of services' containers, whether they run or not."""
        return self.compose.command("ps", "--all", "-q", *services)

    def inspect(self, *containers: str) -> list[str]:
        """Return what prints how containers are, an object a line."""
        return ["docker", "inspect", "--format", CONTAINER, *containers]

    def stop(self, *services: str) -> list[str]:
        """Return what lets services finish and end; the containers stay, for a quick way back."""
        return self.compose.command("stop", *services)

    def smoke_test(self, service: str) -> list[str]:
        """Return what tests a version from inside."""
        return self.compose.command("exec", "-T", service, "python", "manage.py", "smoke_test")

    def switch(self, service: str) -> list[str]:
        """Return what points nginx at a service."""
        return self.compose.command("exec", "-T", "nginx", "switch-upstream", f"{service}:8000")

    def upstream(self) -> list[str]:
        """Return what prints whom nginx points at."""
        return self.compose.command("exec", "-T", "nginx", "cat", "/etc/nginx/conf.d/upstream.inc")

    def wanted_hashes(self) -> list[str]:
        """Return what prints each service and the hash of its declaration."""
        return self.compose.command("config", "--hash", "*")

    def running_hashes(self) -> list[str]:
        """Return what prints each service that runs and the hash of the declaration that it was started with."""
        labels = '{{.Label "com.docker.compose.service"}} {{.Label "com.docker.compose.config-hash"}}'
        return ["docker", "ps", "--filter", f"label=com.docker.compose.project={self.project}", "--format", labels]

    def running(self) -> list[str]:
        """Return what lists the services that run."""
        return self.compose.command("ps", "--services", "--status", "running")

    def logs(self, service: str) -> list[str]:
        """Return what prints the end of a service's log."""
        return self.compose.command("logs", "--no-color", "--no-log-prefix", "--tail", "15", service)
