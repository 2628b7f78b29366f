"""`python -m ai_engine` is the `ai-engine` command."""

from ai_engine.cli import main

main()
