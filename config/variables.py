"""Every variable of the environment, as data: the one place where each is declared. Reads nothing.

Defaults are production's; `development` is what `.env.example` changes. A variable without a default is required.
"""

from collections.abc import Iterator

from config.declaration import (
    APPLICATION,
    BACKUP,
    CERTBOT,
    COMPOSE,
    DAY_SECONDS,
    DB,
    MIB,
    NGINX,
    REDIS,
    RESTORE,
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
from config.graphql_variables import GRAPHQL

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
        Variable(
            name="DJANGO_SECRET_KEY_FALLBACKS",
            purpose="Secret keys of before, with commas between them: what they signed is still good. "
            "`scripts/stack.sh rotate-secrets` writes them.",
            kind="items", example="", is_secret=True,
        ),
        flag(
            "DJANGO_DEBUG",
            "Shows tracebacks to whoever causes an error, and serves static files without nginx. Never in production.",
            development=True, services=(*APPLICATION, BACKUP),
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
            services=(*APPLICATION, BACKUP, CERTBOT),
        ),
        Variable(
            name="CSRF_TRUSTED_ORIGINS",
            purpose="Other origins whose pages may send requests with the visitor's session, with scheme, with commas between "
            "them: a front end on its own domain, https://app.example.com.",
            kind="items", form="origin",
        ),
        Variable(
            name="DJANGO_TIME_ZONE",
            purpose="The zone of times in the admin, of a camera that does not say its own, and of the backups' cron lines; the API "
            "always gives an offset.",
            default="UTC", form="time zone", services=(*APPLICATION, BACKUP),
        ),
        Variable(
            name="DJANGO_LANGUAGE_CODE", purpose="The language of the admin and of messages.", default="en-us", form="language"
        ),
        Variable(
            name="LOG_LEVEL",
            purpose="The least important messages that are logged.",
            default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), services=(*APPLICATION, BACKUP, CERTBOT),
        ),
        Variable(
            name="LOG_FORMAT",
            purpose="How log lines look: `json` for machines, `console` for people.",
            default="json", development="console", choices=("json", "console"), services=(*APPLICATION, BACKUP, CERTBOT),
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
        Variable(
            name="DEPLOYS_DIR",
            purpose="Where the record of deploys is mounted, for the page Operations.",
            kind="path", default="/srv/deploys", development=".data/deploys", services=(WEB,),
        ),
        Variable(
            name="BACKUP_STATUS_URL",
            purpose="Where the backup service says how backups are, for the page Operations; empty: nowhere.",
            default="http://backup:9200", development="", form="any http", may_be_empty=True, services=(WEB,),
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
            name="CERTIFICATE_ADDRESS",
            purpose="Where the certificate that is served can be looked at, host:port, for its end in `/metrics` and on the page "
            "Operations, where USE_TLS is true; empty: it is not looked at.",
            default="nginx:8443", development="", form="host and port", may_be_empty=True, services=(WEB,),
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
            name="DATABASE_DIRECT_URL",
            purpose="Where PostgreSQL itself is, where DATABASE_URL is a pooler's, such as PgBouncer's in transaction mode. "
            "Migrations need a session of their own, and connect here; nothing else leaves anything behind in one then. Empty: "
            "there is no pooler.",
            form="postgres", is_secret=True,
        ),
        Variable(
            name="DATABASE_REPLICA_URLS",
            purpose="Replicas of that PostgreSQL, each one server, with commas between them; queries are read from them. What one "
            "leaves out of user, password and what stands behind the ? is as in DATABASE_URL. Empty: there are none.",
            kind="items", form="postgres", is_secret=True, services=(WEB,),
        ),
        number(
            "DATABASE_REPLICA_LAG_SECONDS",
            "A replica that has not replayed what was written so long ago is left out. Whoever wrote something himself reads from "
            "none that has not replayed it, however short ago that was.",
            default=1, minimum=1, maximum=300, services=(WEB,),
        ),
        Variable(
            name="DB_PASSWORD",
            purpose="The application's password at the PostgreSQL that Docker Compose starts; DATABASE_URL is made from it there. "
            "Letters, digits, - and _ only: it stands in an address. `scripts/rotate_passwords.sh` changes it.",
            example="change-me-at-the-database", form="word", is_secret=True, services=(DB,),
        ),
        Variable(
            name="POSTGRES_PASSWORD",
            purpose="The password of that PostgreSQL's superuser, as whom the backup service alone signs in over the network: roles "
            "with their passwords, replication and restores need it. Goes with a DATABASE_URL that has no password.",
            example="change-me-of-the-superuser", form="word", is_secret=True, services=(DB, BACKUP),
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
            name="DB_BACKUPS_DIR", purpose="Where the backup service keeps its sets.", default="/backups", services=(BACKUP, RESTORE)
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
            "zstd is about three times as fast, and smaller; PostgreSQL's programs have to be built with it. `none` for a target that "
            "compresses and stores what is the same once, as restic does.",
            default="gzip", form="compression", services=(BACKUP,),
        ),
        number(
            "DB_BACKUP_STALL_SECONDS",
            "A dump that has not grown for so many seconds, and no table's fingerprint done meanwhile, is ended, and has failed.",
            default=900, minimum=10, maximum=DAY_SECONDS, services=(BACKUP,),
        ),
        flag(
            "DB_BACKUPS_ON_MOUNT",
            "Refuses to back up where DB_BACKUPS_DIR is not a mount point, so that a disk that is not there does not fill another.",
            services=(BACKUP, RESTORE),
        ),
        Variable(
            name="DB_BACKUP_SCRATCH_DIR",
            purpose="Where the scratch server that backups are restored into has its data meanwhile, as much as the database "
            "itself; empty: in DB_BACKUPS_DIR. Set it where that is a network's.",
            services=(BACKUP,),
        ),
        Variable(
            name="BACKUP_AGE_RECIPIENT",
            purpose="Public keys of age, comma separated, that sets of the database are encrypted to: who has one of the private "
            "keys can read them, and this machine can't; so are WAL and base backups off the machine. Media are not: for these "
            "take a target of restic, or rclone's crypt. Empty: nothing is encrypted.",
            kind="items", form="age recipient", services=(BACKUP,),
        ),
        Variable(
            name="BACKUP_AGE_IDENTITY",
            purpose="The private key of age that belongs to it, as age-keygen wrote it, better named by BACKUP_AGE_IDENTITY_FILE. For "
            "drills and restores: where it stays on the machine that backs up, encryption protects nothing from who has that.",
            is_secret=True, services=(BACKUP,),
        ),
        flag(
            "DB_PITR",
            "Receives the database's WAL as it is written, so that a restore can go back to any second (`restore_db.sh --at`). The "
            "backup service and the database both read it. Needs PostgreSQL 18 or newer.",
            services=(DB, BACKUP),
        ),
        number(
            "DB_PITR_DAYS",
            "So many days back any second can be restored; older WAL goes.",
            default=7, minimum=1, maximum=365, services=(BACKUP,),
        ),
        Variable(
            name="DB_PITR_CRON",
            purpose="When a base backup is taken, of what has changed since the last: WAL is replayed from the nearest one.",
            default="30 2 * * *", form="cron", services=(BACKUP,),
        ),
        number(
            "DB_PITR_FULL_DAYS",
            "After so many days the next base backup is of everything.",
            default=7, minimum=1, maximum=90, services=(BACKUP,),
        ),
        number(
            "DB_PITR_SWITCH_SECONDS",
            "What was written is complete as a segment of WAL, and on its way off the machine, after so many seconds.",
            default=60, minimum=1, maximum=3600, services=(BACKUP,),
        ),
        Variable(
            name="DB_PITR_SLOT_LIMIT",
            purpose="So much WAL the database keeps for a backup service that is away; beyond it, it is removed so that the disk does "
            "not fill, and a new base backup is taken once the service is back.",
            default="4GB", form="PostgreSQL size", services=(DB,),
        ),
    ),
)  # fmt: skip

CACHE_AND_TASKS = Group(
    title="Cache and tasks",
    variables=(
        Variable(
            name="REDIS_URL",
            purpose="Where Redis is, for cache, tasks and subscriptions: `redis://:password@host:6379/0`; `rediss://` for TLS, and "
            "`redis+sentinel://` for Sentinels, as docs/redis-elsewhere.md says. `make run` and Docker Compose start one of their own "
            "where this is not set.",
            default=None, example="redis://:change-me@redis:6379/0", form="redis", is_secret=True, is_left_to_run=True,
            made_from="REDIS_PASSWORD", services=(*APPLICATION, BACKUP),
        ),
        Variable(
            name="CACHE_REDIS_URL",
            purpose="Another Redis for what may be lost: cached values, rate limits, persisted documents, what nginx keeps; empty: "
            "REDIS_URL's.",
            form="redis", is_secret=True, services=(*APPLICATION, BACKUP),
        ),
        Variable(
            name="BROKER_REDIS_URL",
            purpose="Another Redis for tasks, which must not be evicted; empty: REDIS_URL's.",
            form="redis", is_secret=True,
        ),
        Variable(
            name="CHANNELS_REDIS_URL",
            purpose="Another Redis for what subscriptions are told, of which nothing is kept; empty: REDIS_URL's.",
            form="redis", is_secret=True,
        ),
        Variable(
            name="REDIS_PASSWORD",
            purpose="The password of the Redis that Docker Compose starts; REDIS_URL is made from it there. Letters, digits, - and "
            "_ only.",
            example="change-me-at-redis", form="word", is_secret=True, services=(REDIS, BACKUP),
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
            kind="path", default="/srv/media", development=".data/media", services=(WEB, WORKER, NGINX, BACKUP, RESTORE),
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
            purpose="Where media are copied to, off this machine: rsync://host/module/path, user@host:/path, s3://bucket/prefix, "
            "file:///mnt/nas or another of docs/backups.md; empty: nowhere.",
            is_secret=True, services=(BACKUP, RESTORE),
        ),
        Variable(
            name="MEDIA_BACKUP_CRON", purpose="When media are copied.", default="30 3 * * *", form="cron", services=(BACKUP,)
        ),
    ),
)  # fmt: skip

MEDIA_BUCKET = Group(
    title="Media in a bucket",
    variables=(
        Variable(
            name="MEDIA_STORAGE_URL",
            purpose="The bucket of S3 that uploaded files are kept in: s3://bucket/prefix?endpoint=https://s3.example.com, or "
            "?region=eu-central-1 for one of Amazon's. Empty: they are in MEDIA_ROOT. See docs/media-on-s3.md before a change.",
            form="bucket", services=(WEB, WORKER, NGINX, BACKUP, RESTORE),
        ),
        Variable(
            name="MEDIA_STORAGE_ACCESS_KEY_ID",
            purpose="Whom we are to that bucket: somebody who may list it, and read, write and delete in it.",
            services=(WEB, WORKER, BACKUP, RESTORE),
        ),
        Variable(
            name="MEDIA_STORAGE_SECRET_ACCESS_KEY", purpose="The secret that goes with it.", is_secret=True,
            services=(WEB, WORKER, BACKUP, RESTORE),
        ),
        Variable(
            name="MEDIA_STORAGE_MOVE",
            purpose="While files are moved by `manage.py move_media`: where new ones go. Both places are read meanwhile, so that "
            "nothing is missed. `none` where nothing is moved.",
            default="none", choices=("none", "to-bucket", "to-folder"), services=(WEB, WORKER, BACKUP, RESTORE),
        ),
        Variable(
            name="NGINX_MEDIA_CACHE_SIZE",
            purpose="How much of the bucket's public files nginx keeps on its disk.",
            default="1g", form="memory size", services=(NGINX,),
        ),
    ),
)  # fmt: skip

BACKUP_TARGETS = Group(
    title="Backup targets",
    variables=(
        Variable(
            name="BACKUP_OFFSITE_TARGET",
            purpose="Where verified sets of the database are copied to, off this machine, by addresses as MEDIA_BACKUP_TARGET has "
            "them; the two may be one. Empty: nowhere, and then whatever destroys this machine destroys its backups.",
            is_secret=True, services=(BACKUP,),
        ),
        Variable(
            name="BACKUP_SSH_KEY",
            purpose="The path of the private key for targets `user@host:/path` and `sftp://`. It has no passphrase.",
            services=(BACKUP, RESTORE),
        ),
        Variable(
            name="BACKUP_SSH_KNOWN_HOSTS",
            purpose="The path of the list of host keys, as `ssh-keyscan` writes it: a host that is not in it is not connected to.",
            services=(BACKUP, RESTORE),
        ),
        Variable(
            name="AWS_ACCESS_KEY_ID",
            purpose="Whom we are to an `s3://` target, where its address does not say.",
            services=(BACKUP, RESTORE),
        ),
        Variable(name="AWS_SECRET_ACCESS_KEY", purpose="The secret that goes with it.", is_secret=True, services=(BACKUP, RESTORE)),
        Variable(name="AWS_REGION", purpose="The region of an `s3://` target.", services=(BACKUP, RESTORE)),
        Variable(
            name="AWS_ENDPOINT_URL",
            purpose="The address of an S3 server that is not Amazon's, such as https://s3.example.com.",
            form="http", services=(BACKUP, RESTORE),
        ),
        Variable(
            name="RESTIC_PASSWORD",
            purpose="The password of the repository of a `restic:` target. Whoever loses it has lost the repository.",
            is_secret=True, services=(BACKUP, RESTORE),
        ),
    ),
)  # fmt: skip

BACKUP_SERVICE = Group(
    title="Backup service",
    variables=(
        Variable(
            name="BACKUP_VERIFY_CRON",
            purpose="When backups that are there are verified once more: the newest, and the one whose turn is the longest ago.",
            default="0 5 * * 0", form="cron", services=(BACKUP,),
        ),
        Variable(
            name="BACKUP_DRILL_CRON",
            purpose="When the latest set is fetched from BACKUP_OFFSITE_TARGET, where that is set, restored, and compared.",
            default="0 6 * * 0", form="cron", services=(BACKUP,),
        ),
        number(
            "BACKUP_LIMIT_SECONDS",
            "How long a job of the backup service may take; then it is ended, and counts as failed.",
            default=21_600, minimum=60, maximum=7 * DAY_SECONDS, services=(BACKUP,),
        ),
        Variable(
            name="BACKUP_PING_URL",
            purpose="A dead man's switch, such as a check of healthchecks.io, which raises the alarm where no ping comes: the "
            "database's backup posts to it when it is done, to its `/start` when it begins; whatever fails to its `/fail`.",
            form="any http", is_secret=True, services=(BACKUP,),
        ),
        Variable(
            name="ALERT_URL",
            purpose="Where it is posted that backups or the certificate are not well, or well again, as JSON with a `text` as Slack "
            "reads it.",
            form="any http", is_secret=True, services=(BACKUP, CERTBOT),
        ),
        Variable(
            name="ALERT_EMAIL",
            purpose="Whom that is mailed to, with commas between the addresses, by the mail server of EMAIL_URL.",
            kind="items", form="email address", services=(BACKUP, CERTBOT),
        ),
    ),
)  # fmt: skip

TELEMETRY = Group(
    title="Telemetry",
    variables=(
        Variable(
            name="SENTRY_DSN",
            purpose="Where errors are sent, with their tracebacks and without what people sent: a project's DSN at Sentry, or at what "
            "speaks like it. Empty: nowhere, and nothing of it is loaded.",
            form="any http", is_secret=True, services=(WEB, WORKER),
        ),
        Variable(
            name="OTEL_EXPORTER_OTLP_ENDPOINT",
            purpose="Where traces are sent, as OpenTelemetry's OTLP over HTTP: http://collector:4318, to which /v1/traces is added. "
            "Empty: nowhere, and nothing of it is loaded.",
            form="any http", services=(WEB, WORKER),
        ),
    ),
)  # fmt: skip

NGINX_GROUP = Group(
    title="nginx",
    variables=(
        Variable(
            name="SERVER_NAME",
            purpose="The name that nginx answers to, or several with blanks between them, the main one first; a request for another "
            "is closed without an answer. Each has to be in DJANGO_ALLOWED_HOSTS, too, and in the certificate.",
            default="localhost", example="api.example.com", form="hosts", services=(NGINX, CERTBOT),
        ),
        flag(
            "USE_TLS",
            "Serves TLS on port 443 and sends port 80 there.",
            default=True, development=False, services=(*APPLICATION, NGINX),
        ),
        Variable(
            name="TLS_MODE",
            purpose="Where the certificate comes from: `files`, which TLS_FOLDER has; `acme`, from Let's Encrypt or another "
            "authority, by itself; or `selfsigned`, made by nginx itself, which no browser believes: for a first start.",
            default="files", example="selfsigned", choices=("files", "acme", "selfsigned"), services=(NGINX, BACKUP),
        ),
        Variable(
            name="ACME_EMAIL",
            purpose="Whom the authority may write to, where TLS_MODE is acme. Empty: nobody; that a renewal fails is told by "
            "ALERT_URL and ALERT_EMAIL.",
            form="email address", services=(CERTBOT,),
        ),
        flag(
            "ACME_STAGING",
            "Takes test certificates from Let's Encrypt's staging, which no browser believes, and whose limits are wide: for a try.",
            services=(CERTBOT,),
        ),
        Variable(
            name="ACME_SERVER",
            purpose="The directory of another authority that speaks ACME; empty: Let's Encrypt's.",
            form="any http", services=(CERTBOT,),
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
            "The port that nginx is reached on without TLS. Where TLS_MODE is acme, the authority asks at port 80.",
            default=80, development=8080, minimum=1, maximum=65_535, services=(NGINX, COMPOSE),
        ),
        number(
            "HTTPS_PORT",
            "The port that nginx is reached on with TLS, and that HTTP_PORT sends to.",
            default=443, development=8443, minimum=1, maximum=65_535, services=(NGINX, COMPOSE),
        ),
        Variable(
            name="PUBLISH_ADDRESS",
            purpose="The host's address on which production opens its ports; empty: all of them. Behind another proxy: 127.0.0.1.",
            form="host", services=(COMPOSE,),
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
            development="consolemail://", form="email", is_secret=True, services=(*APPLICATION, BACKUP, CERTBOT),
        ),
        Variable(
            name="EMAIL_HOST", purpose="The mail server's name, where EMAIL_URL is empty.", form="host",
            services=(*APPLICATION, BACKUP, CERTBOT),
        ),
        number(
            "EMAIL_PORT", "The mail server's port.",
            default=587, minimum=1, maximum=65_535, services=(*APPLICATION, BACKUP, CERTBOT),
        ),
        Variable(
            name="EMAIL_USER", purpose="Whom we are to the mail server; empty: it asks for no name.",
            services=(*APPLICATION, BACKUP, CERTBOT),
        ),
        Variable(
            name="EMAIL_PASS", purpose="The password at the mail server.", is_secret=True, services=(*APPLICATION, BACKUP, CERTBOT)
        ),
        flag(
            "EMAIL_USE_TLS", "Speaks TLS to the mail server, by STARTTLS.", default=True, services=(*APPLICATION, BACKUP, CERTBOT)
        ),
        Variable(
            name="DEFAULT_FROM_EMAIL",
            purpose="Whom mail is from.",
            default="Slipway <noreply@localhost>", example="Slipway <noreply@example.com>", form="email address",
            services=(*APPLICATION, BACKUP, CERTBOT),
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
        Variable(
            name="COMPOSE_FILE",
            purpose="The compose files that `docker compose` reads, with colons between them.",
            default="docker-compose.yml", example="docker-compose.yml:docker-compose.prod.yml", services=(COMPOSE,),
        ),
        Variable(
            name="COMPOSE_PROFILES",
            purpose="The optional services that run, with commas between them. In production the colour that serves is one of them; "
            "a deploy writes it.",
            kind="items", example="backup", form="word", services=(COMPOSE,),
        ),
        image(
            "APPLICATION_IMAGE", "",
            "the application, which is built and tagged; empty: by the project's name. In production a deploy writes it, with the "
            "commit, for worker and scheduler",
        ),
        image("WEB_BLUE_IMAGE", "", "the web server's blue colour in production; a deploy writes it"),
        image("WEB_GREEN_IMAGE", "", "the web server's green colour in production; a deploy writes it"),
        image("BACKUP_IMAGE", "", "the backup service, which is built and tagged; empty: by the project's name"),
        Variable(
            name="TLS_FOLDER",
            purpose="The folder on this machine with the certificate and its key, mounted where TLS_CERT_PATH and TLS_KEY_PATH "
            "look; user 101 has to be able to read them. Empty: a volume.",
            services=(COMPOSE,),
        ),
        image("PYTHON_IMAGE", "python:3.14-slim", "Python, which the application's is built on"),
        image("POSTGRES_IMAGE", "postgres:18", "PostgreSQL; for a new major: `scripts/stack.sh upgrade-postgres`"),
        Variable(
            name="POSTGRES_VOLUME",
            purpose="The volume with PostgreSQL's data; empty: by the project's name. `scripts/stack.sh upgrade-postgres` writes it.",
            form="word",
            services=(COMPOSE,),
        ),
        image("REDIS_IMAGE", "redis:8", "Redis"),
        image("NGINX_IMAGE", "nginx:1.30", "nginx, which ours is built on"),
        number(
            "DEPLOY_HEALTHY_SECONDS",
            "For how long a deploy waits until what it has started is healthy. What is not by then never serves.",
            default=180, minimum=10, maximum=500, services=(COMPOSE,),
        ),
        image("PROMETHEUS_IMAGE", "prom/prometheus:v3.7.3", "Prometheus, of the profile observability"),
        image("GRAFANA_IMAGE", "grafana/grafana:12.2.1", "Grafana, of the profile observability"),
        memory("WEB_MEMORY", "512m", "the web server"),
        memory("WORKER_MEMORY", "768m", "the worker; a picture of MEDIA_MAX_PIXELS takes some 300 MB to decode"),
        memory("SCHEDULER_MEMORY", "256m", "the scheduler"),
        memory("DB_MEMORY", "1g", "PostgreSQL, which sizes its buffers by it"),
        memory("REDIS_MEMORY", "256m", "Redis, which evicts cached values at three quarters of it"),
        memory("NGINX_MEMORY", "128m", "nginx"),
        memory("PROMETHEUS_MEMORY", "512m", "Prometheus"),
        memory("GRAFANA_MEMORY", "256m", "Grafana"),
        Variable(
            name="PROMETHEUS_KEEP",
            purpose="For how long Prometheus keeps what it has measured, such as 30d.",
            default="30d", form="word", services=(COMPOSE,),
        ),
        number(
            "GRAFANA_PORT", "The port on 127.0.0.1 that Grafana is reached on.",
            default=3000, minimum=1, maximum=65_535, services=(COMPOSE,),
        ),
        memory("BACKUP_MEMORY", "1g", "the backup service, with the scratch server that backups are restored into"),
        number(
            "WEB_REPLICAS",
            "How many web servers there are, of each colour in production; `scripts/stack.sh scale web=2` writes it.",
            default=1, minimum=1, maximum=50, services=(COMPOSE,),
        ),
        number(
            "WORKER_REPLICAS",
            "How many workers there are; `scripts/stack.sh scale worker=2` writes it.",
            default=1, minimum=1, maximum=50, services=(COMPOSE,),
        ),
        Variable(
            name="BACKUPS_FOLDER",
            purpose="The folder on this machine that backups go to, which has to be user 999's; empty: a volume.",
            services=(COMPOSE,),
        ),
        Variable(
            name="BACKUP_KEYS_FOLDER",
            purpose="The folder on this machine with the keys for targets, mounted as /keys: BACKUP_SSH_KEY=/keys/id_ed25519. They "
            "have to be user 999's. Empty: a volume.",
            services=(COMPOSE,),
        ),
    ),
)  # fmt: skip

GROUPS = (
    DJANGO, GRAPHQL, SECURITY, SERVER, DATABASE, CACHE_AND_TASKS, STORAGE, MEDIA_BUCKET, BACKUP_TARGETS, BACKUP_SERVICE, TELEMETRY,
    NGINX_GROUP, EMAIL, CONTAINERS,
)  # fmt: skip


def all_variables() -> Iterator[Variable]:
    """Yield every variable in the order of its group."""
    for group in GROUPS:
        yield from group.variables


VARIABLES = {variable.name: variable for variable in all_variables()}
