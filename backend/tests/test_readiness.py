"""What a start, a reload, `check-config` and `providers` tell about who answers and which keys were seen."""

import re
from pathlib import Path

from tests.patience import wait_until
from tests.test_cli import run, serving


def test_check_config_names_what_is_configured(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-secret-from-the-file\n")
    ended = run(tmp_path, "check-config", AI_ENGINE_SANDBOX="false", GROQ_API_KEY="gsk-secret-from-outside")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("The configuration is valid.")
    assert "openai (key 2b9de385), groq (key 78ba205c)." in ended.stdout
    assert "secret" not in ended.stdout


def test_check_config_names_what_was_given_in_vain(tmp_path: Path) -> None:
    (tmp_path / "ai-engine.yaml").write_text("providers:\n- {name: mine, base_url: 'http://127.0.0.1:1/v1'}\n")
    given = {"AZURE_OPENAI_API_KEY": "sk-1", "PAXSENIX_API_KEY": "sk-2"}
    ended = run(tmp_path, "check-config", **given)
    assert ended.stdout.splitlines() == [
        "The configuration is valid. Configured providers: none.",
        "Not used: azure: needs AZURE_OPENAI_ENDPOINT.",
        "Not used: paxsenix: switched off; POST /api/providers/paxsenix/toggle switches it on.",
        "Not used: mine: needs MINE_API_KEY, or `auth: none` in the YAML file.",
    ]


def test_providers_are_listed_with_what_each_needs(tmp_path: Path) -> None:
    ended = run(tmp_path, "providers", OPENAI_API_KEY="sk-secret", OPENAI_API_KEY_2="sk-secret-too")
    assert ended.returncode == 0
    title, first, *others = ended.stdout.splitlines()
    assert title.split() == ["PROVIDER", "STATE", "ADDRESS"]
    assert re.match(r"openai +ready: keys [0-9a-f]{8}, [0-9a-f]{8} +https://", first), "what is ready stands first"
    lines = {line.split()[0]: line for line in others}
    for name, state in (
        ("groq", "needs GROQ_API_KEY"),
        ("anthropic", "needs ANTHROPIC_API_KEY"),
        ("ollama", "needs OLLAMA_BASE_URL"),
        ("azure", "needs AZURE_OPENAI_API_KEY and AZURE_OPENAI_ENDPOINT"),
        ("paxsenix", "needs PAXSENIX_API_KEY; unofficial reseller, disabled by default"),
        ("sandbox", "active while no other provider is configured"),
    ):
        assert f" {state} " in lines[name]
    assert "sk-secret" not in ended.stdout


def test_a_key_added_to_env_at_run_time_is_found_and_logged(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        (tmp_path / ".env").write_text(
            "OPENAI_API_KEY=sk-secret\nOPENAI_BASE_URL=http://127.0.0.1:1/v1\nAZURE_OPENAI_API_KEY=sk-2\n"
        )
        wait_until(lambda: "Providers: openai (key " in running.log.read_text(), running.log.read_text)
        assert running.stop() == 0
    log = running.log.read_text()
    assert "Not used: azure: needs AZURE_OPENAI_ENDPOINT" in log
    assert "sk-secret" not in log
