"""Ray itself: a cluster's, or one of our own, which is this user's alone and ends with the run."""

from __future__ import annotations

import contextlib
import functools
import importlib
import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from llm_extract.errors import RunError
from llm_extract.model.machine import usable_cores

_OBJECT_STORE_BYTES = 256 * 2**20
"""Of a Ray of our own: articles and records go through it only if they are long."""
_KNOCKING_SECONDS = 10.0
_LONGEST_SOCKET_FOLDER = 30
"""Characters: a socket's path has at most 107, and Ray adds its own folders."""


class RayConnection:
    """Ray, once it is open. Its methods block.

    To be called in one thread that lives as long as it is open: Ray's processes end with the thread that started them.

    Args:
        address: of a cluster; None: a Ray of our own on this machine, which listens on loopback only.
        cpus: how many a Ray of our own has; None: those that this process may use.
    """

    def __init__(self, address: str | None, cpus: int | None) -> None:
        self.ray: Any = None
        """The package; None before it is open."""
        self._address, self._cpus = address, cpus
        self._folder: str | None = None
        self._ours = False

    def open(self) -> Any:
        """Ray, connected.

        Raises:
            RunError: there is no such cluster, or Ray does not start.
        """
        with _quiet() if self._address is None else contextlib.nullcontext():
            ray = importlib.import_module("ray")
            importlib.import_module("ray.exceptions")
            self.ray = ray  # set here: it may have to be ended before anyone takes what this gives
            if ray.is_initialized():
                return ray
            self._ours = True
            logging.getLogger("ray").setLevel(logging.ERROR)
            options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
            try:
                if self._address is not None:
                    _knock(self._address)
                    ray.init(self._address, **options)
                    return ray
                self._folder = _short_folder()
                ray.init(
                    "local",
                    num_cpus=self._cpus or usable_cores(),
                    num_gpus=0,
                    include_dashboard=False,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=self._folder,
                    **options,
                )
            except Exception as error:
                if self._address is None:
                    raise RunError(f"Ray does not start on this machine: {in_a_line(error)}") from error
                raise RunError(
                    f"no Ray at {self._address}: {in_a_line(error)}; see that it is up, that it has this version, and "
                    "that its token is known here (RAY_AUTH_TOKEN)"
                ) from error
            return ray

    def close(self, actors: Iterable[Any]) -> None:
        """End these actors, and what was started here. A cluster goes on."""
        if self.ray is None:
            return
        for actor in actors:
            self.ray.kill(actor)
        if self._ours:
            self.ray.shutdown()

    def remove_folder(self) -> None:
        """Remove the folder of a Ray of our own that has ended."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _knock(address: str) -> None:
    """See whether anything listens there: Ray itself would go on trying for minutes, without a word.

    Raises:
        OSError: nothing does.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _KNOCKING_SECONDS).close()


def take_signal_back() -> None:
    """Let SIGTERM do again what it did: Ray writes a stack trace first."""
    handler = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is threading.main_thread() and handler is not None:
        signal.signal(signal.SIGTERM, handler)
        signal.siginterrupt(signal.SIGTERM, False)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """While a Ray of our own starts: for this user alone, on loopback alone, and silent.

    Without these Ray takes commands from whoever reaches this machine over its network, and reports its use to its
    makers. Its processes keep them; here they are taken back.
    """
    own = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": _token(),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens on loopback, as on those systems
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a warning
    }
    before = {name: os.environ.get(name) for name in own}
    os.environ.update({name: value for name, value in own.items() if before[name] is None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


@functools.cache
def _token() -> str:
    return secrets.token_hex(32)


def _short_folder() -> str:
    """A folder for Ray's logs and sockets, this user's alone."""
    parent = tempfile.gettempdir()
    return tempfile.mkdtemp(prefix="ray-", dir=parent if len(parent) <= _LONGEST_SOCKET_FOLDER else "/tmp")  # noqa: S108


def in_a_line(error: Exception) -> str:
    """What an error says, in one line that is not too long."""
    return " ".join(str(error).split())[:400] or type(error).__name__
