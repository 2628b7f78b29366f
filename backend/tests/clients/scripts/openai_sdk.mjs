// Asks an OpenAI-compatible server everything that the tests look at, through the unmodified SDK, and prints a JSON report.
//
// `node openai_sdk.mjs BASE_URL API_KEY`. It runs beside a node_modules that holds the SDK and nothing of ours. Each entry of the
// report is what one feature gave, or `{"raised": …}`. The names are those of openai_sdk.py.

import OpenAI, { APIError } from "openai";
import { VERSION } from "openai/version";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 60_000 });
const model = "gpt-4o";
const pixel =
  "data:image/png;base64," +
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const citySchema = {
  type: "object",
  properties: { city: { type: "string" }, inhabitants: { type: "integer" } },
  required: ["city", "inhabitants"],
  additionalProperties: false,
};
const cityFormat = { type: "json_schema", json_schema: { name: "city", strict: true, schema: citySchema } };

const says = (content) => [{ role: "user", content }];
const usageOf = ({ prompt_tokens, completion_tokens, total_tokens }) => [prompt_tokens, completion_tokens, total_tokens];

async function readStream(options = {}) {
  const chunks = [];
  for await (const chunk of await client.chat.completions.create({ model, messages: says("Say hello."), stream: true, ...options })) {
    chunks.push(chunk);
  }
  const choices = chunks.flatMap((chunk) => chunk.choices.slice(0, 1));
  return {
    content: choices.map((choice) => choice.delta.content ?? "").join(""),
    pieces: choices.filter((choice) => choice.delta.content).length,
    finish_reasons: choices.map((choice) => choice.finish_reason).filter(Boolean),
    usages: chunks.filter((chunk) => chunk.usage).map((chunk) => usageOf(chunk.usage)),
    chunks_without_choices: chunks.filter((chunk) => chunk.choices.length === 0).length,
    ids: new Set(chunks.map((chunk) => chunk.id)).size,
  };
}

function toolCall(choice) {
  const call = choice.message.tool_calls[0];
  return {
    id: call.id,
    type: call.type,
    name: call.function.name,
    arguments: JSON.parse(call.function.arguments),
    finish_reason: choice.finish_reason,
  };
}

async function errorOf(ask) {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return {
      class: error.constructor.name,
      status: error.status,
      message: error.error?.message,
      type: error.type ?? null,
      param: error.param ?? null,
      code: error.code ?? null,
      request_id: error.requestID,
      headers: Object.fromEntries(error.headers.entries()),
    };
  }
  return "no error";
}

const create = (body, options) => client.chat.completions.create({ model, ...body }, options);
const aboutParis = says("What is the weather in Paris?");

const features = {
  async plain() {
    const { data, response } = await create({ messages: says("Say hello.") }).withResponse();
    return {
      content: data.choices[0].message.content,
      finish_reason: data.choices[0].finish_reason,
      model: data.model,
      object: data.object,
      usage: usageOf(data.usage),
      request_id: data._request_id,
      headers: Object.fromEntries(response.headers.entries()),
    };
  },
  streamed: () => readStream(),
  streamed_with_usage: () => readStream({ stream_options: { include_usage: true } }),
  tools: async () => toolCall((await create({ messages: aboutParis, tools: [weather] })).choices[0]),
  async tools_streamed() {
    const stream = client.chat.completions.stream({ model, messages: aboutParis, tools: [weather] });
    return toolCall((await stream.finalChatCompletion()).choices[0]);
  },
  async tool_result() {
    const { message } = (await create({ messages: aboutParis, tools: [weather] })).choices[0];
    const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: '{"celsius": 21}' };
    return (await create({ messages: [...aboutParis, message, result], tools: [weather] })).choices[0].message.content;
  },
  async json_schema() {
    const answer = await create({ messages: says("Name a city."), response_format: cityFormat });
    return JSON.parse(answer.choices[0].message.content);
  },
  async parse_helper() {
    const answer = await client.chat.completions.parse({ model, messages: says("Name a city."), response_format: cityFormat });
    return answer.choices[0].message.parsed;
  },
  async image() {
    const picture = { type: "image_url", image_url: { url: pixel, detail: "low" } };
    const answer = await create({ messages: says([{ type: "text", text: "What is in this picture?" }, picture]) });
    return answer.choices[0].message.content;
  },
  async embeddings() {
    return (await client.embeddings.create({ model: "text-embedding-3-small", input: "measure me" })).data[0].embedding;
  },
  async embeddings_float() {
    const input = ["measure me", "measure me"];
    const answer = await client.embeddings.create({ model: "text-embedding-3-small", input, encoding_format: "float" });
    return answer.data.map((item) => item.embedding);
  },
  async models() {
    const models = {};
    for await (const one of client.models.list()) models[one.id] = one.object;
    return models;
  },
  one_model: async () => (await client.models.retrieve(model)).id,
  bad_request: () => errorOf(() => create({ messages: says("Be wrong."), temperature: 3 })),
  bad_request_streamed: () => errorOf(() => create({ messages: says("Be wrong."), temperature: 3, stream: true })),
  wrong_key: () =>
    errorOf(() => client.withOptions({ apiKey: "sk-wrong" }).chat.completions.create({ model, messages: says("Say hello.") })),
  unknown_model: () => errorOf(() => create({ model: "nobody-has-this", messages: says("Say hello.") })),
  missing_messages: () => errorOf(() => create({ messages: null })),
  rate_limited: () => errorOf(() => create({ model: "always-limited", messages: says("Say hello.") })),
  server_error: () => errorOf(() => create({ model: "always-broken", messages: says("Say hello.") })),
};

const report = { sdk: `openai-node ${VERSION}` };
for (const [name, feature] of Object.entries(features)) {
  try {
    report[name] = await feature();
  } catch (error) {
    report[name] = { raised: String(error.stack ?? error) };
  }
}
console.log(JSON.stringify(report));
