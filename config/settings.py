"""Django's settings. Every value that may differ between machines comes from config.environment, and from nowhere else."""

from pathlib import Path

from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from config import environment
from config.databases import database, replica
from config.logging import logging_settings
from config.media import backend_of
from config.redis_clients import broker_settings

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.read()

# --- Django -----------------------------------------------------------------------------------------------------

SECRET_KEY = env.text("DJANGO_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.items("DJANGO_SECRET_KEY_FALLBACKS")
DEBUG = env.flag("DJANGO_DEBUG")
ALLOWED_HOSTS = env.items("DJANGO_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
TIME_ZONE = env.text("DJANGO_TIME_ZONE")
LANGUAGE_CODE = env.text("DJANGO_LANGUAGE_CODE")
USE_TZ = True
USE_I18N = True
SITE_URL = env.text("SITE_URL").rstrip("/")
RUN_MIGRATIONS = env.flag("RUN_MIGRATIONS")
LOAD_DEMO = env.flag("LOAD_DEMO")
DEPLOYS_DIR = env.path("DEPLOYS_DIR")
BACKUP_STATUS_URL = env.text("BACKUP_STATUS_URL")
ADMIN_URL = env.text("ADMIN_URL").strip("/") + "/"

# Where an app of your own adds its line: its models, admin, tasks and GraphQL schema are found by it.
LOCAL_APPS = [
    "apps.accounts",
    "apps.gallery",
    "apps.health",
    "apps.operations",
]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "strawberry_django",
    "config",
    "api",
    *LOCAL_APPS,
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.content_security_policy.ContentSecurityPolicyMiddleware",
    "config.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "api.noting_writes.NotingWritesMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Security ---------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
SILENCED_SYSTEM_CHECKS = ["auth.E003"]  # it does not see that User.email is unique by a constraint on lower(email)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # reads what an imported table may bring
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = env.number("PASSWORD_RESET_TIMEOUT_SECONDS")
LOGIN_MAX_FAILURES = env.number("LOGIN_MAX_FAILURES")
LOGIN_LOCKOUT_SECONDS = env.number("LOGIN_LOCKOUT_SECONDS")
USE_TLS = env.flag("USE_TLS")
CERTIFICATE_ADDRESS = env.text("CERTIFICATE_ADDRESS")
# nginx always sets this header itself and never passes a client's on, so it may be believed.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("SECURE_PROXY_SSL_HEADER") else None
TRUSTED_PROXIES = env.items("TRUSTED_PROXIES")
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS")
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_SECONDS > 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = env.flag("SESSION_COOKIE_SECURE")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = env.flag("CSRF_COOKIE_SECURE")
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

# --- Server -----------------------------------------------------------------------------------------------------

ASGI_SERVER = env.text("ASGI_SERVER")
SHUTDOWN_TIMEOUT_SECONDS = env.number("SHUTDOWN_TIMEOUT_SECONDS")

# --- Database ---------------------------------------------------------------------------------------------------

DATABASE_URL_FILE = env.file_behind("DATABASE_URL")  # read again where its password is a new one
# Of a process's connections, those that its event loop has for itself (config/postgresql/beside.py). Traces are made in threads.
DATABASE_LOOP_CONNECTIONS = 0 if env.text("OTEL_EXPORTER_OTLP_ENDPOINT") else env.number("DB_POOL_SIZE") // 3
DATABASE_THREAD_CONNECTIONS = env.number("DB_POOL_SIZE") - DATABASE_LOOP_CONNECTIONS
# Where DATABASE_URL is a pooler's, nothing can be left behind in a session, such as a prepared statement.
DATABASE_IS_POOLED = bool(env.text("DATABASE_DIRECT_URL"))
DATABASES = {
    "default": database(env.text("DATABASE_URL"), pool_size=DATABASE_THREAD_CONNECTIONS, is_pooled=DATABASE_IS_POOLED)
}
DATABASE_REPLICAS = [replica(url, DATABASES["default"]) for url in env.items("DATABASE_REPLICA_URLS")]
DATABASE_REPLICA_LAG_SECONDS = env.number("DATABASE_REPLICA_LAG_SECONDS")
# What migrations connect by where that is not the same (config/postgresql/directly.py).
DATABASE_DIRECT = (
    database(env.text("DATABASE_DIRECT_URL"), pool_size=DATABASE_THREAD_CONNECTIONS) if DATABASE_IS_POOLED else {}
)

# --- Cache, tasks, channel layer: one Redis, or one each --------------------------------------------------------

REDIS_URL = env.text("REDIS_URL")
CACHE_REDIS_URL = env.text("CACHE_REDIS_URL") or REDIS_URL
BROKER_REDIS_URL = env.text("BROKER_REDIS_URL") or REDIS_URL
CHANNELS_REDIS_URL = env.text("CHANNELS_REDIS_URL") or REDIS_URL
CACHES = {
    "default": {
        "BACKEND": "config.cache.CountingCache",
        "LOCATION": [CACHE_REDIS_URL],  # a list: a text would be split at its commas
        "TIMEOUT": env.number("CACHE_TIMEOUT_SECONDS"),
        "KEY_PREFIX": "slipway",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    },
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "config.channel_layer.ChannelLayer",
        "CONFIG": {
            # Without a retry, the first who subscribes after Redis was away gets the error of the connection that is no more.
            "hosts": [
                {"address": CHANNELS_REDIS_URL, "socket_connect_timeout": 2, "retry": Retry(ConstantBackoff(0.1), 2)}
            ],
            "prefix": "slipway",
        },
    },
}
BROKER = broker_settings(BROKER_REDIS_URL)
CELERY_BROKER_URL = BROKER["url"]
CELERY_BROKER_USE_SSL = BROKER["tls"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # at least once: a worker that is killed hands its task back
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# They finish, and their second delivery finds nothing to do.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_MAX_LOOP_INTERVAL = 5  # seconds; the scheduler's heartbeat comes as often
HEARTBEAT_FILE = env.text("HEARTBEAT_FILE")
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,  # seconds; above the task time limit, or a slow task would run twice
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "retry_policy": {"timeout": 3.0},
    **BROKER["options"],
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the worker waits for its broker for ever
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "requeue-pending-photos": {"task": "gallery.requeue_pending_photos", "schedule": 60.0},
}

# --- Files ------------------------------------------------------------------------------------------------------

STATIC_URL = env.text("STATIC_URL")
STATIC_ROOT = env.path("STATIC_ROOT")
MEDIA_URL = env.text("MEDIA_URL")
MEDIA_ROOT = env.path("MEDIA_ROOT")
MEDIA_ACCEL_LOCATION = env.text("MEDIA_ACCEL_LOCATION")
MEDIA_STORAGE_URL = env.text("MEDIA_STORAGE_URL")
MEDIA_STORAGE_ACCESS_KEY_ID = env.text("MEDIA_STORAGE_ACCESS_KEY_ID")
MEDIA_STORAGE_SECRET_ACCESS_KEY = env.text("MEDIA_STORAGE_SECRET_ACCESS_KEY")
MEDIA_STORAGE_MOVE = env.text("MEDIA_STORAGE_MOVE")
MEDIA_MAX_BYTES = env.number("MEDIA_MAX_BYTES")
MEDIA_MAX_PIXELS = env.number("MEDIA_MAX_PIXELS")
REQUEST_MAX_BYTES = env.number("REQUEST_MAX_BYTES")
STORAGES = {
    "default": {"BACKEND": backend_of(MEDIA_STORAGE_URL, move=MEDIA_STORAGE_MOVE)},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static_files.HashedStaticFilesStorage"
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o644

# --- GraphQL ----------------------------------------------------------------------------------------------------

GRAPHIQL = env.flag("GRAPHIQL")
GRAPHQL_INTROSPECTION = env.flag("GRAPHQL_INTROSPECTION")
GRAPHQL_PLANS = env.flag("GRAPHQL_PLANS")
GRAPHQL_THREADS = env.number("DB_POOL_SIZE") - DATABASE_LOOP_CONNECTIONS  # more would only wait for a connection
GRAPHQL_MAX_PAGE_SIZE = env.number("GRAPHQL_MAX_PAGE_SIZE")
GRAPHQL_MAX_REQUEST_BYTES = env.number("GRAPHQL_MAX_REQUEST_BYTES")
GRAPHQL_MAX_BATCH = env.number("GRAPHQL_MAX_BATCH")
GRAPHQL_MAX_FILES = env.number("GRAPHQL_MAX_FILES")
GRAPHQL_MAX_DOCUMENT_LENGTH = env.number("GRAPHQL_MAX_DOCUMENT_LENGTH")
GRAPHQL_MAX_TOKENS = env.number("GRAPHQL_MAX_TOKENS")
GRAPHQL_MAX_DEPTH = env.number("GRAPHQL_MAX_DEPTH")
GRAPHQL_MAX_ALIASES = env.number("GRAPHQL_MAX_ALIASES")
GRAPHQL_MAX_ROOT_FIELDS = env.number("GRAPHQL_MAX_ROOT_FIELDS")
GRAPHQL_MAX_DEFINITIONS = env.number("GRAPHQL_MAX_DEFINITIONS")
GRAPHQL_MAX_REPEATED_FIELDS = env.number("GRAPHQL_MAX_REPEATED_FIELDS")
GRAPHQL_MAX_DIRECTIVES = env.number("GRAPHQL_MAX_DIRECTIVES")
GRAPHQL_MAX_LIST_LENGTH = env.number("GRAPHQL_MAX_LIST_LENGTH")
GRAPHQL_MAX_COST = env.number("GRAPHQL_MAX_COST")
GRAPHQL_MAX_SUBSCRIPTIONS = env.number("GRAPHQL_MAX_SUBSCRIPTIONS")
GRAPHQL_RATE_PER_MINUTE = env.number("GRAPHQL_RATE_PER_MINUTE")
ATTEMPTS_PER_HOUR = env.number("ATTEMPTS_PER_HOUR")
GRAPHQL_TRUSTED_DOCUMENTS = env.text("GRAPHQL_TRUSTED_DOCUMENTS")
GRAPHQL_PERSISTED_SECONDS = env.number("GRAPHQL_PERSISTED_SECONDS")
GRAPHQL_TIMEOUT_SECONDS = env.number("GRAPHQL_TIMEOUT_SECONDS")
GRAPHQL_DOCUMENT_CACHE_BYTES = env.number("GRAPHQL_DOCUMENT_CACHE_BYTES")
GRAPHQL_STALE_WHILE_REVALIDATE_SECONDS = env.number("GRAPHQL_STALE_WHILE_REVALIDATE_SECONDS")
GRAPHQL_STALE_IF_ERROR_SECONDS = env.number("GRAPHQL_STALE_IF_ERROR_SECONDS")
SHARED_CACHE_ADDRESS = env.text("GRAPHQL_SHARED_CACHE_ADDRESS") if env.flag("GRAPHQL_SHARED_CACHE") else ""
STRAWBERRY_DJANGO = {"FIELD_DESCRIPTION_FROM_HELP_TEXT": True}

# --- Email ------------------------------------------------------------------------------------------------------

EMAIL_TIMEOUT = 10
globals().update(environment.email_settings(env))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL")

# --- Telemetry --------------------------------------------------------------------------------------------------

SENTRY_DSN = env.text("SENTRY_DSN")
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")

# --- Logging ----------------------------------------------------------------------------------------------------

LOG_FORMAT = env.text("LOG_FORMAT")
LOGGING = logging_settings(level=env.text("LOG_LEVEL"), log_format=LOG_FORMAT)
