// Runs one check with an OpenAI client that gives up after LIMIT milliseconds without an answer, and prints what it saw:
//   node waiting.mjs CHECK MODEL LIMIT        with GATEWAY_URL, GATEWAY_KEY and NPM_FOLDER in the environment.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NPM_FOLDER}/package.json`);
const OpenAI = require('openai');

const [check, model, limit] = process.argv.slice(2);
const client = new OpenAI({ baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY, timeout: Number(limit), maxRetries: 0 });
const echo = 'Reply with exactly: hybrid answer 42';
const messages = [{ role: 'user', content: echo }];

const checks = {
  async patientChat() {
    let [text, finish] = ['', null];
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      text += chunk.choices[0].delta.content ?? '';
      finish ??= chunk.choices[0].finish_reason;
    }
    return { text, finish };
  },

  async patientCompletion() {
    let text = '';
    for await (const chunk of await client.completions.create({ model, prompt: 'def add(a, b):', max_tokens: 20, stream: true })) text += chunk.choices[0].text;
    return { text };
  },

  /** The helper checks the order of the events and builds the response from them. */
  async patientResponse() {
    const stream = client.responses.stream({ model, input: echo });
    const [types, sequence, ids] = [[], [], new Set()];
    stream.on('event', (event) => {
      types.push(event.type);
      sequence.push(event.sequence_number);
      if (event.response) ids.add(event.response.id);
    });
    const final = await stream.finalResponse();
    const read = await client.responses.retrieve(final.id);
    return { types, text: final.output_text, status: final.status, ids: ids.size, ordered: sequence.every((n, i) => n === i), read: read.output_text };
  },

  async refusedLate() {
    let chat = { name: 'none' };
    try {
      for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) void chunk;
    } catch (e) {
      chat = { name: e.constructor.name, code: e.code };
    }
    let last = null;
    for await (const event of await client.responses.create({ model, input: echo, stream: true })) last = event;
    return { chat, response: { type: last.type, code: last.response.error.code } };
  },
};

console.log(JSON.stringify(await checks[check]()));
