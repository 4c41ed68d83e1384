"""One call over HTTP: bytes out, an outcome back. aiohttp does the talking, at a part of the openai client's cost.

No redirect is followed, no cookie kept, and nothing sent twice: a POST that breaks is an outcome, also where the
endpoint closed a kept socket in the moment it was used again. What to do then is decided in `retry`.

The key stays in here. It is in no outcome, since endpoints that repeat it in their errors have it
blotted out, and in no exception, since none of aiohttp's leaves this module.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import os
import weakref
from base64 import b64encode
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from llm_extract.errors import AuthenticationFailed, SettingsError
from llm_extract.model.outcomes import Outcome, classify, classify_exception
from llm_extract.model.types import Endpoint
from llm_extract.version import __version__

if TYPE_CHECKING:
    import ssl

    import aiohttp
    from yarl import URL

CONNECT_SECONDS = 10.0
"""For name, socket and TLS together."""
IDLE_SECONDS = 4.0
"""How long a socket is kept without a call: less than the 5 s after which uvicorn (vLLM, SGLang) closes it."""
SHORTEST_SECRET = 8
"""Characters: shorter keys ("none", "EMPTY") are placeholders, and too common to be blotted out."""
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of an answer, unpacked; more is not read."""
_WHOLE_BODY = 1024 * 1024
"""Bytes of a request up to which it is handed over in one piece."""

OnHeaders = Callable[[int, Sequence[tuple[bytes, bytes]]], None]
"""Hears the status and the headers of every answer, before its body is read."""


class Connection:
    """The way to one endpoint, with at most `most` sockets. Opened at the first call.

    To be used from one event loop at a time; in another one it opens anew.
    Raises SettingsError for a base URL that is none, AuthenticationFailed for a key that cannot be sent.
    """

    def __init__(self, endpoint: Endpoint, *, most: int, on_headers: OnHeaders | None = None) -> None:
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
        self._address = address
        self._most = most
        self._on_headers = on_headers
        # The key as it is sent, empty if there is none.
        self._key = endpoint.api_key.get_secret_value().strip() if endpoint.api_key is not None else ""
        self._secret = self._key.encode("ascii") if len(self._key) >= SHORTEST_SECRET else b""
        self._urls: dict[str, URL] = {}
        self._sent: dict[str, str] = {}
        """The headers of every call, the key among them."""
        self._to_proxy: dict[str, str] | None = None
        """The headers of a tunnel."""
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, path: str, content: bytes, *, seconds: float) -> Outcome:
        """POST `content` (JSON) to `path` below the base URL; at most `seconds` for the whole exchange."""
        import aiohttp

        session = await self._open()
        # aiohttp takes a large body apart only where it comes as a file.
        data = content if len(content) <= _WHOLE_BODY else io.BytesIO(content)
        deadline = asyncio.timeout(seconds)
        try:
            async with (
                deadline,
                session.post(
                    self._url(path),
                    data=data,
                    headers=self._sent,
                    proxy_headers=self._to_proxy,
                    allow_redirects=False,
                ) as response,
            ):
                if self._on_headers is not None:
                    self._on_headers(response.status, response.raw_headers)
                body = await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return without_key(self._key, classify_exception(error, connected=False))
        except aiohttp.ClientHttpProxyError as error:  # its words hold the proxy's address with its password
            told = f"no connection (the proxy answered {error.status} {error.message})"
            return without_key(self._key, Outcome("transient", told, reached=False))
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            if deadline.expired():
                return Outcome("transient", f"no whole response within {seconds:g} s")
            return without_key(self._key, classify_exception(error))
        if body is None:
            told = f"status {response.status} with more than {LARGEST_BODY:,} bytes"
            return without_key(
                self._key, Outcome("bad_response", told, response.status, response.headers.get("x-request-id"))
            )
        if self._secret and self._secret in body:
            body = body.replace(self._secret, b"***")
        return without_key(self._key, classify(response.status, response.headers, body))

    async def aclose(self) -> None:
        """Close the sockets. A later call opens new ones."""
        session, self._session = self._session, None
        loop, self._loop = self._loop, None
        if session is None or loop is None or session.closed:
            return
        if loop is asyncio.get_running_loop() or loop.is_closed():
            await session.close()
        else:  # sockets are closed in the loop in which they were opened
            asyncio.run_coroutine_threadsafe(session.close(), loop)

    def _url(self, path: str) -> URL:
        url = self._urls.get(path)
        if url is None:
            from yarl import URL

            host = self._address.netloc.rpartition("@")[2]
            try:
                url = URL(self._address._replace(netloc=host, path=self._address.path.rstrip("/") + path).geturl())
                (url.raw_host or "").encode("idna")  # as the system's resolver will
            except ValueError as error:
                raise SettingsError(f"the base URL of {self._endpoint.name!r} cannot be used: {error}") from None
            self._urls[path] = url
        return url

    async def _open(self) -> aiohttp.ClientSession:
        """The session of the running loop."""
        loop = asyncio.get_running_loop()
        if self._session is not None and self._loop is loop:
            return self._session
        await self.aclose()
        import aiohttp

        # No proxy between this machine and itself. `trust_env` would also send the passwords of ~/.netrc.
        proxy = None if self.on_this_machine else proxy_of(self._address)
        login = {} if proxy is None else _proxy_login(proxy)
        tunnelled = self._address.scheme == "https"
        # Not the session's headers: those go to a proxy as well, the key as its `Proxy-Authorization`.
        self._sent = self._headers() | ({} if tunnelled else login)
        self._to_proxy = login if tunnelled else None
        connector = aiohttp.TCPConnector(
            limit=self._most,
            keepalive_timeout=IDLE_SECONDS,
            resolver=aiohttp.ThreadedResolver(),  # the system's, whatever else is installed
            # Certificates take 20 ms to load, and plain HTTP has none.
            ssl=_tls() if self._address.scheme == "https" else True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # A call's time is bounded as a whole, which a read timeout would not do.
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            proxy=None if proxy is None else _without_user(proxy),
            max_line_size=2**16,
            max_field_size=2**16,
        )
        self._loop = loop
        _sessions.add(self._session)
        return self._session

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"llm-extract/{__version__}",
        }
        if (login := _basic(self._address)) is not None:
            headers["Authorization"] = login
        elif self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if self._endpoint.provider == "openai":
            headers |= openai_headers()
        return headers


def without_key(key: str, outcome: Outcome) -> Outcome:
    """The outcome with `***` where the endpoint's words, its headers or the transport's words hold the key."""
    if len(key) < SHORTEST_SECRET or key not in outcome.message + (outcome.request_id or ""):
        return outcome
    return outcome._replace(
        message=outcome.message.replace(key, "***"),
        request_id=outcome.request_id and outcome.request_id.replace(key, "***"),
    )


def openai_headers() -> dict[str, str]:
    """The headers that the openai client takes from the environment: the organization and the project that pay."""
    names = {"OpenAI-Organization": "OPENAI_ORG_ID", "OpenAI-Project": "OPENAI_PROJECT_ID"}
    found = {name: value for name, variable in names.items() if (value := os.environ.get(variable, "").strip())}
    for name, value in found.items():
        if not (value.isascii() and value.isprintable()):
            raise SettingsError(f"{names[name]} holds a line break or a character that no header may have: {value!r}")
    return found


def proxy_of(address: SplitResult) -> str | None:
    """The proxy that the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY) sets before an address, or None.

    Raises SettingsError for a proxy that is no HTTP proxy, or whose address is none.
    """
    from urllib.request import getproxies

    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or _without_proxy(address, proxies.get("no", "")):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise SettingsError(
            f"the environment sets a {urlsplit(proxy).scheme} proxy before {address.hostname}; only HTTP proxies are "
            "known: set HTTPS_PROXY to one, or NO_PROXY to the host"
        )
    try:
        sound = bool(urlsplit(proxy).hostname) and urlsplit(proxy).port != 0
    except ValueError:
        sound = False
    if not sound:  # its address may hold a password
        raise SettingsError(
            f"the address of the proxy that the environment sets before {address.hostname} is none: "
            "it must look like http://host:3128"
        )
    return proxy


def _without_user(proxy: str) -> str:
    parts = urlsplit(proxy)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _proxy_login(proxy: str) -> dict[str, str]:
    """The header that a proxy with a user wants. aiohttp itself would write it in Latin-1."""
    login = _basic(urlsplit(proxy))
    return {} if login is None else {"Proxy-Authorization": login}


def _basic(address: SplitResult) -> str | None:
    if address.username is None:
        return None
    user = f"{unquote(address.username)}:{unquote(address.password or '')}"
    return f"Basic {b64encode(user.encode()).decode()}"


def _without_proxy(address: SplitResult, exceptions: str) -> bool:
    """Whether NO_PROXY names the host: itself, a domain or network that it is in, or "*"; each also with a port."""
    host = (address.hostname or "").lower()
    port = address.port or (443 if address.scheme == "https" else 80)
    for entry in exceptions.lower().split(","):
        name = entry.strip().rpartition("://")[2]
        only, _, digits = name.rpartition(":")
        if digits.isdigit() and only and (":" not in only or only.endswith("]")):
            if int(digits) != port:
                continue
            name = only
        name = name.strip("[]").removeprefix("*")
        if name == "" and entry.strip() == "*":
            return True
        if name and (host == name or host.endswith(name if name.startswith(".") else f".{name}")):
            return True
        if _is_within(host, name):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:  # one of them is a name
        return False


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The body, unpacked; None if it is larger than any answer."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY:
            return None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _tls() -> ssl.SSLContext:
    """Who is trusted: SSL_CERT_FILE or SSL_CERT_DIR, else the system, as for the files of a provider's batch."""
    from httpx2 import create_ssl_context

    try:
        context = create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            f"no certificates could be read ({error.strerror or error}): see SSL_CERT_FILE and SSL_CERT_DIR"
        ) from None
    context.set_alpn_protocols(["http/1.1"])
    return context


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


_sessions: weakref.WeakSet[aiohttp.ClientSession] = weakref.WeakSet()


def _disown() -> None:
    """In a forked child: the sockets are the parent's, and closing them here would take them off its poll."""
    for session in _sessions:
        if session.connector is not None:
            session.connector._closed = True


def _end() -> None:
    """At the end of the process: sessions of loops that nobody closed, or closed too early, are no one's mistake."""
    for session in _sessions:
        if session.connector is not None and not session.connector._loop.is_running():
            session.connector._closed = True


os.register_at_fork(after_in_child=_disown)
atexit.register(_end)
