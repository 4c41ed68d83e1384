from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from llm_extract.errors import EmbeddedModelError
from llm_extract.grammar import line_grammar
from llm_extract.model import embedded
from llm_extract.model.embedded import Address, EmbeddedServer, shared_server, thread_counts
from llm_extract.model.weights import model_file

pytestmark = pytest.mark.embedded

ARTICLE = "Larkfield Council has signed a five-year deal with Osterby Data AB. The deal is worth £12.4m.\n" + "".join(
    f"Ward {number} will see its {number + 7} clerks move to the new service desk in spring.\n" for number in range(25)
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("xllamacpp")
    return model_file("gemma3-270m", tmp_path_factory.getbasetemp() / "weights")


@pytest.fixture(scope="module")
def server(weights: Path) -> EmbeddedServer:
    """The process's own, which no test may kill; tests/test_grammar.py uses it too."""
    return shared_server(weights, context=2048)


@pytest.fixture(scope="module")
def shared(server: EmbeddedServer) -> Address:
    return server.ensure_running()


@pytest.fixture
def own(weights: Path) -> Iterator[EmbeddedServer]:
    """A server that a test may kill."""
    with EmbeddedServer(weights, context=512) as server:
        yield server


def client(address: Address) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=address.base_url, api_key=address.api_key, max_retries=0, timeout=60)


async def ask(address: Address, prompt: str, **parameters: object) -> openai.types.Completion:
    async with client(address) as connection:
        return await connection.completions.create(
            model="embedded",
            prompt=prompt,
            max_tokens=12,
            temperature=0,
            seed=0,
            stop=["\n"],
            logprobs=3,
            extra_body={"cache_prompt": True} | parameters,
        )


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(pid)


# ---------------------------------------------------------------- what it answers


async def test_a_verbatim_completion_with_its_tokens_probabilities(shared: Address) -> None:
    lead = ARTICLE.splitlines()[0]
    answer = await ask(shared, f"{lead}\nSupplier:", grammar=line_grammar(lead, none="none"))
    choice = answer.choices[0]
    assert (answer.model, choice.text, choice.finish_reason) == ("embedded", " Osterby Data AB", "stop")
    # llama.cpp gives the chat endpoint's form, before the grammar's mask; openai keeps it as extra.
    assert choice.logprobs is not None
    tokens = choice.logprobs.model_dump()["content"]
    assert "".join(token["token"] for token in tokens).startswith(" Osterby Data AB")
    assert all(token["logprob"] <= 0 and len(token["top_logprobs"]) == 3 for token in tokens)
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 0


async def test_questions_about_one_article_read_it_once(shared: Address) -> None:
    questions = [
        "\nBuyer:",
        "\nThe supplier that was chosen:",
        "\nQuestion: what is the deal worth?\nAnswer:",
    ]
    read = []
    for question in questions:
        answer = await ask(shared, ARTICLE[5:] + question, grammar=line_grammar(ARTICLE, none="none"))
        assert answer.model_extra is not None
        read.append(answer.model_extra["timings"]["prompt_n"])
    assert read[0] > 400
    assert max(read[1:]) < 20


async def test_with_prefix_attention_an_article_that_is_read_anew_owes_nothing_to_the_one_before(weights: Path) -> None:
    first, second = (
        f"Article:\nThe council of {place} buys desks.\n\nForm:\nBuyer:" for place in ("Larkfield", "Brill")
    )
    with EmbeddedServer(weights, context=512, attention="prefix") as server:
        address = server.start()

        async def told(prompt: str, *, anew: bool) -> list[float]:
            answer = await ask(address, prompt, cache_prompt=not anew, grammar=line_grammar(prompt, none="none"))
            logprobs = answer.choices[0].logprobs
            assert logprobs is not None
            return [each["logprob"] for each in logprobs.model_dump()["content"][0]["top_logprobs"]]

        # What `anew` is for: the words that both begin with were read with the other's end in view.
        await told(second, anew=True)
        mixed = await told(first, anew=False)
        alone = await told(first, anew=True)
        assert mixed != alone
        await told(second, anew=True)
        assert await told(first, anew=True) == alone


async def test_with_prefix_attention_a_prompt_may_be_longer_than_what_is_read_at_once(weights: Path) -> None:
    with EmbeddedServer(weights, context=8192, attention="prefix") as server:
        answer = await ask(server.start(), ARTICLE * 4)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 2048
    assert answer.choices[0].finish_reason in ("stop", "length")


async def test_a_wrong_key_is_refused(shared: Address) -> None:
    with pytest.raises(openai.AuthenticationError):
        await ask(shared._replace(api_key="0" * 64), "Hello")


async def test_a_prompt_beyond_the_context_is_refused(shared: Address) -> None:
    with pytest.raises(openai.BadRequestError, match="exceed_context_size"):
        await ask(shared, ARTICLE * 8)


async def test_there_is_one_shared_server_a_process(server: EmbeddedServer, weights: Path) -> None:
    assert shared_server(weights, context=2048) is server
    assert shared_server(weights, context=2048, threads=1) is not server  # not started, so it costs nothing


# ---------------------------------------------------------------- when it dies


async def test_killed_between_requests_it_is_restarted_once(own: EmbeddedServer) -> None:
    address = own.ensure_running()
    first = own.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    # The same port and key, so that a client that was made for it goes on.
    assert own.ensure_running() == address
    assert own.pid != first
    assert (await ask(address, "One, two,")).choices[0].text
    assert own.pid is not None
    os.kill(own.pid, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(EmbeddedModelError, match=r"died again .*killed by signal 9"):
            own.ensure_running()


async def test_a_restart_that_memory_is_short_for_may_be_tried_again(
    own: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = own.ensure_running()
    assert own.pid is not None
    os.kill(own.pid, signal.SIGKILL)
    with monkeypatch.context() as short:
        short.setattr("llm_extract.model.embedded.available_memory", lambda: 1)
        for _ in range(2):
            with pytest.raises(EmbeddedModelError, match="MB of memory"):
                own.ensure_running()
    assert own.ensure_running() == address
    assert (await ask(address, "One, two,")).choices[0].text


async def test_killed_during_a_request_it_is_restarted(own: EmbeddedServer) -> None:
    address = own.ensure_running()
    request = asyncio.create_task(ask(address, "One, two, three, " * 50))
    await asyncio.sleep(0.1)
    assert own.pid is not None
    os.kill(own.pid, signal.SIGKILL)
    with pytest.raises(openai.APIConnectionError):
        await request
    address = await asyncio.to_thread(own.ensure_running)
    assert (await ask(address, "One, two,")).choices[0].text


def test_stopped_while_it_computes_it_ends_at_once(own: EmbeddedServer) -> None:
    address = own.start()
    pid = own.pid
    assert pid is not None

    def busy() -> None:
        with pytest.raises(openai.APIConnectionError):
            asyncio.run(ask(address, "One, two, three, " * 75))

    thread = threading.Thread(target=busy)
    thread.start()
    time.sleep(0.2)
    began = time.monotonic()
    own.stop()
    own.stop()
    assert time.monotonic() - began < 4  # less than the time after which it would be killed
    thread.join()
    assert gone(pid, 0)
    assert own.pid is None


PARENT = """
import os, signal, sys, threading
from pathlib import Path
from llm_extract.model.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), context=512)
thread = threading.Thread(target=server.start)  # a thread that ends before the process does
thread.start()
thread.join()
server.ensure_running()
print(server.pid, flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("ending", ["killed", "exits"])
def test_it_is_gone_with_its_parent_and_writes_to_no_terminal(weights: Path, ending: str) -> None:
    parent = subprocess.run(
        [sys.executable, "-W", "error", "-c", PARENT, str(weights), ending],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert parent.returncode == (-signal.SIGKILL if ending == "killed" else 0), parent.stderr
    assert parent.stderr == ""
    (pid,) = parent.stdout.split()
    assert gone(int(pid))


def test_a_forked_process_leaves_its_parents_server_alone(server: EmbeddedServer, shared: Address) -> None:
    pid = server.pid
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads, from Python 3.12 on
        fork = os.fork()
    if fork == 0:
        server.stop()
        embedded.stop_all()
        os._exit(0 if server.pid is None else 1)
    assert os.waitpid(fork, 0)[1] == 0
    assert server.ensure_running() == shared
    assert server.pid == pid


# ---------------------------------------------------------------- how it starts


def test_several_threads_start_one(own: EmbeddedServer) -> None:
    seen: list[tuple[Address, int | None]] = []
    threads = [threading.Thread(target=lambda: seen.append((own.ensure_running(), own.pid))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 6
    assert len(set(seen)) == 1


def test_the_key_stands_in_no_command_line_and_no_environment(server: EmbeddedServer, shared: Address) -> None:
    assert len(shared.api_key) == 64
    assert shared.base_url.startswith("http://127.0.0.1:")
    for file in ("cmdline", "environ"):
        assert shared.api_key.encode() not in Path(f"/proc/{server.pid}/{file}").read_bytes()


def test_a_model_that_does_not_load_brings_its_log(weights: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    with weights.open("rb") as stream:
        cut.write_bytes(stream.read(40_000_000))
    server = EmbeddedServer(cut, context=512)
    with pytest.raises(EmbeddedModelError, match=r"(?s)did not start.*log:.*cut\.gguf"):
        server.start()
    assert server.pid is None


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedModelError, match=r"none\.gguf is missing"):
        EmbeddedServer(tmp_path / "none.gguf").start()


def test_a_start_that_takes_too_long_is_given_up(weights: Path) -> None:
    server = EmbeddedServer(weights, context=512, start_seconds=0.01)
    with pytest.raises(EmbeddedModelError, match="not ready after"):
        server.start()
    assert server.pid is None


def test_short_memory_is_said_before_the_start(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "available_memory", lambda: 300_000_000)
    server = EmbeddedServer(weights)
    with pytest.raises(EmbeddedModelError, match=r"needs about \d+ MB of memory and 300 MB"):
        server.start()
    assert server.pid is None


def test_a_missing_runtime_names_the_command(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedModelError, match=r"pip install 'llm-extract\[embedded\]'"):
        EmbeddedServer(weights).start()


def test_decoding_takes_fewer_threads_than_reading() -> None:
    assert thread_counts(1) == (1, 1)
    assert thread_counts(2) == (1, 2)
    assert thread_counts(4) == (2, 4)
    assert thread_counts(32) == (4, 32)
    assert min(thread_counts()) >= 1
