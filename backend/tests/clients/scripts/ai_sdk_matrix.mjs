// The AI SDK, over each of the three APIs; responses is its default. See reporting.mjs.

import { readFileSync } from "node:fs";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, embed, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import * as reporting from "./reporting.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const { inPieces, listed, says } = reporting;
const { version } = JSON.parse(readFileSync(new URL("./node_modules/ai/package.json", import.meta.url), "utf-8"));
const openai = (at) => createOpenAI({ baseURL: at.baseURL, apiKey: at.apiKey });
const models = {
  responses: (at) => openai(at)(at.model),
  chat: (at) => openai(at).chat(at.model),
  messages: (at) => createAnthropic({ baseURL: at.baseURL, apiKey: at.apiKey })(at.model),
};
const tools = {
  get_weather: tool({
    description: "The weather in a city.",
    inputSchema: jsonSchema(reporting.cityArguments),
    execute: reporting.getWeather,
  }),
};

function features(modelOf) {
  const asked = (at, prompt, more = {}) => ({
    model: modelOf(at),
    maxRetries: 0,
    ...(typeof prompt === "string" ? { prompt } : { messages: prompt }),
    ...more,
  });
  const ask = (at, prompt, more) => generateText(asked(at, prompt, more));
  const looping = { tools, stopWhen: stepCountIs(5) };
  return {
    plain: async (at) => (await ask(at, says.hello)).text,
    streamed: async (at) => inPieces(await listed(streamText(asked(at, says.hello)).textStream)),
    async usage(at) {
      const { usage } = await ask(at, says.hello);
      return [usage.inputTokens, usage.outputTokens];
    },
    system: async (at) => (await ask(at, says.who, { instructions: says.parrot })).text,
    tool_loop: async (at) => (await ask(at, says.weatherInParis, looping)).text,
    async tool_loop_streamed(at) {
      const result = streamText(asked(at, says.weatherInParis, looping));
      await listed(result.fullStream);
      return result.text;
    },
    parallel_tools: async (at) => (await ask(at, says.weatherInTwo, looping)).text,
    thinking_tool_loop: async (at) => (await ask(at, says.thinkAndLook, { ...looping, reasoning: "low" })).text,
    async structured(at) {
      return (await ask(at, says.city, { output: Output.object({ schema: jsonSchema(reporting.citySchema) }) })).output;
    },
    async image(at) {
      const picture = { type: "image", image: reporting.pixel, mediaType: "image/png" };
      return (await ask(at, [{ role: "user", content: [{ type: "text", text: says.picture }, picture] }])).text;
    },
    async refused(at) {
      try {
        await ask(at, says.wrong);
      } catch (error) {
        if (APICallError.isInstance(error)) return error.statusCode;
        throw error;
      }
      return "no error";
    },
  };
}

const byApi = Object.fromEntries(Object.entries(models).map(([api, modelOf]) => [api, features(modelOf)]));
byApi.chat.embeddings = async (at) =>
  (await embed({ model: openai(at).embedding(at.embeddingModel), value: says.measure, maxRetries: 0 })).embedding;
await reporting.main("ai-sdk", version, byApi);
