import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from ai_engine import __version__
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_SECONDS, wait_until

COMMANDS = ("serve", "check-config", "providers", "autodecide", "chat", "migrate", "client-keys", "openapi", "version")
ADMIN = "admin-0123456789abcdef"


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the developer's own keys and addresses; and no colours, no wrapping."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
    return {**inherited, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200", **variables}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ai_engine", *arguments]


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in that folder."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


class Serving:
    """`ai-engine serve`, running."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self.url = f"http://127.0.0.1:{port}"

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """The exit code."""
        self.process.send_signal(sent)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def serving(folder: Path, *arguments: str, verb: str = "serve", **variables: str) -> Iterator[Serving]:
    port, log = free_port(), folder / "log.txt"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(verb, "--port", str(port), *arguments), cwd=folder, env=environment(variables), stdout=output, stderr=output
        )
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": "hi"}]}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS, trust_env=False) as http:

            def is_answered() -> bool:
                assert process.poll() is None, log.read_text()
                with contextlib.suppress(httpx.ConnectError):
                    return http.post("/v1/chat/completions", json=body).status_code > 0
                return False

            wait_until(is_answered, log.read_text)
        yield Serving(process, port, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """As at a first start, the sandbox behind it."""
    with serving(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def sentence(ended: subprocess.CompletedProcess[str]) -> str:
    """What a command that failed says: one sentence on stderr, and nothing on stdout."""
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("ai-engine: ")
    assert line.endswith(".")
    return line


def test_help_lists_every_command(tmp_path: Path) -> None:
    ended = run(tmp_path, "--help")
    assert ended.returncode == 0
    assert all(re.search(rf"\b{name}\b", ended.stdout) for name in COMMANDS)


@pytest.mark.parametrize("name", [*COMMANDS, "server", "client-keys create"])
def test_every_command_has_help(tmp_path: Path, name: str) -> None:
    ended = run(tmp_path, *name.split(), "--help")
    assert ended.returncode == 0
    assert "Usage:" in ended.stdout
    assert list(tmp_path.iterdir()) == [], "help touches nothing"


@pytest.mark.parametrize(
    "arguments",
    ["nonsense", "serve --port abc", "serve --nonsense", "chat", "chat model", "autodecide", "client-keys create --role client"],
)
def test_wrong_usage_is_reported_on_stderr_with_exit_code_2(tmp_path: Path, arguments: str) -> None:
    ended = run(tmp_path, *arguments.split())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    assert "Usage:" in ended.stderr


def test_version_is_the_packages(tmp_path: Path) -> None:
    assert run(tmp_path, "version").stdout == f"{__version__}\n"


WRONG: list[tuple[dict[str, str], str]] = [
    ({"AI_ENGINE_PORT": "99999"}, "AI_ENGINE_PORT"),
    ({"AI_ENGINE_PORT": "http"}, "AI_ENGINE_PORT"),
    ({"AI_ENGINE_WORKERS": "4"}, "AI_ENGINE_WORKERS"),
    ({"AI_ENGINE_LOG_LEVEL": "LOUD"}, "AI_ENGINE_LOG_LEVEL"),
    ({"AI_ENGINE_CORS_ORIGINS": "https://page.example"}, "AI_ENGINE_CORS_ORIGINS"),
    ({"AI_ENGINE_ADMIN_KEY": "short"}, "AI_ENGINE_ADMIN_KEY"),
    ({"AI_ENGINE_ADMIN_KEY": ADMIN, "AI_ENGINE_VIEWER_KEY": ADMIN}, "AI_ENGINE_VIEWER_KEY"),
    ({"AI_ENGINE_TRUSTED_PROXIES": '["unknown"]'}, "AI_ENGINE_TRUSTED_PROXIES"),
    ({"AI_ENGINE_CONFIG": "nowhere.yaml"}, "AI_ENGINE_CONFIG"),
    ({"OPENAI_API_KEY_FILE": "nowhere"}, "OPENAI_API_KEY_FILE"),
    ({"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": "ftp://x"}, "OPENAI_BASE_URL"),
    ({"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": "http://localhost:8000/v1"}, "OPENAI_BASE_URL"),
    ({"OPENAI_API_KEY": "two words"}, "OPENAI_API_KEY"),
]


@pytest.mark.parametrize(("variables", "named"), WRONG)
@pytest.mark.parametrize("verb", ["check-config", "serve"])
def test_a_wrong_variable_ends_with_one_sentence_that_names_it(
    tmp_path: Path, verb: str, variables: dict[str, str], named: str
) -> None:
    said = sentence(run(tmp_path, verb, **variables))
    assert named in said
    assert "two words" not in said


@pytest.mark.parametrize(
    ("yaml", "line", "reason"),
    [
        ("providers: 3\n", 1, "providers"),
        ("aliases: {}\nsurprise: 1\n", 2, "surprise"),
        ("aliases: [\n", 2, "YAML"),
        ("providers:\n- name: x\n  port: 1\n", 3, "port"),
    ],
)
def test_a_wrong_file_ends_with_one_sentence_that_names_the_line(tmp_path: Path, yaml: str, line: int, reason: str) -> None:
    (tmp_path / "ai-engine.yaml").write_text(yaml)
    said = sentence(run(tmp_path, "check-config"))
    assert f"ai-engine.yaml, line {line}:" in said
    assert reason in said


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AI_ENGINE_HOST": "nonsense.invalid"}, "AI_ENGINE_HOST"),
        ({"AI_ENGINE_HOST": "x" * 300}, "AI_ENGINE_HOST"),
        ({"AI_ENGINE_LOG_FILE": "/dev/null/x"}, "AI_ENGINE_LOG_FILE"),
    ],
)
def test_what_only_a_start_can_find_out_ends_with_one_sentence_too(tmp_path: Path, variables: dict[str, str], named: str) -> None:
    assert named in sentence(run(tmp_path, "serve", **variables))


def test_a_port_in_use_ends_with_one_sentence(tmp_path: Path, gateway: Serving) -> None:
    said = sentence(run(tmp_path, "serve", "--port", str(gateway.port)))
    assert f"http://127.0.0.1:{gateway.port} is in use by another program;" in said
    assert list(tmp_path.iterdir()) == [], "nothing was begun"


@pytest.mark.parametrize("url", ["mysql://user:hidden@host/name", "nonsense", "sqlite:////dev/null/x.db"])
def test_an_unusable_database_ends_with_a_sentence_and_no_traceback(tmp_path: Path, url: str) -> None:
    ended = run(tmp_path, "serve", "--port", "0", AI_ENGINE_DATABASE_URL=url)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("AI_ENGINE_DATABASE_URL is invalid") == 1
    assert "Traceback" not in ended.stderr
    assert "hidden" not in ended.stderr
    assert "AI_ENGINE_DATABASE_URL" in sentence(run(tmp_path, "migrate", AI_ENGINE_DATABASE_URL=url))


def test_migrate_makes_the_database_and_may_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        ended = run(tmp_path, "migrate")
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "The database is up to date.\n", "")
    assert (tmp_path / "data" / "ai-engine.db").exists()


def test_chat_prints_the_answer(tmp_path: Path, gateway: Serving) -> None:
    for given in (("--url", gateway.url), ("--url", gateway.url + "/")):
        ended = run(tmp_path, "chat", "gpt-4", "Hello, wörld", *given)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith("[sandbox] No provider key is configured")
        assert ended.stdout.endswith("Hello, wörld\n")
    assert run(tmp_path, "chat", "gpt-4", "hi", AI_ENGINE_PORT=str(gateway.port)).returncode == 0


@pytest.mark.parametrize("model", ["gpt-4", "openai/gpt-4o", "a b?c#d%e"])
def test_autodecide_explains_a_model_whatever_its_name(tmp_path: Path, gateway: Serving, model: str) -> None:
    ended = run(tmp_path, "autodecide", model, "--url", gateway.url)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["model"] == model


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "http://[", "http://localhost:99999", ""])
def test_without_a_gateway_it_says_how_to_start_one(tmp_path: Path, url: str) -> None:
    variables = {"AI_ENGINE_PORT": str(free_port())}
    assert "ai-engine serve" in sentence(run(tmp_path, "chat", "gpt-4", "hi", "--url", url, **variables))
    assert "ai-engine serve" in sentence(run(tmp_path, "autodecide", "gpt-4", AI_ENGINE_HOST="::1", **variables))


def test_another_program_is_not_taken_for_a_gateway(tmp_path: Path) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: Any) -> None:
            """Not a word."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = sentence(run(tmp_path, "autodecide", "gpt-4", "--url", f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()
    assert "No gateway responds" in said


def test_a_refusal_of_the_gateway_is_printed(tmp_path: Path, gateway: Serving) -> None:
    said = sentence(run(tmp_path, "chat", " ", "hi", "--url", gateway.url))
    assert "model must be the name of a model" in said


def test_a_key_comes_from_the_option_the_environment_or_the_file(tmp_path: Path) -> None:
    with serving(tmp_path, AI_ENGINE_ADMIN_KEY=ADMIN) as keyed:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        assert "Missing key" in sentence(run(elsewhere, "chat", "gpt-4", "hi", "--url", keyed.url))
        assert run(elsewhere, "chat", "gpt-4", "hi", "--url", keyed.url, "--key", ADMIN).returncode == 0
        assert run(elsewhere, "chat", "gpt-4", "hi", "--url", keyed.url, AI_ENGINE_ADMIN_KEY=ADMIN).returncode == 0
        (elsewhere / ".env").write_text(f"AI_ENGINE_ADMIN_KEY={ADMIN}\nAI_ENGINE_PORT={keyed.port}\n")
        assert run(elsewhere, "chat", "gpt-4", "hi").returncode == 0


def processor_seconds() -> float:
    """Of every program that this process started and that has ended. A busy machine stretches time, and this hardly."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_server_is_a_synonym_and_a_start_is_quick(tmp_path: Path) -> None:
    before = processor_seconds()
    with serving(tmp_path, verb="server") as running:
        answer = httpx.get(f"{running.url}/health", timeout=PATIENCE_SECONDS, trust_env=False)
        assert answer.json()["status"] == "healthy"
        log = running.log.read_text()
        assert f"AI Engine {__version__} on {running.url} (try it at {running.url}/docs)" in log
        assert "The sandbox provider is active and answers with made-up text; for real answers set a provider key" in log
        assert running.stop() == 0
    assert processor_seconds() - before <= 4, "start, one answer and end"
    assert "Traceback" not in running.log.read_text()


def test_options_win_over_the_environment_and_the_file_is_found(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("aliases: {mine: gpt-4}\n")
    arguments = ("--host", "127.0.0.1", "--debug", "--config", str(file), "--workers", "1")
    with serving(tmp_path, *arguments, AI_ENGINE_PORT="1", AI_ENGINE_LOG_LEVEL="ERROR") as running:
        configuration = httpx.get(f"{running.url}/api/status", timeout=PATIENCE_SECONDS, trust_env=False).json()["configuration"]
        assert (configuration["port"], configuration["log_level"]) == (running.port, "DEBUG")
        assert configuration["config_file"] == str(file)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_outlives_the_signal_to_stop(tmp_path: Path, sent: signal.Signals) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            arrived.set()
            go_on.wait(PATIENCE_SECONDS)
            choice = {"index": 0, "message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}
            body = json.dumps({"object": "chat.completion", "model": "tiny", "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Not a word."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as slow:
        threading.Thread(target=slow.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{slow.server_port}/v1"
        (tmp_path / "ai-engine.yaml").write_text(f"providers:\n- {{name: slow, base_url: '{url}', auth: none, models: [tiny]}}\n")
        with serving(tmp_path) as running:
            answers: list[httpx.Response] = []
            body = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}

            def ask() -> None:
                answers.append(
                    httpx.post(f"{running.url}/v1/chat/completions", json=body, timeout=PATIENCE_SECONDS, trust_env=False)
                )

            asking = threading.Thread(target=ask)
            asking.start()
            assert arrived.wait(PATIENCE_SECONDS)
            running.process.send_signal(sent)
            with pytest.raises(subprocess.TimeoutExpired):
                running.process.wait(0.3)
            go_on.set()
            asking.join(PATIENCE_SECONDS)
            assert answers[0].json()["choices"][0]["message"]["content"] == "whole"
            assert running.process.wait(PATIENCE_SECONDS) == 0
        slow.shutdown()
    assert "Traceback" not in running.log.read_text()


def test_a_key_made_on_the_command_line_opens_a_gateway_off_loopback(tmp_path: Path) -> None:
    everywhere = {"AI_ENGINE_HOST": "0.0.0.0"}
    with serving(tmp_path, **everywhere) as running:
        first = (tmp_path / "data" / "admin-key").read_text().strip()
        assert run(tmp_path, "chat", "gpt-4", "hi", "--url", running.url, "--key", first, **everywhere).returncode == 1, (
            "no sandbox"
        )
        ended = run(tmp_path, "client-keys", "create", "--role", "admin", "--name", "a second one", **everywhere)
        assert (ended.returncode, ended.stderr) == (0, "")
        made = ended.stdout.strip()
        assert made.startswith("aie_")
        assert running.stop() == 0
    with serving(tmp_path, **everywhere) as running:
        for key, status in ((made, 200), (first, 200), ("aie_wrong", 401)):
            headers = {"authorization": f"Bearer {key}"}
            assert (
                httpx.get(f"{running.url}/api/status", headers=headers, timeout=PATIENCE_SECONDS, trust_env=False).status_code
                == status
            )
        variables = {"AI_ENGINE_PORT": str(running.port), "AI_ENGINE_SANDBOX": "true", **everywhere}
        assert json.loads(run(tmp_path, "autodecide", "gpt-4", "--key", made, **variables).stdout)["model"] == "gpt-4"
        assert made not in running.log.read_text()
