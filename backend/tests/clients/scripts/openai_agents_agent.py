"""An agent of openai-agents: `PROMPT HISTORY [structured]`. It continues the conversation in the file HISTORY, if any."""

import asyncio
import json
import sys
from pathlib import Path

from agents import Agent, Runner, function_tool
from files import Answer, read_file


async def main(prompt: str, history: Path, *structured: str) -> None:
    agent = Agent(name="Agent", tools=[function_tool(read_file)], output_type=Answer if structured else None)
    before = json.loads(history.read_text()) if history.exists() else []
    result = Runner.run_streamed(agent, [*before, {"role": "user", "content": prompt}])
    async for _ in result.stream_events():
        pass
    history.write_text(json.dumps(result.to_input_list()))
    print(result.final_output)


asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
