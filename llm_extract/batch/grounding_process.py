"""A process that grounds answers, and does nothing else: what takes most of an article's time on a core of its own.

`llm_extract.batch.grounders` starts this file as a program. Its standard input is one line of JSON that names the task,
then one for each answer, `{"document", "answer", "provenance"}`; its standard output the task's fingerprint, then one
line for each answer, in order: `+` or `=` and the result's JSON (`+`: it reads back), or `-` where there is none. It
ends with its input, which only the parent has.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from pathlib import Path

from llm_extract.document import Document
from llm_extract.errors import ExtractionError
from llm_extract.finishing import made_json, result_of
from llm_extract.grounding import Said
from llm_extract.model.types import Usage
from llm_extract.result import Provenance
from llm_extract.task import Task, find_task


def main() -> None:
    """Ground one answer after another until the input ends."""
    for pipe in (0, 1):  # room for a hundred answers, since the parent comes to them between many other things
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a schema prints
    told = json.loads(sys.stdin.buffer.readline())
    task = find_task(told["task"], Path(told["where"]))
    replies.write(task.fingerprint.encode() + b"\n")
    replies.flush()
    for line in sys.stdin.buffer:
        replies.write(_reply(task, line) + b"\n")
        replies.flush()


def _reply(task: Task, line: bytes) -> bytes:
    asked = json.loads(line)
    document = Document.model_validate(asked["document"])
    answer = task.schema.answer.model_validate_json(asked["answer"])
    try:
        result = result_of(task, document, Said(answer), Provenance.model_validate(asked["provenance"]), Usage())
    except ExtractionError:
        return b"-"  # the parent finds the same, and tells it
    made = made_json(task, result)
    return (b"+" if made.reads_back else b"=") + made.kept.encode()


if __name__ == "__main__":
    main()
