// What the scripts in JavaScript have in common: where they ask, what they ask, and the report that they print. As reporting.py.

import assert from "node:assert/strict";

export const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
export const pictureUrl = `data:image/png;base64,${pixel}`;
export const says = {
  hello: "Say hello.",
  parrot: "You are a parrot.",
  who: "Who are you?",
  weatherInParis: "What is the weather in Paris?",
  weatherInTwo: "Compare the weather in Paris and Rome.",
  city: "Name a city.",
  picture: "What is in this picture?",
  think: "Think about two and two.",
  thinkAndLook: "Think about the weather in Oslo.",
  count: "Count to a hundred.",
  wrong: "Be wrong.",
  measure: "measure me",
};
export const citySchema = {
  type: "object",
  properties: { city: { type: "string" }, inhabitants: { type: "integer" } },
  required: ["city", "inhabitants"],
  additionalProperties: false,
};
export const cityArguments = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

export function getWeather({ city }) {
  return JSON.stringify({ city, celsius: { Paris: 21, Rome: 25, Oslo: 3 }[city] ?? 0 });
}

/** The text of a stream, which must have come in several pieces. */
export function inPieces(pieces) {
  const texts = pieces.filter(Boolean);
  assert.ok(texts.length > 1, `the text came in one piece: ${texts}`);
  return texts.join("");
}

export async function listed(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The status by which an SDK chose the class of an error; `Status` is the class of those that come with one. */
export async function errorOf(ask, Status) {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof Status)) throw error;
    assert.ok(error.message && error.requestID);
    return error.status;
  }
  return "no error";
}

/** Prints what every feature of every API gave at every target: its result, or `{"raised": …}`. */
export async function main(sdk, version, features) {
  const results = {};
  for (const [api, each] of Object.entries(features)) {
    results[api] = {};
    for (const [name, address, apiKey, model, embeddingModel] of JSON.parse(process.argv[2])) {
      const at = { name, address, apiKey, model, embeddingModel, baseURL: `${address}/v1` };
      const gave = {};
      for (const [feature, ask] of Object.entries(each)) {
        try {
          gave[feature] = await ask(at);
        } catch (error) {
          gave[feature] = { raised: String(error.stack ?? error) };
        }
      }
      results[api][name] = gave;
    }
  }
  console.log(JSON.stringify({ sdk, version, results }));
}

/** A tool loop: `ask(items, choice)` gives one turn as `{text, calls, items}`, `answer(call)` what goes back for a call. */
export async function loop(first, ask, answer) {
  const items = [...first];
  for (let turn = 0; turn < 5; turn += 1) {
    const said = await ask(items, turn === 0 ? "required" : "auto");
    if (said.calls.length === 0) return said.text;
    items.push(...said.items, ...said.calls.map(answer));
  }
  throw new Error("the loop does not end");
}
