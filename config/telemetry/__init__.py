"""What is told to Sentry and to a collector of OpenTelemetry, where a variable says where to. Otherwise nothing is imported."""

from django.conf import settings


def begin() -> None:
    """Begin to tell, in this process."""
    if settings.SENTRY_DSN:
        from config.telemetry import sentry

        sentry.begin(settings.SENTRY_DSN)
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        from config.telemetry import tracing

        tracing.begin(settings.OTEL_EXPORTER_OTLP_ENDPOINT)
