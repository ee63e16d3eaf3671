"""What the accounts leave to the worker."""

from celery import shared_task

from apps.accounts import password_reset


@shared_task(name="accounts.send_password_reset_mail", autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def send_password_reset_mail(email: str) -> None:
    """Mail a reset link; try again while the mail server is away. Every error of smtplib is an OSError."""
    password_reset.mail_reset_link(email=email)
