"""An agent of pydantic-ai: `PROMPT HISTORY [structured]`. It continues the conversation in the file HISTORY, if any."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from files import Answer, read_file
from pydantic_ai import Agent, ModelMessagesTypeAdapter, NativeOutput


async def watch(_: Any, events: Any) -> None:
    """With somebody who watches, answers are streamed."""
    async for _ in events:
        pass


async def main(prompt: str, history: Path, *structured: str) -> None:
    agent = Agent(os.environ["MODEL"], tools=[read_file], output_type=NativeOutput(Answer) if structured else str)
    before = ModelMessagesTypeAdapter.validate_json(history.read_bytes()) if history.exists() else None
    result = await agent.run(prompt, message_history=before, event_stream_handler=watch)
    history.write_bytes(result.all_messages_json())
    print(result.output)


asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
