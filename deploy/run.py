"""`make run`: one address with the pages, `/api` and `/v1`. nginx in front (else Vite's preview server), the gateway behind it.

The address is that of the settings (AI_ENGINE_HOST, AI_ENGINE_PORT: http://localhost:8000). The gateway listens on the next port;
GATEWAY_PORT names another. Ctrl-C ends both, the gateway first: it answers what it has.
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
_LONGEST_START_SECONDS = 120
_LONGEST_STOP_SECONDS = 10
_LOOK_EVERY_SECONDS = 0.1
_HERE = {"0.0.0.0", "::", _LOOPBACK, "::1", "localhost"}  # noqa: S104 - where it is reached, not where it is bound

Process = subprocess.Popen[bytes]


class _Stopped(Exception):
    """Somebody said stop."""


class _Stop:
    """Hears the signals that say stop, and only remembers it. A terminal that closes sends several, and whatever one of them
    broke off, starting a process or clearing up, would leave something behind.
    """

    def __init__(self) -> None:
        self._is_said = False

    def __call__(self, *_signal: object) -> None:
        self._is_said = True

    def check(self) -> None:
        """Raises `_Stopped` once it was said."""
        if self._is_said:
            raise _Stopped


def main() -> None:
    """Runs until somebody says stop (exit code 0), or one of the two ends by itself (1)."""
    try:
        settings = Settings.from_environment(current_environment())
        gateway_port = _gateway_port(settings)
        _refuse_busy(settings.host, settings.port, "AI_ENGINE_PORT")
        _refuse_busy(_LOOPBACK, gateway_port, "GATEWAY_PORT")
        if not (PAGES / "index.html").is_file():
            raise ConfigurationError(
                "The pages are not built yet: `make run` does it, or `npm run build` in the folder frontend."
            )
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
        raise ConfigurationError("GATEWAY_PORT is invalid: it must be a port from 1 to 65535, and not AI_ENGINE_PORT.")
    return int(given)


def _refuse_busy(host: str, port: int, variable: str) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        remedy = f"end what listens there, or set {variable} to another port"
        raise ConfigurationError(f"{variable} is invalid: {host}:{port}: {error.strerror}; {remedy}.") from None


def _run(settings: Settings, gateway_port: int, runtime: Path, stop: _Stop) -> NoReturn:
    """Raises `_Stopped`, or `ConfigurationError` where one of the two has ended by itself, which has said why by then."""
    public = {"AI_ENGINE_PUBLIC_HOST": settings.host, "AI_ENGINE_PUBLIC_PORT": str(settings.port)}
    serve = [sys.executable, "-m", "ai_engine", "serve", "--host", _LOOPBACK, "--port", str(gateway_port)]
    processes: list[Process] = []
    try:
        processes.append(_started(serve, public))
        _wait_until_alive(f"http://{_LOOPBACK}:{gateway_port}", processes, stop)
        processes.append(_started(*_front(settings, gateway_port, runtime)))
        host = "localhost" if settings.host in _HERE else settings.host
        address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        _wait_until_alive(address, processes, stop)
        print(f"The pages, /api and /v1 are at {address}", file=sys.stderr)
        while True:
            _look(processes, stop)
    finally:
        for process in processes:
            _end(process, settings.drain_seconds + _LONGEST_STOP_SECONDS)


def _started(command: Sequence[str], environment: dict[str, str]) -> Process:
    """In a session of its own: a terminal's Ctrl-C is ours to hand on, in order."""
    return subprocess.Popen(command, env=os.environ | environment, start_new_session=True)


def _end(process: Process, patience_seconds: float) -> None:
    process.terminate()
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _look(processes: Sequence[Process], stop: _Stop) -> None:
    """Takes a moment. Raises `_Stopped`, or `ConfigurationError` once one of them has ended by itself."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        processes[-1].wait(_LOOK_EVERY_SECONDS)
    stop.check()
    if any(process.poll() is not None for process in processes):
        raise ConfigurationError("It ended by itself; the reason stands above.")


def _wait_until_alive(address: str, processes: Sequence[Process], stop: _Stop) -> None:
    deadline = time.monotonic() + _LONGEST_START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(f"{address}/health/live", timeout=2):
            return
        _look(processes, stop)
    raise ConfigurationError(f"Nothing answers at {address}.")


def _front(settings: Settings, gateway_port: int, runtime: Path) -> tuple[list[str], dict[str, str]]:
    """The command and the variables of what serves the pages: nginx as in the image, else Vite's preview server."""
    gateway = f"{_LOOPBACK}:{gateway_port}"
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if nginx is None:
        print("nginx is not installed: Vite's preview server stands in front.", file=sys.stderr)
        vite = str(ROOT / "frontend/node_modules/.bin/vite")
        command = [vite, "preview", str(ROOT / "frontend"), "--host", settings.host, "--port", str(settings.port)]
        return command, {"AI_ENGINE_GATEWAY": f"http://{gateway}"}
    configuration = runtime / "nginx.conf"
    configuration.write_text(_nginx_configuration(settings, gateway, runtime), "utf-8")
    # Started by root, nginx would work as somebody who may not read a home folder.
    as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [nginx, "-e", "stderr", "-p", str(runtime), "-c", str(configuration), *as_root], {}


def _nginx_configuration(settings: Settings, gateway: str, runtime: Path) -> str:
    """The template with its five places filled; nginx's own `$variables` stay."""
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
