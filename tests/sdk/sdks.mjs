// The SDKs behind one interface, so that each fact is stated once.
//
//   client(weir, options)    options: maxRetries, fetch
//   ask(client, options)     the text of a whole answer
//   stream(client, options)  yields pieces of text; throws when the stream fails
//   describeError(error)              what a program can learn from it: [class, status, code, decision]

import assert from 'node:assert/strict';

import Anthropic from '@anthropic-ai/sdk';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, RetryError, streamText } from 'ai';
import OpenAI from 'openai';

const messages = [{ role: 'user', content: 'x' }];

const openai = {
  overloaded: 503,
  errors: OpenAI,
  client: (weir, options) => new OpenAI({ apiKey: 'sk-app', baseURL: `${weir.url}/v1`, ...options }),
  ask: async (client, options) =>
    (await client.chat.completions.create({ model: 'm', messages }, options)).choices[0].message.content,
  async *stream(client, options) {
    for await (const event of await client.chat.completions.create({ model: 'm', stream: true, messages }, options)) {
      if (event.choices[0]?.delta?.content) yield event.choices[0].delta.content;
    }
  },
  describeError: (error) => [error.constructor.name, error.status, error.code ?? error.type, error.headers?.get('x-weir-decision')],
  limited: (error) => assert.equal(error.code, 'rate_limit_exceeded'),
  full: (error) => assert.deepEqual([error.code, error.type], ['server_is_overloaded', 'service_unavailable_error']),
};

const responses = {
  ...openai,
  ask: async (client, options) => (await client.responses.create({ model: 'm', input: 'x' }, options)).output_text,
  async *stream(client, options) {
    for await (const event of await client.responses.create({ model: 'm', stream: true, input: 'x' }, options)) {
      if (event.type === 'response.output_text.delta') yield event.delta;
    }
  },
};

const anthropic = {
  overloaded: 529,
  errors: Anthropic,
  client: (weir, options) => new Anthropic({ apiKey: 'sk-app', baseURL: weir.url, ...options }),
  ask: async (client, options) =>
    (await client.messages.create({ model: 'm', max_tokens: 9, messages }, options)).content[0].text,
  async *stream(client, options) {
    const events = await client.messages.create({ model: 'm', max_tokens: 9, stream: true, messages }, options);
    for await (const event of events) {
      if (event.type === 'content_block_delta') yield event.delta.text;
    }
  },
  describeError: (error) =>
    [error.constructor.name, error.status, error.error?.error?.type, error.headers?.get('x-weir-decision')],
  limited: (error) => assert.equal(error.error.error.type, 'rate_limit_error'),
  full: (error) => assert.equal(error.error.error.type, 'overloaded_error'),
};

// Its client is a model and what is passed with each call. It speaks OpenAI's Responses API.
const vercel = {
  overloaded: 503,
  client: (weir, { maxRetries, fetch } = {}) => ({
    options: { maxRetries, prompt: 'x', model: createOpenAI({ apiKey: 'sk-app', baseURL: `${weir.url}/v1`, fetch })('m') },
  }),
  ask: async (client, { signal } = {}) => (await generateText({ ...client.options, abortSignal: signal })).text,
  async *stream(client, { signal } = {}) {
    const { fullStream } = streamText({ ...client.options, abortSignal: signal, onError() {} });
    for await (const part of fullStream) {
      if (part.type === 'error') throw part.error;
      if (part.type === 'text-delta') yield part.text;
    }
  },
  describeError(error) {
    const wrapped = RetryError.isInstance(error);
    const last = wrapped ? error.lastError : error;
    // In a stream the error is a part of the answer: a plain object.
    const kind = APICallError.isInstance(last) ? 'APICallError' : 'an error part';
    const code = last.data?.error?.code ?? last.code;
    return [wrapped ? `RetryError of ${kind}` : kind, last.statusCode, code, last.responseHeaders?.['x-weir-decision']];
  },
};

export const sdks = { openai, anthropic };
export const all = { 'openai, chat': openai, 'openai, responses': responses, '@anthropic-ai/sdk': anthropic, 'ai, @ai-sdk/openai': vercel };
