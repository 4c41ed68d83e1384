"""One call over HTTP: bytes out, an outcome back. The openai client does the talking, without retries.

The key stays in here. It is in no outcome, since endpoints that repeat it in their errors have it
blotted out, and in no exception, since none of openai's leaves this module.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llm_extract.errors import AuthenticationFailed, SettingsError
from llm_extract.model.outcomes import Outcome, classify, classify_exception
from llm_extract.model.types import Endpoint

if TYPE_CHECKING:
    import openai

CONNECT_SECONDS = 10.0
SHORTEST_SECRET = 8
"""Characters: shorter keys ("none", "EMPTY") are placeholders, and too common to be blotted out."""


class Connection:
    """The way to one endpoint, with at most `most` sockets. Opened at the first call.

    Raises SettingsError for a base URL that is none, AuthenticationFailed for a key that cannot be sent.
    """

    def __init__(self, endpoint: Endpoint, *, most: int) -> None:
        address = urlsplit(endpoint.base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise SettingsError(
                f"the base URL of {endpoint.name!r} must look like https://host/v1, not {endpoint.base_url!r}"
            )
        if not _is_sendable(endpoint):
            raise AuthenticationFailed(
                f"the key of {endpoint.name!r} contains a space, a line break or a character "
                "that no key has: copy it again"
            )
        self.on_this_machine = _is_loopback(address.hostname)
        self._endpoint = endpoint
        self._most = most
        self._openai: openai.AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, path: str, content: bytes, *, seconds: float) -> Outcome:
        """POST `content` (JSON) to `path` below the base URL; at most `seconds` for the whole exchange."""
        import httpx2
        import openai

        client = self._open()
        headers: dict[str, Any] = {"Content-Type": "application/json"}
        if not self._key():
            headers["Authorization"] = openai.Omit()
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                response = await client.post(
                    path, cast_to=httpx2.Response, content=content, options={"headers": headers}
                )
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIConnectionError as error:
            return self._without_key(classify_exception(error))
        except TimeoutError:
            if not deadline.expired():
                raise
            return Outcome("transient", f"no whole response within {seconds:g} s")
        body, key = response.content, self._key().encode("ascii")
        if len(key) >= SHORTEST_SECRET and key in body:
            body = body.replace(key, b"***")
        return self._without_key(classify(response.status_code, response.headers, body))

    async def aclose(self) -> None:
        """Close the sockets. A later call opens new ones."""
        if self._openai is not None:
            client, self._openai = self._openai, None
            await client.close()

    def _without_key(self, outcome: Outcome) -> Outcome:
        """The outcome with `***` where a header or the openai client's words hold the key."""
        key = self._key()
        if len(key) < SHORTEST_SECRET or key not in outcome.message:
            return outcome
        return outcome._replace(message=outcome.message.replace(key, "***"))

    def _key(self) -> str:
        """The key as it is sent, empty if there is none."""
        key = self._endpoint.api_key
        return key.get_secret_value().strip() if key is not None else ""

    def _open(self) -> openai.AsyncOpenAI:
        """The openai client of the running loop."""
        loop = asyncio.get_running_loop()
        if self._openai is not None and self._loop is loop:
            return self._openai
        import httpx2
        import openai

        http = openai.DefaultAsyncHttpxClient(
            limits=httpx2.Limits(max_connections=self._most, max_keepalive_connections=self._most),
            # A call's time is bounded as a whole, which a read timeout would not do.
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            # Neither the article nor the key goes to a host that nobody named.
            follow_redirects=False,
            # No proxy between this machine and itself.
            trust_env=not self.on_this_machine,
            # Certificates take 20 ms to load, and plain HTTP has none.
            verify=self._endpoint.base_url.startswith("https:"),
        )
        # Never without a key: openai would take the environment's, whoever the endpoint is.
        client = openai.AsyncOpenAI(
            base_url=self._endpoint.base_url, api_key=self._key() or "none", max_retries=0, http_client=http
        )
        if self._endpoint.provider != "openai":
            client.organization = client.project = None
        self._openai, self._loop = client, loop
        return client


def _is_sendable(endpoint: Endpoint) -> bool:
    """Whether the key is visible ASCII: anything else would end up in a header error's text."""
    key = endpoint.api_key
    return key is None or all("!" <= character <= "~" for character in key.get_secret_value().strip())


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
