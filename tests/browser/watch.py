"""Notes what a page does that none of ours may do: ask a foreign host, break the content security policy, fail."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

LOCAL_SCHEMES = ("data:", "blob:")
SIGNS_OF_A_VIOLATION = ("Content Security Policy", "Refused to")


class Watch:
    """Collects `problems` of all pages of a browser context, a sentence each."""

    def __init__(self, context: BrowserContext, *, site: str) -> None:
        self.site = site
        self.problems: list[str] = []
        context.on("request", self.note_request)
        context.on("console", self.note_message)
        context.on("weberror", self.note_error)

    def note_request(self, request: Request) -> None:
        """Note a request that leaves the site."""
        if not request.url.startswith((f"{self.site}/", *LOCAL_SCHEMES)):
            self.problems.append(f"asked a foreign host: {request.url}")

    def note_message(self, message: ConsoleMessage) -> None:
        """Note what the browser refused because of the policy."""
        if any(sign in message.text for sign in SIGNS_OF_A_VIOLATION):
            self.problems.append(f"broke the policy: {message.text}")

    def note_error(self, error: WebError) -> None:
        """Note an error that no script caught."""
        self.problems.append(f"failed: {error.error}")
