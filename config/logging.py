"""How log lines look: one JSON object a line, or text for a person. Builds settings; logs nothing."""

import datetime
import json
import logging
from typing import Any

ENCODER = json.JSONEncoder(default=str)

# Nobody reads these in a line, and to find them out takes longer than the rest of a record.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

# What the standard library puts on every record; anything else was given as `extra` and belongs in the line.
STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "request",
}


def extra_fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller gave as `extra`."""
    return {key: value for key, value in vars(record).items() if key not in STANDARD_ATTRIBUTES}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then the record's extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        moment = datetime.datetime.fromtimestamp(record.created, tz=datetime.UTC)
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **extra_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return ENCODER.encode(line)


class ConsoleFormatter(logging.Formatter):
    """A short line for a terminal: time, level, message, then the extra fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        text = super().format(record)
        fields = " ".join(f"{key}={value}" for key, value in extra_fields(record).items() if value is not None)
        return f"{text} {fields}".rstrip()


def logging_settings(*, level: str, log_format: str) -> dict[str, Any]:
    """Return a logging.config dictionary; `log_format` is json or console."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "config.logging.JsonFormatter"},
            "console": {
                "()": "config.logging.ConsoleFormatter",
                "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s",
                "datefmt": "%H:%M:%S",
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": log_format}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # The request log has a line for each request already; Django's own would be a second.
            "django.request": {"level": "ERROR"},
            "daphne": {"level": "WARNING"},
            "uvicorn": {"level": "WARNING"},
            "strawberry": {"level": "CRITICAL"},  # api.errors logs what a client is not told
            "PIL": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},
        },
    }
