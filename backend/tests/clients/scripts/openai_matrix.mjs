// The openai SDK: chat completions and the responses API. See reporting.mjs.

import assert from "node:assert/strict";
import OpenAI, { APIError } from "openai";
import { VERSION } from "openai/version";
import * as reporting from "./reporting.mjs";

const { getWeather, inPieces, listed, says } = reporting;
const aboutWeather = { name: "get_weather", description: "The weather in a city.", parameters: reporting.cityArguments, strict: true };
const client = (at) => new OpenAI({ baseURL: at.baseURL, apiKey: at.apiKey, maxRetries: 0, timeout: 20_000 });
const errorOf = (ask) => reporting.errorOf(ask, APIError);
const user = (content) => [{ role: "user", content }];

const chatTools = [{ type: "function", function: aboutWeather }];
const create = (at, text, more = {}) =>
  client(at).chat.completions.create({ model: at.model, messages: typeof text === "string" ? user(text) : text, ...more });
const said = async (at, text, more) => (await create(at, text, more)).choices[0].message;
const chatLoop = (at, text, ask = said) =>
  reporting.loop(
    user(text),
    async (messages, choice) => {
      const message = await ask(at, messages, { tools: chatTools, tool_choice: choice });
      return { text: message.content, calls: message.tool_calls ?? [], items: [message] };
    },
    (call) => ({ role: "tool", tool_call_id: call.id, content: getWeather(JSON.parse(call.function.arguments)) }),
  );
const streamedText = async (at) =>
  inPieces((await listed(await create(at, says.hello, { stream: true }))).map((chunk) => chunk.choices[0]?.delta.content));

const chat = {
  plain: async (at) => (await said(at, says.hello)).content,
  streamed: streamedText,
  async usage(at) {
    const { usage } = await create(at, says.hello);
    const chunks = await listed(await create(at, says.hello, { stream: true, stream_options: { include_usage: true } }));
    assert.equal(chunks.at(-1).usage.total_tokens, usage.total_tokens);
    return [usage.prompt_tokens, usage.completion_tokens];
  },
  system: async (at) => (await said(at, [{ role: "system", content: says.parrot }, ...user(says.who)])).content,
  tool_loop: (at) => chatLoop(at, says.weatherInParis),
  tool_loop_streamed: (at) =>
    chatLoop(at, says.weatherInParis, async (_at, messages, more) => {
      const stream = client(at).chat.completions.stream({ model: at.model, messages, ...more });
      return (await stream.finalChatCompletion()).choices[0].message;
    }),
  parallel_tools: (at) => chatLoop(at, says.weatherInTwo),
  async structured(at) {
    const answer = await client(at).chat.completions.parse({
      model: at.model,
      messages: user(says.city),
      response_format: { type: "json_schema", json_schema: { name: "city", strict: true, schema: reporting.citySchema } },
    });
    return answer.choices[0].message.parsed;
  },
  async image(at) {
    const picture = { type: "image_url", image_url: { url: reporting.pictureUrl } };
    return (await said(at, user([{ type: "text", text: says.picture }, picture]))).content;
  },
  async thinking(at) {
    const message = await said(at, says.think, { reasoning_effort: "low" });
    return [message.reasoning_content, message.content];
  },
  async cut_short(at) {
    const [choice] = (await create(at, says.count, { max_tokens: 4 })).choices;
    return choice.message.content && choice.finish_reason;
  },
  async embeddings(at) {
    return (await client(at).embeddings.create({ model: at.embeddingModel, input: says.measure })).data[0].embedding;
  },
  async models(at) {
    assert.equal((await client(at).models.retrieve(at.model)).id, at.model);
    return (await listed(client(at).models.list())).some((model) => model.id === at.model) ? "listed" : "not listed";
  },
  refused: (at) => errorOf(() => create(at, says.wrong)),
  wrong_key: (at) => errorOf(() => create({ ...at, apiKey: "sk-wrong" }, says.hello)),
  unknown_model: (at) => errorOf(() => create({ ...at, model: "nobody-has-this" }, says.hello)),
};

const responseTools = [{ type: "function", ...aboutWeather }];
const respond = (at, input, more = {}) => client(at).responses.create({ model: at.model, input, ...more });
const results = (calls) =>
  calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: getWeather(JSON.parse(call.arguments)) }));
const callsOf = (response) => response.output.filter((item) => item.type === "function_call");
const responseLoop = (at, text, more = {}, ask = respond) =>
  reporting.loop(
    user(text),
    async (input, choice) => {
      const response = await ask(at, input, { tools: responseTools, tool_choice: choice, ...more });
      return { text: response.output_text, calls: callsOf(response), items: response.output };
    },
    (call) => results([call])[0],
  );
const finalResponse = (at, body) => client(at).responses.stream({ model: at.model, ...body }).finalResponse();
const cityText = { format: { type: "json_schema", name: "city", strict: true, schema: reporting.citySchema } };

const responses = {
  async plain(at) {
    const response = await respond(at, says.hello);
    assert.equal(response.status, "completed");
    return response.output_text;
  },
  async streamed(at) {
    const events = await listed(await respond(at, says.hello, { stream: true }));
    assert.deepEqual([events[0].type, events.at(-1).type], ["response.created", "response.completed"]);
    return inPieces(events.map((event) => event.type === "response.output_text.delta" && event.delta));
  },
  async usage(at) {
    const { usage } = await respond(at, says.hello);
    const events = await listed(await respond(at, says.hello, { stream: true }));
    assert.equal(events.at(-1).response.usage.total_tokens, usage.total_tokens);
    return [usage.input_tokens, usage.output_tokens];
  },
  system: async (at) => (await respond(at, says.who, { instructions: says.parrot })).output_text,
  tool_loop: (at) => responseLoop(at, says.weatherInParis),
  tool_loop_streamed: (at) =>
    responseLoop(at, says.weatherInParis, {}, (_at, input, more) => finalResponse(at, { input, ...more })),
  parallel_tools: (at) => responseLoop(at, says.weatherInTwo),
  async previous_response(at) {
    const first = await respond(at, says.weatherInParis, { tools: responseTools, tool_choice: "required" });
    const second = await respond(at, results(callsOf(first)), { tools: responseTools, previous_response_id: first.id });
    assert.equal(second.previous_response_id, first.id);
    assert.equal((await client(at).responses.retrieve(second.id)).output_text, second.output_text);
    await client(at).responses.delete(second.id);
    return second.output_text;
  },
  async structured(at) {
    return (await client(at).responses.parse({ model: at.model, input: says.city, text: cityText })).output_parsed;
  },
  async structured_streamed(at) {
    return JSON.parse((await finalResponse(at, { input: says.city, text: cityText })).output_text); // 6 has no `output_parsed` here
  },
  async image(at) {
    const parts = [
      { type: "input_text", text: says.picture },
      { type: "input_image", image_url: reporting.pictureUrl, detail: "low" },
    ];
    return (await respond(at, user(parts))).output_text;
  },
  async thinking(at) {
    const response = await respond(at, says.think, { reasoning: { effort: "low", summary: "auto" } });
    const summaries = response.output.flatMap((item) => (item.type === "reasoning" ? item.summary : []));
    return [summaries.map((part) => part.text).join(""), response.output_text];
  },
  thinking_tool_loop: (at) =>
    responseLoop(at, says.thinkAndLook, { reasoning: { effort: "low" }, include: ["reasoning.encrypted_content"], store: false }),
  async cut_short(at) {
    const response = await respond(at, says.count, { max_output_tokens: 16 });
    return response.status === "incomplete" && response.output_text ? "length" : response.status;
  },
  refused: (at) => errorOf(() => respond(at, says.wrong)),
  wrong_key: (at) => errorOf(() => respond({ ...at, apiKey: "sk-wrong" }, says.hello)),
  unknown_model: (at) => errorOf(() => respond({ ...at, model: "nobody-has-this" }, says.hello)),
};

await reporting.main("openai-node", VERSION, { chat, responses });
