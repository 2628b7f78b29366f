// An agent of @openai/agents: `PROMPT HISTORY [structured]`. It continues the conversation in the file HISTORY, if any.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, run, tool, user } from "@openai/agents";
import { z } from "zod";

const [prompt, history, structured] = process.argv.slice(2);
const agent = new Agent({
  name: "Agent",
  tools: [
    tool({
      name: "read_file",
      description: "Reads a file.",
      parameters: z.object({ path: z.string() }),
      execute: ({ path }) => readFileSync(path, "utf-8"),
    }),
  ],
  ...(structured ? { outputType: z.object({ answer: z.string() }) } : {}),
});
const before = existsSync(history) ? JSON.parse(readFileSync(history, "utf-8")) : [];
const result = await run(agent, [...before, user(prompt)], { stream: true });
for await (const _ of result);
await result.completed;
writeFileSync(history, JSON.stringify(result.history));
console.log(result.finalOutput);
