// Runs one check with the official OpenAI client and prints what it saw as one line of JSON:
//   node openai.mjs CHECK MODEL [PROMPT]        with GATEWAY_URL, GATEWAY_KEY and NPM_FOLDER in the environment.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NPM_FOLDER}/package.json`);
const OpenAI = require('openai');

const [check, model, prompt] = process.argv.slice(2);
const client = new OpenAI({ baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY });
const echo = prompt ?? 'Reply with exactly: hybrid answer 42';
const user = (content) => [{ role: 'user', content }];

const weather = {
  name: 'get_weather',
  description: 'Weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const askWeather = user(prompt ?? 'Use the tool get_weather for "Oslo".');

/** The error as callers see it. */
async function failure(promise) {
  try {
    await promise;
    return { name: 'none' };
  } catch (e) {
    return { name: e.constructor.name, status: e.status, code: e.code, type: e.type, param: e.param, message: e.message, requestId: e.requestID };
  }
}

const checks = {
  async chat() {
    const { data, response } = await client.chat.completions.create({ model, messages: user(echo) }).withResponse();
    return {
      content: data.choices[0].message.content,
      finish: data.choices[0].finish_reason,
      usage: data.usage,
      object: data.object,
      requestId: data._request_id,
      route: response.headers.get('x-hybridrouter-route'),
    };
  },

  async chatStream() {
    const stream = await client.chat.completions.create({ model, messages: user(echo), stream: true });
    let [text, finish, usages] = ['', null, 0];
    const ids = new Set();
    for await (const chunk of stream) {
      ids.add(chunk.id);
      text += chunk.choices[0].delta.content ?? '';
      finish ??= chunk.choices[0].finish_reason;
      usages += chunk.usage ? 1 : 0;
    }
    return { text, finish, usages, ids: ids.size };
  },

  async chatStreamUsage() {
    const stream = await client.chat.completions.create({ model, messages: user(echo), stream: true, stream_options: { include_usage: true } });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.at(-1);
    return { lastChoices: last.choices.length, usage: last.usage, earlier: chunks.slice(0, -1).filter((c) => c.usage).length };
  },

  /** The client's own loop: asks, calls the function, sends its result, asks again. */
  async tools() {
    const calls = [];
    const tool = { ...weather, parse: JSON.parse, function: ({ city }) => { calls.push(city); return `Sunny in ${city}`; } };
    const runner = client.chat.completions.runTools({ model, messages: askWeather, tools: [{ type: 'function', function: tool }] });
    return { calls, final: await runner.finalContent() };
  },

  async toolsStream() {
    const calls = [];
    const tool = { ...weather, parse: JSON.parse, function: ({ city }) => { calls.push(city); return `Sunny in ${city}`; } };
    const runner = client.chat.completions.runTools({ model, messages: askWeather, stream: true, tools: [{ type: 'function', function: tool }] });
    return { calls, final: await runner.finalContent() };
  },

  async response() {
    const { data, response } = await client.responses.create({ model, input: echo, store: false }).withResponse();
    return { text: data.output_text, status: data.status, usage: data.usage, object: data.object, route: response.headers.get('x-hybridrouter-route') };
  },

  /** The helper checks the order of the events and builds the response from them. */
  async responseStream() {
    const stream = client.responses.stream({ model, input: echo, store: false });
    const [types, sequence] = [[], []];
    let deltas = '';
    stream.on('event', (event) => {
      types.push(event.type);
      sequence.push(event.sequence_number);
      if (event.type === 'response.output_text.delta') deltas += event.delta;
    });
    const final = await stream.finalResponse();
    return { types, deltas, text: final.output_text, status: final.status, usage: final.usage, ordered: sequence.every((n, i) => i === 0 || n > sequence[i - 1]) };
  },

  async responseTools() {
    const tools = [{ type: 'function', strict: false, ...weather }];
    const input = [...askWeather];
    const first = await client.responses.stream({ model, input, tools, store: false }).finalResponse();
    const call = first.output.find((item) => item.type === 'function_call');
    input.push(...first.output, { type: 'function_call_output', call_id: call.call_id, output: `Sunny in ${JSON.parse(call.arguments).city}` });
    const second = await client.responses.create({ model, input, tools, store: false });
    return { name: call.name, arguments: call.arguments, final: second.output_text };
  },

  /** Creates on one route, continues on the other, reads back, deletes. */
  async storedResponse() {
    const other = model === 'cloud' ? 'local' : 'cloud';
    const first = await client.responses.create({ model, input: echo });
    const second = await client.responses.stream({ model: other, input: 'Reply with exactly: and then', previous_response_id: first.id }).finalResponse();
    const read = await client.responses.retrieve(second.id);
    const items = [];
    for await (const item of client.responses.inputItems.list(second.id, { order: 'asc' })) items.push(item.content[0].text);
    const cancelled = await failure(client.responses.cancel(first.id));
    await client.responses.delete(first.id);
    return {
      text: read.output_text,
      status: read.status,
      previous: read.previous_response_id === first.id && second.previous_response_id === first.id,
      items,
      cancelled,
      deleted: await failure(client.responses.retrieve(first.id)),
      continued: await failure(client.responses.create({ model, input: echo, previous_response_id: first.id })),
    };
  },

  /** Cancels by id what stalls in the middle of its stream. */
  async cancelResponse() {
    const stream = await client.responses.create({ model, input: echo, stream: true });
    let [id, cancelled, last] = [null, null, null];
    for await (const event of stream) {
      last = event;
      id ??= event.response.id;
      if (event.type === 'response.output_text.delta') cancelled ??= await client.responses.cancel(id);
    }
    const read = await client.responses.retrieve(id);
    return { cancelled: cancelled.status, last: last.type, read: read.status };
  },

  async completion() {
    const data = await client.completions.create({ model, prompt: 'def add(a, b):', max_tokens: 20 });
    let streamed = '';
    for await (const chunk of await client.completions.create({ model, prompt: 'def add(a, b):', max_tokens: 20, stream: true })) streamed += chunk.choices[0].text;
    return { text: data.choices[0].text, streamed, object: data.object };
  },

  /** The client asks for base64 unless told otherwise, and decodes it. */
  async embeddings() {
    const input = ['one text', 'another text'];
    const byDefault = await client.embeddings.create({ model, input });
    const asFloats = await client.embeddings.create({ model, input, encoding_format: 'float' });
    const difference = Math.max(...byDefault.data[1].embedding.map((x, i) => Math.abs(x - asFloats.data[1].embedding[i])));
    return { count: byDefault.data.length, size: byDefault.data[0].embedding.length, difference, usage: byDefault.usage };
  },

  async models() {
    const ids = [];
    for await (const item of client.models.list()) ids.push(item.id);
    return { ids, one: (await client.models.retrieve(model)).id };
  },

  async errors() {
    const create = (body, options) => failure(client.chat.completions.create({ model, messages: user(echo), ...body }, options));
    const stranger = new OpenAI({ baseURL: process.env.GATEWAY_URL, apiKey: 'a-key-nobody-knows' });
    return {
      badRequest: await create({ messages: [] }),
      unauthorized: await failure(stranger.models.list()),
      unknownModel: await create({ model: 'no-such-model' }),
      unknownResponse: await failure(client.responses.retrieve('resp_0000000000000000')),
    };
  },

  async rateLimited() {
    return failure(client.chat.completions.create({ model, messages: user(echo) }, { maxRetries: 0 }));
  },

  async rateLimitedThenRetried() {
    const start = performance.now();
    const data = await client.chat.completions.create({ model, messages: user(echo) });
    return { content: data.choices[0].message.content, waited: performance.now() - start };
  },

  async streamError() {
    const read = async () => {
      for await (const chunk of await client.chat.completions.create({ model, messages: user(echo), stream: true })) void chunk;
    };
    return failure(read());
  },

  /** Leaves after the first chunk of a stream that stalls behind it. */
  async abort() {
    const stream = await client.chat.completions.create({ model, messages: user(echo), stream: true });
    for await (const chunk of stream) {
      stream.controller.abort();
      return { first: chunk.object };
    }
    return {};
  },
};

console.log(JSON.stringify(await checks[check]()));
