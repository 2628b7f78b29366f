import re
from pathlib import Path
from typing import Any

import pytest

from ai_engine.errors import ConfigurationError
from ai_engine.settings import Settings, read_environment


def settings(**variables: str) -> Settings:
    return Settings.from_environment({f"AI_ENGINE_{name}": value for name, value in variables.items()})


def plain(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


ACCEPTED: list[tuple[str, str, object]] = [
    ("HOST", "0.0.0.0", "0.0.0.0"),
    ("PORT", "9000", 9000),
    ("PUBLIC_HOST", "gateway.example", "gateway.example"),
    ("PUBLIC_PORT", "443", 443),
    ("WORKERS", "1", 1),
    ("RELOAD", "true", True),
    ("LOG_LEVEL", "DEBUG", "DEBUG"),
    ("LOG_FORMAT", "json", "json"),
    ("LOG_FILE", "logs/engine.log", Path("logs/engine.log")),
    ("ACCESS_LOG", "false", False),
    ("LOG_MESSAGES", "1", True),
    ("OTLP_ENDPOINT", "http://localhost:4318", "http://localhost:4318"),
    ("CORS_ORIGINS", '["https://a.example"]', ("https://a.example",)),
    ("ALLOWED_HOSTS", '["a.example", "b.example"]', ("a.example", "b.example")),
    ("TRUSTED_PROXIES", '["10.0.0.0/8", "::1"]', ("10.0.0.0/8", "::1")),
    ("MAX_REQUEST_SIZE", "2048", 2048),
    ("DATABASE_URL", "sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ("SPOOL_DIR", "spool", Path("spool")),
    ("RETENTION_DAYS", "7", 7),
    ("REDIS_URL", "redis://localhost", "redis://localhost"),
    ("REDIS_DOWN", "refuse", "refuse"),
    ("CONFIG", "engine.yaml", Path("engine.yaml")),
    ("ADMIN_KEY", "sixteen-letters-", "sixteen-letters-"),
    ("VIEWER_KEY", "sixteen-letters+", "sixteen-letters+"),
    ("ADMIN_ALLOWED_IPS", '["192.0.2.7"]', ("192.0.2.7",)),
    ("AUTODECIDE", "false", False),
    ("STRICT_PARAMETERS", "true", True),
    ("SANDBOX", "true", True),
    ("UNKNOWN_PRICE", "refuse", "refuse"),
    ("DRAIN_SECONDS", "2.5", 2.5),
]

REFUSED = [
    ("PORT", "eighty"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PUBLIC_PORT", "0"),
    ("WORKERS", "0"),
    ("WORKERS", "4"),
    ("RELOAD", "perhaps"),
    ("LOG_LEVEL", "LOUD"),
    ("LOG_FORMAT", "xml"),
    ("ACCESS_LOG", "perhaps"),
    ("LOG_MESSAGES", "perhaps"),
    ("OTLP_ENDPOINT", "localhost:4318"),
    ("OTLP_ENDPOINT", "http://:4318"),
    ("OTLP_ENDPOINT", "http://localhost:no"),
    ("CORS_ORIGINS", "https://a.example"),
    ("CORS_ORIGINS", '"https://a.example"'),
    ("ALLOWED_HOSTS", "[1]"),
    ("ALLOWED_HOSTS", "{}"),
    ("TRUSTED_PROXIES", '["not a network"]'),
    ("TRUSTED_PROXIES", "["),
    ("MAX_REQUEST_SIZE", "10MB"),
    ("MAX_REQUEST_SIZE", "1023"),
    ("RETENTION_DAYS", "0"),
    ("REDIS_DOWN", "panic"),
    ("ADMIN_KEY", "short"),
    ("VIEWER_KEY", "short"),
    ("ADMIN_ALLOWED_IPS", '["300.0.0.1"]'),
    ("AUTODECIDE", "perhaps"),
    ("SANDBOX", "perhaps"),
    ("UNKNOWN_PRICE", "perhaps"),
    ("DRAIN_SECONDS", "-1"),
    ("DRAIN_SECONDS", "inf"),
    ("DRAIN_SECONDS", "nan"),
]


@pytest.mark.parametrize(("name", "text", "value"), ACCEPTED)
def test_every_variable_is_read(name: str, text: str, value: object) -> None:
    assert plain(getattr(settings(**{name: text}), name.lower())) == value


def test_no_variable_is_missing_from_this_page() -> None:
    assert {name.lower() for name, _, _ in ACCEPTED} == set(Settings.model_fields)


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_an_invalid_value_is_refused_in_one_sentence_that_names_its_variable(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings(**{name: text})
    assert re.fullmatch(rf"AI_ENGINE_{name}(=\d+)? is invalid: [^\n]+\.", refused.value.message)


@pytest.mark.parametrize("name", ["ADMIN_KEY", "VIEWER_KEY"])
def test_the_error_about_a_bad_secret_does_not_contain_it(name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings(**{name: "s3cret"})
    assert "s3cret" not in refused.value.message


def test_secrets_are_in_no_repr() -> None:
    given = settings(ADMIN_KEY="admin-key-of-mine", DATABASE_URL="postgresql://u:pass@host/d")
    assert "admin-key-of-mine" not in repr(given)
    assert "pass" not in repr(given)


def test_one_key_for_two_roles_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="AI_ENGINE_VIEWER_KEY is invalid"):
        settings(ADMIN_KEY="the-very-same-key", VIEWER_KEY="the-very-same-key")


def test_the_defaults_are_the_contracts() -> None:
    given = settings()
    assert (given.host, given.port, given.workers, given.max_request_size) == ("127.0.0.1", 8000, 1, 10_485_760)
    assert (given.log_level, given.log_format, given.retention_days, given.drain_seconds) == ("INFO", "console", 90, 30)
    assert (given.autodecide, given.sandbox, given.unknown_price, given.redis_down) == (True, None, "allow", "local")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().port = 1  # type: ignore[misc]  # that it cannot be done is what is tested


def test_variables_of_other_programs_are_left_alone() -> None:
    assert Settings.from_environment({"PORT": "x", "AI_ENGINE_UNKNOWN": "y"}).port == 8000


@pytest.mark.parametrize(
    ("host", "is_on_loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("gateway", False)],
)
def test_loopback_addresses_are_recognised(host: str, *, is_on_loopback: bool) -> None:
    assert settings(HOST=host).is_on_loopback is is_on_loopback
    assert settings(HOST="127.0.0.1", PUBLIC_HOST=host, PUBLIC_PORT="8000").is_on_loopback is is_on_loopback


def env_file(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text)
    return path


def test_the_process_wins_over_the_env_file(tmp_path: Path) -> None:
    path = env_file(tmp_path, "A_KEY=from-file\nB_KEY=from-file\n")
    assert read_environment({"A_KEY": "from-process"}, path) == {"A_KEY": "from-process", "B_KEY": "from-file"}


def test_an_empty_variable_is_unset(tmp_path: Path) -> None:
    path = env_file(tmp_path, "A_KEY=from-file\nB_KEY=\nC_KEY\n")
    assert read_environment({"A_KEY": "", "D_KEY": ""}, path) == {"A_KEY": "from-file"}


def test_an_env_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_environment({"A": "1"}, tmp_path / ".env") == {"A": "1"}
    assert read_environment({"A": "1"}) == {"A": "1"}


def test_an_env_file_that_is_not_text_ends_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A_KEY=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"\.env' is invalid: it cannot be read"):
        read_environment({}, path)


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "OPENAI_API_KEY_2", "HF_TOKEN", "AI_ENGINE_DATABASE_URL", "AZURE_OPENAI_ENDPOINT"]
)
def test_a_secret_or_url_may_stand_in_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("  the secret\n")
    assert read_environment({f"{name}_FILE": str(tmp_path / "secret")})[name] == "the secret"


def test_the_variable_itself_wins_over_its_file(tmp_path: Path) -> None:
    assert read_environment({"A_KEY": "plain", "A_KEY_FILE": str(tmp_path / "nowhere")})["A_KEY"] == "plain"


def test_an_empty_secret_file_leaves_the_variable_unset(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    assert "A_KEY" not in read_environment({"A_KEY_FILE": str(tmp_path / "secret")})


def test_a_secret_file_that_cannot_be_read_is_named_by_its_variable(tmp_path: Path) -> None:
    """And not by its value: it may be the secret itself, mistaken for a path."""
    with pytest.raises(ConfigurationError, match=r"^A_KEY_FILE is invalid: [^\n]*FileNotFoundError[^\n]*\.$") as error:
        read_environment({"A_KEY_FILE": str(tmp_path / "nowhere")})
    assert "nowhere" not in error.value.message


def test_files_of_other_variables_are_not_opened(tmp_path: Path) -> None:
    given = {"AI_ENGINE_LOG_FILE": str(tmp_path / "nowhere"), "SOME_FILE": "nowhere"}
    assert read_environment(given) == given
