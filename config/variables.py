"""Every variable of the environment, as data: the one place where each is declared. Reads nothing.

Defaults are production's; `development` is what `.env.example` changes. A variable without a default is required.
"""

from collections.abc import Iterator

from config.declaration import (
    APPLICATION,
    BACKUP,
    COMPOSE,
    DAY_SECONDS,
    DB,
    MIB,
    NGINX,
    REDIS,
    SCHEDULER,
    WEB,
    WORKER,
    YEAR_SECONDS,
    Group,
    Variable,
    flag,
    image,
    memory,
    number,
)

DJANGO = Group(
    title="Django",
    variables=(
        Variable(
            name="DJANGO_SECRET_KEY",
            purpose="Signs sessions and password links. Whoever has it can sign in as anybody. At least 50 random characters: "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` makes some.",
            default=None,
            development="change-me-python-m-config.environment-init-does-it",
            example="change-me-50-random-characters",
            is_secret=True,
        ),
        flag(
            "DJANGO_DEBUG",
            "Shows tracebacks to whoever causes an error, and serves static files without nginx. Never in production.",
            development=True,
        ),
        Variable(
            name="DJANGO_ALLOWED_HOSTS",
            purpose="The names under which the site is reached, with commas between them; a request for another is refused.",
            kind="items", default=None, development="localhost,127.0.0.1,[::1]", example="api.example.com", form="host",
        ),
        Variable(
            name="SITE_URL",
            purpose="The site's address in links that are mailed, such as the one that resets a password.",
            default=None, development="http://127.0.0.1:8000", example="https://api.example.com", form="http",
        ),
        Variable(
            name="CSRF_TRUSTED_ORIGINS",
            purpose="Other origins whose pages may send requests with the visitor's session, with scheme, with commas between "
            "them: a front end on its own domain, https://app.example.com.",
            kind="items", form="origin",
        ),
        Variable(
            name="DJANGO_TIME_ZONE",
            purpose="The zone of times in the admin, and of a camera that does not say its own; the API always gives an offset.",
            default="UTC", form="time zone",
        ),
        Variable(
            name="DJANGO_LANGUAGE_CODE", purpose="The language of the admin and of messages.", default="en-us", form="language"
        ),
        Variable(
            name="LOG_LEVEL",
            purpose="The least important messages that are logged.",
            default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        ),
        Variable(
            name="LOG_FORMAT",
            purpose="How log lines look: `json` for machines, `console` for people.",
            default="json", development="console", choices=("json", "console"),
        ),
        flag("GRAPHIQL", "Shows the GraphiQL editor to a browser that opens /graphql.", development=True, services=(WEB,)),
        flag(
            "GRAPHQL_INTROSPECTION",
            "Lets clients ask for the schema, and suggests names in errors. Off, a stranger has to guess.",
            development=True, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_PAGE_SIZE",
            "The most items that one page of a list may have; asking for more is an error.",
            default=100, minimum=1, maximum=1000, services=(WEB,),
        ),
        Variable(
            name="ADMIN_URL",
            purpose="The path of Django's admin. One that is not the usual keeps scanners out of the log.",
            default="admin/", form="address path", services=(WEB, NGINX),
        ),
        number(
            "REQUEST_MAX_BYTES",
            "The largest request body, all files of an upload together, in bytes.",
            default=64 * MIB, minimum=MIB, maximum=10_240 * MIB, services=(WEB, NGINX),
        ),
        flag(
            "RUN_MIGRATIONS",
            "Applies migrations when the web container starts. Replicas don't race: one migrates, the others wait. Off where a "
            "deploy has migrated already.",
            default=True, services=(WEB,),
        ),
        flag(
            "LOAD_DEMO",
            "Loads two people and four albums when the web container starts, as `manage.py demo` does. Only with DJANGO_DEBUG.",
            development=True, services=(WEB,),
        ),
        number("PORT", "The port on 127.0.0.1 that `make run` serves on.", default=8000, minimum=1, maximum=65_535, services=()),
    ),
)  # fmt: skip

SECURITY = Group(
    title="Security",
    variables=(
        flag(
            "SECURE_PROXY_SSL_HEADER",
            "Believes nginx's X-Forwarded-Proto, so that Django knows that a request came over TLS. Only behind a proxy that "
            "sets it always.",
            default=True, development=False,
        ),
        flag("SESSION_COOKIE_SECURE", "Sends the session cookie over TLS only.", default=True, development=False),
        flag("CSRF_COOKIE_SECURE", "Sends the CSRF cookie over TLS only.", default=True, development=False),
        number(
            "SECURE_HSTS_SECONDS",
            "For how long browsers refuse to come without TLS, once they have been here. Raise it step by step: it can't be "
            "taken back.",
            default=3600, development=0, maximum=2 * YEAR_SECONDS, services=(*APPLICATION, NGINX),
        ),
        Variable(
            name="TRUSTED_PROXIES",
            purpose="The networks that nginx comes from, with commas between them: only from there is X-Forwarded-For believed, "
            "which says who a client is. Private networks by default, since nothing but nginx reaches the application there.",
            kind="items", default="10.0.0.0/8,172.16.0.0/12,192.168.0.0/16", development="", form="network",
            may_be_empty=True, services=(WEB,),
        ),
        number(
            "LOGIN_MAX_FAILURES",
            "After so many wrong passwords for one address from one client, sign-in is closed to it for a while.",
            default=5, minimum=1, maximum=1000, services=(WEB,),
        ),
        number(
            "LOGIN_LOCKOUT_SECONDS",
            "For how long sign-in stays closed after too many wrong passwords.",
            default=900, minimum=1, maximum=DAY_SECONDS, services=(WEB,),
        ),
        number(
            "PASSWORD_RESET_TIMEOUT_SECONDS",
            "For how long a mailed link can set a new password.",
            default=3600, minimum=60, maximum=7 * DAY_SECONDS, services=(WEB, WORKER),
        ),
    ),
)  # fmt: skip

SERVER = Group(
    title="Server",
    variables=(
        Variable(
            name="ASGI_SERVER",
            purpose="The program that answers requests.",
            default="daphne", choices=("daphne", "uvicorn", "granian"), services=(WEB,),
        ),
        number(
            "SHUTDOWN_TIMEOUT_SECONDS",
            "For how long web server and worker, when told to stop, may finish what they have begun. What stops them, such as "
            "compose's stop_grace_period, has to wait for longer.",
            default=30, development=10, minimum=1, maximum=600,
        ),
    ),
)  # fmt: skip

DATABASE = Group(
    title="Database",
    variables=(
        Variable(
            name="DATABASE_URL",
            purpose="Where PostgreSQL is: `postgres://user:password@host:5432/name`; `?sslmode=verify-full` and the like go "
            "behind it. `make run` and Docker Compose start one of their own where this is not set.",
            default=None, example="postgres://slipway:change-me@db:5432/slipway", form="postgres",
            is_secret=True, is_left_to_run=True, made_from="DB_PASSWORD", services=(*APPLICATION, BACKUP),
        ),
        Variable(
            name="DB_PASSWORD",
            purpose="The application's password at the PostgreSQL that Docker Compose starts; DATABASE_URL is made from it there. "
            "Letters, digits, - and _ only: it stands in an address. `scripts/rotate_passwords.sh` changes it.",
            example="change-me-at-the-database", form="word", is_secret=True, services=(DB,),
        ),
        Variable(
            name="POSTGRES_PASSWORD",
            purpose="The password of that PostgreSQL's superuser, whom nothing of ours signs in as over the network.",
            example="change-me-of-the-superuser", form="word", is_secret=True, services=(DB,),
        ),
        number(
            "DB_POOL_SIZE",
            "The most connections to PostgreSQL that one process keeps. Processes times this has to stay below its max_connections.",
            default=10, minimum=1, maximum=500,
        ),
        number(
            "DB_MAX_CONNECTIONS",
            "PostgreSQL's max_connections. DB_POOL_SIZE times the processes of web, worker and scheduler has to stay below it.",
            default=100, minimum=10, maximum=10_000, services=(DB,),
        ),
        Variable(
            name="DB_SHARED_BUFFERS",
            purpose="PostgreSQL's shared_buffers, such as 256MB; empty: a quarter of DB_MEMORY.",
            form="PostgreSQL size", services=(DB,),
        ),
        Variable(
            name="DB_WORK_MEM",
            purpose="PostgreSQL's work_mem, such as 8MB; empty: half of DB_MEMORY shared among DB_MAX_CONNECTIONS, 1MB at least.",
            form="PostgreSQL size", services=(DB,),
        ),
        number(
            "DB_SLOW_STATEMENT_MS",
            "A statement that takes so many milliseconds is logged.",
            default=1000, maximum=DAY_SECONDS * 1000, services=(DB,),
        ),
        Variable(
            name="DB_BACKUPS_DIR", purpose="Where the backup service keeps its sets.", default="/backups", services=(BACKUP,)
        ),
        Variable(
            name="DB_BACKUP_CRON",
            purpose="When the database is backed up: minute, hour, day of month, month, day of week.",
            default="0 3 * * *", form="cron", services=(BACKUP,),
        ),
        number(
            "DB_BACKUP_RETENTION_DAYS",
            "For how long a backup is kept. The last verified one is kept for ever.",
            default=14, minimum=1, maximum=3650, services=(BACKUP,),
        ),
        number(
            "DB_BACKUP_KEEP_DAILY",
            "Of so many days that have a verified backup, the last of each is kept beyond that.",
            default=0, maximum=3650, services=(BACKUP,),
        ),
        number(
            "DB_BACKUP_KEEP_WEEKLY", "The same of so many weeks, from Monday to Sunday.",
            default=0, maximum=520, services=(BACKUP,),
        ),
        number(
            "DB_BACKUP_KEEP_MONTHLY", "The same of so many months.", default=0, maximum=120, services=(BACKUP,),
        ),
        number(
            "DB_BACKUP_MIN_KEEP",
            "So many of the newest verified backups are kept, whatever their age.",
            default=3, minimum=1, maximum=1000, services=(BACKUP,),
        ),
        Variable(
            name="DB_BACKUP_COMPRESSION",
            purpose="How dumps are compressed: `gzip` or `zstd`, with a level behind a colon where another than the usual is wanted. "
            "zstd is about three times as fast, and smaller; PostgreSQL's programs have to be built with it.",
            default="gzip", form="compression", services=(BACKUP,),
        ),
        flag(
            "DB_BACKUPS_ON_MOUNT",
            "Refuses to back up where DB_BACKUPS_DIR is not a mount point, so that a disk that is not there does not fill another.",
            services=(BACKUP,),
        ),
        Variable(
            name="DB_BACKUP_SCRATCH_DIR",
            purpose="Where the scratch server that backups are restored into has its data meanwhile, as much as the database "
            "itself; empty: in DB_BACKUPS_DIR. Set it where that is a network's.",
            services=(BACKUP,),
        ),
    ),
)  # fmt: skip

CACHE_AND_TASKS = Group(
    title="Cache and tasks",
    variables=(
        Variable(
            name="REDIS_URL",
            purpose="Where Redis is, for cache, tasks and subscriptions: `redis://:password@host:6379/0`. `make run` and Docker "
            "Compose start one of their own where this is not set.",
            default=None, example="redis://:change-me@redis:6379/0", form="redis", is_secret=True, is_left_to_run=True,
            made_from="REDIS_PASSWORD",
        ),
        Variable(
            name="REDIS_PASSWORD",
            purpose="The password of the Redis that Docker Compose starts; REDIS_URL is made from it there. Letters, digits, - and "
            "_ only.",
            example="change-me-at-redis", form="word", is_secret=True, services=(REDIS,),
        ),
        Variable(
            name="REDIS_MAXMEMORY",
            purpose="Redis's maxmemory, such as 192mb, above which cached values are evicted; empty: three quarters of REDIS_MEMORY.",
            form="Redis size", services=(REDIS,),
        ),
        number(
            "CACHE_TIMEOUT_SECONDS",
            "For how long a cached value is kept that does not say.",
            default=300, minimum=1, maximum=DAY_SECONDS,
        ),
        number(
            "WORKER_CONCURRENCY",
            "How many tasks the worker does at the same time, each in a process of its own.",
            default=2, minimum=1, maximum=64, services=(WORKER,),
        ),
        Variable(
            name="HEARTBEAT_FILE",
            purpose="The file whose time worker and scheduler renew every few seconds while they are well, for the health check of "
            "their containers; empty: none.",
            services=(WORKER, SCHEDULER),
        ),
    ),
)  # fmt: skip

STORAGE = Group(
    title="Storage",
    variables=(
        Variable(
            name="STATIC_URL", purpose="The path of static files.", default="/static/", form="address path", services=(WEB, NGINX)
        ),
        Variable(
            name="STATIC_ROOT",
            purpose="The folder that static files are collected into, for nginx to serve.",
            kind="path", default="/srv/static", development=".data/static", services=(WEB, NGINX),
        ),
        Variable(
            name="MEDIA_URL",
            purpose="The path of uploaded files.",
            default="/media/", form="address path", services=(WEB, WORKER, NGINX),
        ),
        Variable(
            name="MEDIA_ROOT",
            purpose="The folder that uploaded files are kept in. It has to be writable, and in the backup.",
            kind="path", default="/srv/media", development=".data/media", services=(WEB, WORKER, NGINX, BACKUP),
        ),
        Variable(
            name="MEDIA_ACCEL_LOCATION",
            purpose="The internal address at which nginx fetches a private file once the application has said yes "
            "(X-Accel-Redirect). Empty where no nginx stands in front: the application then sends files itself.",
            default="/protected-media/", development="", form="address path", may_be_empty=True, services=(WEB, NGINX),
        ),
        number(
            "MEDIA_MAX_BYTES",
            "The largest file that may be uploaded, in bytes.",
            default=20 * MIB, minimum=1024, maximum=1024 * MIB, services=(WEB,),
        ),
        number(
            "MEDIA_MAX_PIXELS",
            "The largest picture, width times height: a small file can unpack to gigabytes.",
            default=50_000_000, minimum=10_000, maximum=500_000_000, services=(WEB, WORKER),
        ),
        Variable(
            name="MEDIA_BACKUP_TARGET",
            purpose="Where media are copied to, off this machine; empty: nowhere yet.",
            is_secret=True, services=(BACKUP,),
        ),
        Variable(
            name="MEDIA_BACKUP_CRON", purpose="When media are copied.", default="30 3 * * *", form="cron", services=(BACKUP,)
        ),
    ),
)  # fmt: skip

NGINX_GROUP = Group(
    title="nginx",
    variables=(
        Variable(
            name="SERVER_NAME",
            purpose="The name that nginx answers to; a request for another is closed without an answer.",
            default="localhost", example="api.example.com", form="host", services=(NGINX,),
        ),
        flag(
            "USE_TLS",
            "Serves TLS on port 443 and sends port 80 there.",
            default=True, development=False, services=(*APPLICATION, NGINX),
        ),
        Variable(
            name="TLS_CERT_PATH",
            purpose="The certificate with its chain, in PEM. Needed where USE_TLS is true.",
            default="/etc/nginx/tls/fullchain.pem", may_be_empty=True, services=(NGINX,),
        ),
        Variable(
            name="TLS_KEY_PATH",
            purpose="The certificate's key, in PEM. Needed where USE_TLS is true.",
            default="/etc/nginx/tls/privkey.pem", may_be_empty=True, services=(NGINX,),
        ),
        number(
            "HTTP_PORT",
            "The port that nginx is reached on without TLS.",
            default=80, development=8080, minimum=1, maximum=65_535, services=(NGINX, COMPOSE),
        ),
        number(
            "HTTPS_PORT",
            "The port that nginx is reached on with TLS, and that HTTP_PORT sends to.",
            default=443, development=8443, minimum=1, maximum=65_535, services=(NGINX, COMPOSE),
        ),
        Variable(
            name="UPSTREAM",
            purpose="Where nginx finds the application at its very first start; later a deploy says which colour serves.",
            default="web:8000", services=(NGINX,),
        ),
        Variable(
            name="NGINX_RESOLVER",
            purpose="The name server that nginx asks for the application's address, again and again. The default is Docker's.",
            default="127.0.0.11", form="host", services=(NGINX,),
        ),
        number(
            "NGINX_RATE_PER_SECOND",
            "How many requests a second one address may send to the application for long; files from nginx do not count.",
            default=50, minimum=1, maximum=100_000, services=(NGINX,),
        ),
        number(
            "NGINX_RATE_BURST",
            "How many requests one address may be ahead of that; more are answered with 429.",
            default=200, minimum=1, maximum=100_000, services=(NGINX,),
        ),
        number(
            "NGINX_MAX_CONNECTIONS",
            "How many requests and WebSockets one address may have open at once; more are answered with 429.",
            default=200, minimum=1, maximum=100_000, services=(NGINX,),
        ),
    ),
)  # fmt: skip

EMAIL = Group(
    title="Email",
    variables=(
        Variable(
            name="EMAIL_URL",
            purpose="The mail server in one line, `smtp+tls://user:password@host:587`; or the five below. With neither, mail "
            "is written to the log and reaches nobody.",
            development="consolemail://", form="email", is_secret=True,
        ),
        Variable(name="EMAIL_HOST", purpose="The mail server's name, where EMAIL_URL is empty.", form="host"),
        number("EMAIL_PORT", "The mail server's port.", default=587, minimum=1, maximum=65_535),
        Variable(name="EMAIL_USER", purpose="Whom we are to the mail server; empty: it asks for no name."),
        Variable(name="EMAIL_PASS", purpose="The password at the mail server.", is_secret=True),
        flag("EMAIL_USE_TLS", "Speaks TLS to the mail server, by STARTTLS.", default=True),
        Variable(
            name="DEFAULT_FROM_EMAIL",
            purpose="Whom mail is from.",
            default="Slipway <noreply@localhost>", example="Slipway <noreply@example.com>", form="email address",
        ),
    ),
)  # fmt: skip

CONTAINERS = Group(
    title="Containers",
    variables=(
        Variable(
            name="COMPOSE_PROJECT_NAME",
            purpose="What Docker calls the containers, volumes and networks of this clone; empty: by its folder. A second clone in a "
            "folder of the same name needs another.",
            form="word",
            services=(COMPOSE,),
        ),
        image("APPLICATION_IMAGE", "", "the application, which is built and tagged; empty: by the project's name"),
        Variable(
            name="TLS_FOLDER",
            purpose="The folder on this machine with the certificate and its key, mounted where TLS_CERT_PATH and TLS_KEY_PATH "
            "look; user 101 has to be able to read them. Empty: a volume.",
            services=(COMPOSE,),
        ),
        image("PYTHON_IMAGE", "python:3.14-slim", "Python, which the application's is built on"),
        image("POSTGRES_IMAGE", "postgres:18", "PostgreSQL; a new major needs more than a new name"),
        image("REDIS_IMAGE", "redis:8", "Redis"),
        image("NGINX_IMAGE", "nginx:1.30", "nginx, which ours is built on"),
        memory("WEB_MEMORY", "512m", "the web server"),
        memory("WORKER_MEMORY", "768m", "the worker; a picture of MEDIA_MAX_PIXELS takes some 300 MB to decode"),
        memory("SCHEDULER_MEMORY", "256m", "the scheduler"),
        memory("DB_MEMORY", "1g", "PostgreSQL, which sizes its buffers by it"),
        memory("REDIS_MEMORY", "256m", "Redis, which evicts cached values at three quarters of it"),
        memory("NGINX_MEMORY", "128m", "nginx"),
    ),
)

GROUPS = (DJANGO, SECURITY, SERVER, DATABASE, CACHE_AND_TASKS, STORAGE, NGINX_GROUP, EMAIL, CONTAINERS)


def all_variables() -> Iterator[Variable]:
    """Yield every variable in the order of its group."""
    for group in GROUPS:
        yield from group.variables


VARIABLES = {variable.name: variable for variable in all_variables()}
