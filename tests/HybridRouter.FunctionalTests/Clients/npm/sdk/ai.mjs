// Runs one check with Vercel's AI SDK and prints what it saw as one line of JSON:
//   node ai.mjs CHECK MODEL        with GATEWAY_URL, GATEWAY_KEY and NPM_FOLDER in the environment.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NPM_FOLDER}/package.json`);
const { generateText, stepCountIs, streamText, tool } = require('ai');
const { createOpenAICompatible } = require('@ai-sdk/openai-compatible');
const { z } = require('zod');

const [check, name] = process.argv.slice(2);
const model = createOpenAICompatible({ name: 'hybridrouter', baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY })(name);
const calls = [];
const tools = {
  get_weather: tool({
    description: 'Weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => { calls.push(city); return `Sunny in ${city}`; },
  }),
};
const prompt = 'Use the tool get_weather for "Oslo".';

const checks = {
  async generate() {
    const result = await generateText({ model, tools, prompt, stopWhen: stepCountIs(4) });
    return { calls, text: result.text, steps: result.steps.length, finish: result.finishReason, tokens: result.totalUsage.outputTokens };
  },

  async stream() {
    const errors = [];
    const result = streamText({ model, tools, prompt, stopWhen: stepCountIs(4), onError: ({ error }) => errors.push(String(error)) });
    const kinds = new Set();
    let text = '';
    for await (const part of result.fullStream) {
      kinds.add(part.type);
      if (part.type === 'text-delta') text += part.text;
    }
    return { calls, text, steps: (await result.steps).length, finish: await result.finishReason, kinds: [...kinds], errors };
  },
};

console.log(JSON.stringify(await checks[check]()));
