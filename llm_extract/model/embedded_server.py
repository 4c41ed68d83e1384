"""The process that holds the embedded model: llama.cpp's server on loopback, and nothing else.

`llm_extract.model.embedded` starts this file as a program of its own. It reads one line of JSON from its
standard input (the parameters, with the key, which thus stands in no command line and no
environment) and writes one line of JSON to its standard output: the port. Everything else goes
to standard error, which the parent keeps as a log.

It ends with its parent, however that ends: on Linux the kernel kills it, and everywhere the end of
its standard input, which only the parent holds open, ends it too.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
from typing import Any

_PR_SET_PDEATHSIG = 1
_ERRORS_ONLY = 1
READ_AT_ONCE = 2048
"""Tokens, with prefix attention; of a longer article, each such part. Training takes no longer ones by default."""


def main() -> None:
    """Serve until the parent ends or a signal comes."""
    line = sys.stdin.buffer.readline()
    parameters = json.loads(line)
    _die_with(parameters["parent"])

    # llama.cpp writes to standard output as it likes: that is the log from here on.
    report = os.dup(1)
    os.dup2(2, 1)

    try:
        server = _serve(parameters)
    except RuntimeError as error:  # llama.cpp has written the reason to the log before
        sys.exit(str(error))
    port = int(server.listening_address.rpartition(":")[2])
    os.write(report, json.dumps({"port": port}).encode() + b"\n")
    os.close(report)
    threading.Event().wait()


def _die_with(parent: int) -> None:
    """End this process when `parent` ends, also if that has happened already."""
    # A model that is computing would let the default handler of a Python signal wait; the kernel does not.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # A parent that died before the line above has left this process to another one.
    if os.name == "posix" and os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_exit_at_end_of_input, daemon=True).start()


def _exit_at_end_of_input() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    os._exit(0)


def _serve(parameters: dict[str, Any]) -> Any:
    """llama.cpp's server, loaded and listening."""
    import xllamacpp

    common = xllamacpp.CommonParams()
    common.model.path = parameters["model"]
    common.model_alias = {parameters["alias"]}
    common.hostnames = ["127.0.0.1"]
    common.port = parameters["port"]
    common.api_keys = [parameters["key"]]
    common.n_ctx = parameters["context"]
    common.n_parallel = 1
    if parameters["attention"] == "prefix":
        # The tokens of one batch then see each other: an article has to be one.
        common.attention_type = xllamacpp.llama_attention_type.LLAMA_ATTENTION_TYPE_NON_CAUSAL
        common.n_batch = common.n_ubatch = min(parameters["context"], READ_AT_ONCE)
    common.cpuparams.n_threads = parameters["decode_threads"]
    common.cpuparams_batch.n_threads = parameters["prefill_threads"]
    # With a sliding window only the end of the last prompt can be taken up again; the full cache (54 MB more
    # for Gemma at 8192 tokens) lets every question about an article reuse all of it.
    common.swa_full = True
    common.cache_ram_mib = parameters["cache_ram_mib"]
    common.fit_params = False
    common.warmup = False
    common.ui = False
    common.endpoint_slots = False
    common.verbosity = _ERRORS_ONLY
    return xllamacpp.Server(common)


if __name__ == "__main__":
    main()
