// The @anthropic-ai/sdk. See reporting.mjs.

import assert from "node:assert/strict";
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";
import { VERSION } from "@anthropic-ai/sdk/version";
import * as reporting from "./reporting.mjs";

const { getWeather, inPieces, listed, says } = reporting;
const tools = [{ name: "get_weather", description: "The weather in a city.", input_schema: reporting.cityArguments }];
const thinking = { type: "enabled", budget_tokens: 1024 };
const client = (at) => new Anthropic({ baseURL: at.address, apiKey: at.apiKey, maxRetries: 0, timeout: 20_000 });
const user = (content) => [{ role: "user", content }];
const request = (at, said, more) => ({
  model: at.model,
  max_tokens: 100,
  messages: typeof said === "string" ? user(said) : said,
  ...more,
});
const create = (at, said, more = {}) => client(at).messages.create(request(at, said, more));
const finalMessage = (at, said, more = {}) => client(at).messages.stream(request(at, said, more)).finalMessage();
const textOf = (message) => message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
const thoughtsOf = (message) => message.content.map((block) => (block.type === "thinking" ? block.thinking : "")).join("");

/** One user message holds all results of a turn, so this API has a loop of its own shape. */
async function loop(at, said, ask = create, more = {}) {
  const messages = user(said);
  for (let turn = 0; turn < 5; turn += 1) {
    const type = turn === 0 && !more.thinking ? "any" : "auto"; // the API takes no forced tool beside thinking
    const message = await ask(at, messages, { tools, tool_choice: { type }, ...more });
    const calls = message.content.filter((block) => block.type === "tool_use");
    if (calls.length === 0) return textOf(message);
    assert.equal(message.stop_reason, "tool_use");
    const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: getWeather(call.input) }));
    messages.push({ role: "assistant", content: message.content }, { role: "user", content: results });
  }
  throw new Error("the loop does not end");
}

async function errorOf(ask) {
  return reporting.errorOf(async () => {
    try {
      await ask();
    } catch (error) {
      if (error instanceof APIError) assert.equal(error.error.type, "error");
      throw error;
    }
  }, APIError);
}

const messages = {
  async plain(at) {
    const message = await create(at, says.hello);
    assert.deepEqual([message.type, message.role, message.stop_reason], ["message", "assistant", "end_turn"]);
    return textOf(message);
  },
  async streamed(at) {
    const pieces = [];
    const stream = client(at).messages.stream(request(at, says.hello)).on("text", (piece) => pieces.push(piece));
    assert.equal(await stream.finalText(), pieces.join(""));
    return inPieces(pieces);
  },
  async usage(at) {
    const { usage } = await create(at, says.hello);
    const { usage: streamed } = await finalMessage(at, says.hello);
    assert.deepEqual([usage.input_tokens, usage.output_tokens], [streamed.input_tokens, streamed.output_tokens]);
    return [usage.input_tokens, usage.output_tokens];
  },
  async system(at) {
    const system = [{ type: "text", text: says.parrot, cache_control: { type: "ephemeral" } }];
    return textOf(await create(at, says.who, { system }));
  },
  tool_loop: (at) => loop(at, says.weatherInParis),
  tool_loop_streamed: (at) => loop(at, says.weatherInParis, finalMessage),
  parallel_tools: (at) => loop(at, says.weatherInTwo),
  async tool_runner(at) {
    const [{ name, description, input_schema: inputSchema }] = tools;
    const runnable = betaTool({ name, description, inputSchema, run: getWeather });
    return textOf(await client(at).beta.messages.toolRunner(request(at, says.weatherInParis, { tools: [runnable] })));
  },
  async structured(at) {
    const format = jsonSchemaOutputFormat(reporting.citySchema);
    return (await client(at).messages.parse(request(at, says.city, { output_config: { format } }))).parsed_output;
  },
  async image(at) {
    const source = { type: "base64", media_type: "image/png", data: reporting.pixel };
    return textOf(await create(at, user([{ type: "text", text: says.picture }, { type: "image", source }])));
  },
  async thinking(at) {
    const message = await create(at, says.think, { thinking, max_tokens: 2000 });
    return [thoughtsOf(message), textOf(message)];
  },
  async thinking_streamed(at) {
    const message = await finalMessage(at, says.think, { thinking, max_tokens: 2000 });
    return [thoughtsOf(message), textOf(message)];
  },
  thinking_tool_loop: (at) => loop(at, says.thinkAndLook, create, { thinking, max_tokens: 2000 }),
  async cut_short(at) {
    const message = await create(at, says.count, { max_tokens: 4 });
    return message.stop_reason === "max_tokens" && textOf(message) ? "length" : message.stop_reason;
  },
  async count_tokens(at) {
    const counted = await client(at).messages.countTokens({ model: at.model, messages: user(says.hello) });
    return counted.input_tokens > 0 ? "counted" : counted.input_tokens;
  },
  async models(at) {
    assert.equal((await client(at).models.retrieve(at.model)).id, at.model);
    return (await listed(client(at).models.list({ limit: 2 }))).some((model) => model.id === at.model) ? "listed" : "not listed";
  },
  refused: (at) => errorOf(() => create(at, says.wrong)),
  wrong_key: (at) => errorOf(() => create({ ...at, apiKey: "sk-wrong" }, says.hello)),
  unknown_model: (at) => errorOf(() => create({ ...at, model: "nobody-has-this" }, says.hello)),
};

await reporting.main("anthropic-node", VERSION, { messages });
