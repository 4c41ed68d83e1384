"""The way to an endpoint: what is sent and to whom, proxies, certificates, sockets and event loops."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import os
import shutil
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from llm_extract.errors import SettingsError
from llm_extract.model import connection
from llm_extract.model.connection import Connection, proxy_of
from llm_extract.model.outcomes import Outcome
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import answer, error, raw
from llm_extract.version import __version__
from tests.model.asking import KEY, SOUND, endpoint

PATH = "/chat/completions"
AWAY = "http://endpoint.invalid/v1"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@asynccontextmanager
async def connected(server: ScriptedServer | str, **options: Any) -> AsyncIterator[Connection]:
    way = Connection(endpoint(server, key=options.pop("key", KEY)), **{"most": 4} | options)
    try:
        yield way
    finally:
        await way.aclose()


async def called(server: ScriptedServer | str, content: bytes = b"{}", **options: Any) -> Outcome:
    async with connected(server, **options) as way:
        return await way.call(PATH, content, seconds=5)


# --- what is sent, and what is heard --------------------------------------------------------------


async def test_a_call_says_who_asks_and_what_it_takes(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND)
    assert (await called(scripted_server, b'{"model": "m"}')).name == "ok"
    asked = scripted_server.requests[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/chat/completions", {"model": "m"})
    assert asked.headers["user-agent"] == f"llm-extract/{__version__}"
    assert asked.headers["content-type"] == asked.headers["accept"] == "application/json"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert "gzip" in asked.headers["accept-encoding"]
    assert "cookie" not in asked.headers


async def test_organization_and_project_go_to_openai_alone(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    for provider in ("openai", "test"):
        way = Connection(endpoint(scripted_server).model_copy(update={"provider": provider}), most=1)
        await way.call(PATH, b"{}", seconds=5)
        await way.aclose()
    first, second = (one.headers for one in scripted_server.requests)
    assert (first["openai-organization"], first["openai-project"]) == ("org-1", "proj-1")
    assert not {"openai-organization", "openai-project"} & set(second)


async def test_a_user_in_the_base_url_is_sent_as_a_header_and_named_nowhere(scripted_server: ScriptedServer) -> None:
    await called(scripted_server.base_url.replace("http://", "http://ann:p%40ss@"))
    asked = scripted_server.requests[0].headers
    assert asked["authorization"] == f"Basic {base64.b64encode(b'ann:p@ss').decode()}"
    assert asked["host"] == f"127.0.0.1:{scripted_server.port}"


async def test_no_cookie_is_kept_and_no_redirect_followed(scripted_server: ScriptedServer) -> None:
    away = raw(307, b"", headers={"Location": f"{scripted_server.base_url}/elsewhere", "Set-Cookie": "a=b"})
    scripted_server.reply(away, answer(SOUND))
    async with connected(scripted_server) as way:
        assert (await way.call(PATH, b"{}", seconds=5)).name == "model_unavailable"
        assert (await way.call(PATH, b"{}", seconds=5)).name == "ok"
    assert [one.path for one in scripted_server.requests] == ["/v1/chat/completions"] * 2
    assert "cookie" not in scripted_server.requests[1].headers


async def test_the_headers_of_every_answer_are_heard(scripted_server: ScriptedServer) -> None:
    heard: list[tuple[int, dict[bytes, bytes]]] = []

    def hear(status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        heard.append((status, {name.lower(): value for name, value in headers}))

    scripted_server.reply(
        error(429, headers={"X-RateLimit-Limit-Requests": "60"}), answer(SOUND, headers={"Retry-After": "1"})
    )
    async with connected(scripted_server, on_headers=hear) as way:
        for _ in range(2):
            await way.call(PATH, b"{}", seconds=5)
    assert [status for status, _ in heard] == [429, 200]
    assert heard[0][1][b"x-ratelimit-limit-requests"] == b"60"
    assert heard[1][1][b"retry-after"] == b"1"


@pytest.mark.parametrize("size", [1000, 3_000_000])
async def test_a_body_of_any_size_arrives_whole_without_a_warning(scripted_server: ScriptedServer, size: int) -> None:
    scripted_server.default = answer(SOUND)
    content = b'{"x": "%s"}' % (b"a" * size)
    assert (await called(scripted_server, content)).name == "ok"
    assert scripted_server.requests[0].content == content
    assert scripted_server.requests[0].headers["content-length"] == str(len(content))


async def test_a_packed_answer_is_unpacked_and_searched_for_the_key(scripted_server: ScriptedServer) -> None:
    packed = raw(400, gzip.compress(b'{"error": {"message": "no %s"}}' % KEY.encode()), "application/json")
    scripted_server.reply(replace(packed, headers=(("Content-Encoding", "gzip"),)))
    assert (await called(scripted_server)).message == "status 400: no ***"


async def test_an_answer_beyond_all_measure_is_not_read(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LARGEST_BODY", 100_000)
    bomb = raw(200, gzip.compress(b" " * 50_000_000), "application/json", headers={"Content-Encoding": "gzip"})
    scripted_server.reply(bomb, answer(SOUND))
    async with connected(scripted_server) as way:
        outcome = await way.call(PATH, b"{}", seconds=5)
        assert (outcome.name, outcome.status) == ("bad_response", 200)
        assert "more than 100,000 bytes" in outcome.message
        assert (await way.call(PATH, b"{}", seconds=5)).name == "ok"


@asynccontextmanager
async def speaking(*scripts: bytes) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that says these bytes to a socket's requests, and then closes it: base URL, requests a socket."""
    counts: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts.append(0)
        for script in scripts:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            counts[-1] += 1
            writer.write(script)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", counts


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnogz",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"",
    ],
)
async def test_whatever_is_no_http_is_a_transient_failure(said: bytes) -> None:
    async with speaking(said) as (url, _):
        outcome = await called(url)
    assert outcome.name == "transient"
    assert outcome.message.startswith("no response (")
    assert outcome.reached


async def test_answers_in_pieces_or_ended_by_the_sockets_end_are_taken() -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    for said in (b"Transfer-Encoding: chunked\r\n\r\n" + chunks, b"\r\n" + BODY):
        async with speaking(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + said) as (url, _):
            assert (await called(url)).name == "ok"


async def test_a_name_that_leads_nowhere_and_a_closed_port_were_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    for url in (closed, "http://no-such-host.invalid/v1"):
        outcome = await called(url)
        assert outcome.message.startswith("no connection (")
        assert not outcome.reached


async def test_a_port_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="base URL"):
        await called("http://127.0.0.1:99999/v1")


# --- sockets --------------------------------------------------------------------------------------

BODY = b'{"choices": [{"finish_reason": "stop", "message": {"content": "{}"}}]}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


async def test_a_socket_is_used_again(scripted_server: ScriptedServer) -> None:
    async with connected(scripted_server) as way:
        for _ in range(5):
            await way.call(PATH, b"{}", seconds=5)
    assert scripted_server.most_connections == 1


async def test_a_socket_that_the_server_closed_meanwhile_costs_no_call() -> None:
    async with speaking(WHOLE) as (url, counts), connected(url) as way:
        for _ in range(3):
            assert (await way.call(PATH, b"{}", seconds=5)).name == "ok"
            await asyncio.sleep(0.02)
    assert counts == [1, 1, 1]


async def test_a_request_whose_socket_breaks_is_never_sent_again_silently() -> None:
    async with speaking(WHOLE, b"") as (url, counts), connected(url) as way:
        first, second = [await way.call(PATH, b"{}", seconds=5) for _ in range(2)]
    assert (first.name, second.name) == ("ok", "transient")
    assert counts == [2]


async def test_closing_leaves_nothing_open_and_a_later_call_opens_anew(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND)
    way = Connection(endpoint(scripted_server), most=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            await asyncio.gather(*[way.call(PATH, b"{}", seconds=5) for _ in range(2)])
            await way.aclose()
            await way.aclose()
        del way
        gc.collect()
    assert len(scripted_server.requests) == 4


def test_another_event_loop_opens_its_own_sockets(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND)
    way = Connection(endpoint(scripted_server), most=2)
    loops = [asyncio.new_event_loop() for _ in range(2)]
    for loop in (*loops, *loops):
        assert loop.run_until_complete(way.call(PATH, b"{}", seconds=5)).name == "ok"
    loops[1].run_until_complete(way.aclose())
    for loop in loops:
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
    assert len(scripted_server.requests) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_opens_its_own_sockets_and_leaves_the_parents_alone(scripted_server: ScriptedServer) -> None:
    code = f"""
import asyncio, os, sys
from llm_extract.model.connection import Connection
from tests.model.asking import endpoint
way = Connection(endpoint({scripted_server.base_url!r}), most=2)
loop = asyncio.new_event_loop()
assert loop.run_until_complete(way.call("{PATH}", b"{{}}", seconds=5)).name == "ok"
asking = loop.create_task(way.call("{PATH}", b"{{}}", seconds=3))
loop.run_until_complete(asyncio.sleep(0.1))
child = os.fork()
if child == 0:
    async def once():
        outcome = await way.call("{PATH}", b"{{}}", seconds=5)
        await way.aclose()
        return outcome.name
    assert asyncio.run(once()) == "ok"
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
outcome = loop.run_until_complete(asking)
assert outcome.name == "ok", outcome
loop.run_until_complete(way.aclose())
loop.close()
print("sound")
"""
    scripted_server.reply(answer(SOUND), answer(SOUND, delay=1.5))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.returncode) == ("sound\n", 0), done.stderr
    assert "Unclosed" not in done.stderr
    assert len(scripted_server.requests) == 3


# --- proxies and certificates ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "exceptions", "expected"),
    [
        ("http://example.org/v1", "", "http://plain:1"),
        ("https://example.org/v1", "", "http://secure:2"),
        ("https://example.org/v1", "*", None),
        ("https://example.org/v1", "example.com, EXAMPLE.org", None),
        ("https://api.example.org/v1", "example.org", None),
        ("https://api.example.org/v1", ".example.org", None),
        ("https://api.example.org/v1", "*.example.org", None),
        ("https://example.org/v1", ".example.org", "http://secure:2"),
        ("https://myexample.org/v1", "example.org", "http://secure:2"),
        ("https://example.org/v1", "example.org:443", None),
        ("https://example.org/v1", "example.org:8443", "http://secure:2"),
        ("https://10.1.2.3/v1", "10.0.0.0/8", None),
        ("https://10.1.2.3/v1", "10.1.2.3", None),
        ("https://11.1.2.3/v1", "10.0.0.0/8", "http://secure:2"),
        ("https://[fd00::1]/v1", "fd00::/8", None),
        ("https://[fd00::1]:8443/v1", "[fd00::1]:8443", None),
        ("https://[fd00::1]/v1", "fd00::1", None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, exceptions: str, expected: str | None
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "plain:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:2")
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert proxy_of(urlsplit(url)) == expected


def test_a_proxy_for_all_and_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_of(urlsplit(AWAY)) is None
    monkeypatch.setenv("ALL_PROXY", "http://all:3")
    assert proxy_of(urlsplit(AWAY)) == "http://all:3"
    monkeypatch.setenv("ALL_PROXY", "socks5://all:3")
    with pytest.raises(SettingsError, match=r"socks5 proxy before endpoint\.invalid"):
        proxy_of(urlsplit(AWAY))


async def test_a_call_goes_through_the_proxy_with_its_password(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", scripted_server.base_url.removesuffix("/v1").replace("//", "//ann:secret@"))
    scripted_server.respond = lambda request: answer(SOUND)
    async with connected(AWAY) as way:
        for _ in range(2):
            assert (await way.call(PATH, b"{}", seconds=5)).name == "ok"
    for asked in scripted_server.requests:
        assert asked.path == "http://endpoint.invalid/v1/chat/completions"
        assert asked.headers["host"] == "endpoint.invalid"
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        assert asked.headers["proxy-authorization"] == f"Basic {base64.b64encode(b'ann:secret').decode()}"


async def test_a_proxy_without_a_password_gets_none_and_not_the_key(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = scripted_server.base_url.removesuffix("/v1")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    scripted_server.respond = lambda request: answer(SOUND)
    assert (await called(AWAY)).name == "ok"
    await called(AWAY.replace("http:", "https:"))  # a tunnel, in which the key would be seen by the proxy
    plain, tunnelled = (request.headers for request in scripted_server.requests)
    assert "proxy-authorization" not in plain
    assert KEY not in str(tunnelled)


@pytest.mark.parametrize("password", ["p%C3%BCw", "%E2%82%AC"])
async def test_a_proxys_password_is_sent_in_utf_8(
    password: str, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = scripted_server.base_url.removesuffix("/v1").replace("//", f"//ann:{password}@")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    await called(AWAY)
    sent = scripted_server.requests[0].headers["proxy-authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == f"ann:{unquote(password)}"


@pytest.mark.parametrize("proxy", ["http://ann:secret@proxy:abc", "http://", "http://:3128"])
async def test_a_proxy_without_an_address_is_a_setting(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(SettingsError, match="the proxy") as caught:
        await called(AWAY)
    assert "secret" not in str(caught.value)


async def test_certificates_that_are_not_there_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        await called("https://endpoint.invalid/v1")


@pytest.mark.parametrize("host", ["a..b", "a" * 70 + ".invalid"])
async def test_a_host_that_is_no_name_is_a_setting(host: str) -> None:
    with pytest.raises(SettingsError, match="base URL"):
        await called(f"http://{host}/v1")


async def test_a_proxy_that_is_not_there_is_no_connection_and_its_password_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://ann:secret@127.0.0.1:9")
    outcome = await called(AWAY)
    assert (outcome.name, outcome.reached) == ("transient", False)
    assert "secret" not in outcome.message


async def test_the_passwords_of_netrc_go_nowhere(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine endpoint.invalid login ann password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", scripted_server.base_url.removesuffix("/v1"))
    scripted_server.respond = lambda request: answer(SOUND)
    await called(AWAY, key=None)
    assert "authorization" not in scripted_server.requests[0].headers


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine and for endpoint.invalid, signed by itself, and its key in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    made = path.with_name("made.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:endpoint.invalid",
         "-keyout", str(path), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + made.read_text())
    return path


@asynccontextmanager
async def secured(certificate: Path) -> AsyncIterator[int]:
    """A TLS server that answers soundly: its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        writer.write(WHOLE)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_certificate_is_trusted_if_ssl_cert_file_names_it_and_not_else(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with secured(certificate) as port:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        refused = await called(f"https://127.0.0.1:{port}/v1")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        taken = await called(f"https://127.0.0.1:{port}/v1")
        another = await called(f"https://localhost:{port}/v1")
    assert (refused.name, refused.reached) == ("transient", False)
    assert "certificate verify failed" in refused.message
    assert taken.name == "ok"
    assert not another.reached


async def test_https_goes_through_the_proxys_tunnel(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[bytes] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        if len(heads) > 1:
            writer.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer), return_exceptions=True)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with secured(certificate) as port, await asyncio.start_server(tunnel, "127.0.0.1", 0) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:secret@127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        first = await called("https://endpoint.invalid/v1")
        second = await called("https://endpoint.invalid/v1")
    assert first.name == "ok"
    assert heads[0].startswith(b"CONNECT endpoint.invalid:443 HTTP/1.1\r\n")
    assert base64.b64encode(b"ann:secret") in heads[0]
    assert KEY.encode() not in heads[0]
    assert (second.name, second.reached) == ("transient", False)
    assert "secret" not in second.message
