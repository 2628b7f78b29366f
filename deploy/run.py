"""`make run`: one address with the pages, `/api` and `/v1`: the gateway behind nginx, or behind Vite's preview server.

The address is set by AI_ENGINE_HOST and AI_ENGINE_PORT (http://localhost:8000). The gateway listens on the next port, or on
GATEWAY_PORT. Ctrl-C stops both, the gateway first, which finishes its requests.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import NoReturn

from ai_engine.cli import current_environment
from ai_engine.errors import AIEngineError, ConfigurationError
from ai_engine.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "frontend/dist"
_LOOPBACK = "127.0.0.1"
_START_TIMEOUT_SECONDS = 120
_STOP_TIMEOUT_SECONDS = 10
_POLL_SECONDS = 0.1
_LOCAL_HOSTS = {"0.0.0.0", "::", _LOOPBACK, "::1", "localhost"}  # noqa: S104 - used for the printed URL only

Process = subprocess.Popen[bytes]


class _Stopped(Exception):
    """A stop signal was received."""


class _Stop:
    """A signal handler that only records stop signals. A closing terminal sends several, and an exception raised in the middle of
    starting or stopping a process would leave it behind.
    """

    def __init__(self) -> None:
        self._is_set = False

    def __call__(self, *_signal: object) -> None:
        self._is_set = True

    def check(self) -> None:
        """Raises `_Stopped` after a stop signal."""
        if self._is_set:
            raise _Stopped


def main() -> None:
    """Runs until a stop signal (exit code 0), or until one of the two processes ends (1)."""
    try:
        settings = Settings.from_environment(current_environment())
        gateway_port = _gateway_port(settings)
        _check_port(settings.host, settings.port, "AI_ENGINE_PORT")
        _check_port(_LOOPBACK, gateway_port, "GATEWAY_PORT")
        if not (PAGES / "index.html").is_file():
            raise ConfigurationError("The pages are not built: run `make run`, or `npm run build` in the folder frontend.")
        stop = _Stop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        with tempfile.TemporaryDirectory(prefix="ai-engine-") as runtime:
            _run(settings, gateway_port, Path(runtime), stop)
    except _Stopped:
        sys.exit(0)
    except AIEngineError as error:
        print(f"ai-engine: {error.message}", file=sys.stderr)
        sys.exit(1)


def _gateway_port(settings: Settings) -> int:
    given = os.environ.get("GATEWAY_PORT", "")
    if not given and 0 < settings.port < 65535:
        return settings.port + 1
    if not given.isascii() or not given.isdigit() or not 0 < int(given) <= 65535 or int(given) == settings.port:
        raise ConfigurationError("GATEWAY_PORT is invalid: must be from 1 to 65535 and differ from AI_ENGINE_PORT.")
    return int(given)


def _check_port(host: str, port: int, variable: str) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        remedy = f"stop the program that listens there, or set {variable} to another port"
        raise ConfigurationError(f"{variable} is invalid: {host}:{port}: {error.strerror}; {remedy}.") from None


def _run(settings: Settings, gateway_port: int, runtime: Path, stop: _Stop) -> NoReturn:
    """Raises `_Stopped`, or `ConfigurationError` if a process ends, after it has printed why."""
    public = {"AI_ENGINE_PUBLIC_HOST": settings.host, "AI_ENGINE_PUBLIC_PORT": str(settings.port)}
    serve = [sys.executable, "-m", "ai_engine", "serve", "--host", _LOOPBACK, "--port", str(gateway_port)]
    processes: list[Process] = []
    try:
        processes.append(_start(serve, public))
        _wait_until_alive(f"http://{_LOOPBACK}:{gateway_port}", processes, stop)
        processes.append(_start(*_front(settings, gateway_port, runtime)))
        host = "localhost" if settings.host in _LOCAL_HOSTS else settings.host
        address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        _wait_until_alive(address, processes, stop)
        print(f"The pages, /api and /v1 are at {address}", file=sys.stderr)
        while True:
            _poll(processes, stop)
    finally:
        for process in processes:
            _stop(process, settings.drain_seconds + _STOP_TIMEOUT_SECONDS)


def _start(command: Sequence[str], environment: dict[str, str]) -> Process:
    """In a new session, so that the terminal's Ctrl-C does not reach it: the order of stopping matters."""
    return subprocess.Popen(command, env=os.environ | environment, start_new_session=True)


def _stop(process: Process, timeout_seconds: float) -> None:
    process.terminate()
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _poll(processes: Sequence[Process], stop: _Stop) -> None:
    """Waits a moment. Raises `_Stopped`, or `ConfigurationError` if a process has ended."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        processes[-1].wait(_POLL_SECONDS)
    stop.check()
    if any(process.poll() is not None for process in processes):
        raise ConfigurationError("A process has ended; see its output above.")


def _wait_until_alive(address: str, processes: Sequence[Process], stop: _Stop) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(f"{address}/health/live", timeout=2):
            return
        _poll(processes, stop)
    raise ConfigurationError(f"No response at {address}.")


def _front(settings: Settings, gateway_port: int, runtime: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the server of the pages: nginx as in the image, else Vite's preview server."""
    gateway = f"{_LOOPBACK}:{gateway_port}"
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if nginx is None:
        print("nginx is not installed; using Vite's preview server.", file=sys.stderr)
        vite = str(ROOT / "frontend/node_modules/.bin/vite")
        command = [vite, "preview", str(ROOT / "frontend"), "--host", settings.host, "--port", str(settings.port)]
        return command, {"AI_ENGINE_GATEWAY": f"http://{gateway}"}
    configuration = runtime / "nginx.conf"
    configuration.write_text(_nginx_configuration(settings, gateway, runtime), "utf-8")
    # Started by root, nginx would run as a user that may not read a home folder.
    as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [nginx, "-e", "stderr", "-p", str(runtime), "-c", str(configuration), *as_root], {}


def _nginx_configuration(settings: Settings, gateway: str, runtime: Path) -> str:
    """The template with its five placeholders filled; nginx's own `$variables` stay."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    template = (ROOT / "deploy/nginx/nginx.conf.template").read_text("utf-8")
    return Template(template).safe_substitute(
        NGINX_RUNTIME=runtime,
        NGINX_LISTEN=f"{host}:{settings.port}",
        NGINX_GATEWAY=gateway,
        NGINX_PAGES=PAGES,
        NGINX_BODY_LIMIT=settings.max_request_size,
    )


if __name__ == "__main__":
    main()
