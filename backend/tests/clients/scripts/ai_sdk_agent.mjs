// An agent of the AI SDK: `PROMPT HISTORY [structured]`. It continues the conversation in the file HISTORY, if any.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { model } from "./gateway.mjs";

const [prompt, history, structured] = process.argv.slice(2);
const taking = (property) => ({
  type: "object",
  properties: { [property]: { type: "string" } },
  required: [property],
  additionalProperties: false,
});
const messages = existsSync(history) ? JSON.parse(readFileSync(history, "utf-8")) : [];
messages.push({ role: "user", content: prompt });
let failure;
const result = streamText({
  model,
  messages,
  tools: {
    read_file: tool({
      description: "Reads a file.",
      inputSchema: jsonSchema(taking("path")),
      execute: ({ path }) => readFileSync(path, "utf-8"),
    }),
  },
  stopWhen: stepCountIs(5),
  onError({ error }) {
    failure = error;
  },
  ...(structured ? { output: Output.object({ schema: jsonSchema(taking("answer")) }) } : {}),
});
await result.consumeStream();
if (failure) throw failure;
writeFileSync(history, JSON.stringify([...messages, ...(await result.responseMessages)]));
console.log(await result.text);
