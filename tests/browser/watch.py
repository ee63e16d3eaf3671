"""Notes what a page does that none of ours may do: ask a foreign host, break the content security policy, fail.

What went wrong besides is logged, so that a test that fails tells why: requests that failed, the API's answers, the console.
"""

import logging

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

LOCAL_SCHEMES = ("data:", "blob:")
SIGNS_OF_A_VIOLATION = ("Content Security Policy", "Refused to")
FIRST_ERROR_STATUS = 400

logger = logging.getLogger("browser")


class Watch:
    """Collects `problems` of all pages of a browser context, a sentence each."""

    def __init__(self, context: BrowserContext, *, site: str) -> None:
        self.site = site
        self.problems: list[str] = []
        context.on("request", self.note_request)
        context.on("requestfailed", self.log_failure)
        context.on("response", self.log_response)
        context.on("console", self.note_message)
        context.on("weberror", self.note_error)

    def note_request(self, request: Request) -> None:
        """Note a request that leaves the site."""
        if not request.url.startswith((f"{self.site}/", *LOCAL_SCHEMES)):
            self.problems.append(f"asked a foreign host: {request.url}")
        if request.method == "POST":
            logger.info("asked: POST %s", request.url)

    def log_failure(self, request: Request) -> None:
        """Log a request without a response."""
        logger.warning("not answered: %s %s: %s", request.method, request.url, request.failure)

    def log_response(self, response: Response) -> None:
        """Log what the API answered, and what was refused."""
        if response.request.method == "POST" or response.status >= FIRST_ERROR_STATUS:
            logger.info("answered: %s %s: %s", response.request.method, response.url, response.status)

    def note_message(self, message: ConsoleMessage) -> None:
        """Note what the browser refused because of the policy."""
        if message.type in ("warning", "error"):
            logger.warning("console: %s", message.text)
        if any(sign in message.text for sign in SIGNS_OF_A_VIOLATION):
            self.problems.append(f"broke the policy: {message.text}")

    def note_error(self, error: WebError) -> None:
        """Note an error that no script caught."""
        logger.warning("error: %s", error.error)
        self.problems.append(f"failed: {error.error}")
