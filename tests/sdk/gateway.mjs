// The real binary, and a model server that speaks just enough of two dialects: the SDKs are tested against both.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SLOW = Number(process.env.WEIR_TEST_SLOW ?? 1);
export const scaled = (ms) => ms * SLOW;

export async function eventually(predicate, within = 5000) {
  const deadline = Date.now() + scaled(within);
  for (;;) {
    const value = await predicate();
    if (value || Date.now() >= deadline) return value;
    await sleep(10);
  }
}

const WORDS = ['Still', ' waters', ' run', ' deep.'];

const openai = {
  whole: { id: 'c1', object: 'chat.completion', created: 1, model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: WORDS.join('') } }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
  events: () => [
    ...WORDS.map((content) => ({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm',
      choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
    { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  ].map((event) => `data: ${JSON.stringify(event)}\n\n`).concat('data: [DONE]\n\n'),
};

const anthropic = {
  whole: { id: 'm1', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: WORDS.join('') }],
    stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 3, output_tokens: 4 } },
  events: () => [
    { type: 'message_start', message: { ...anthropic.whole, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...WORDS.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 4 } },
    { type: 'message_stop' },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
};

const response = (more) => ({ id: 'r1', object: 'response', created_at: 1, model: 'm', status: 'in_progress', output: [], ...more });
const item = (text) => ({ id: 'i1', type: 'message', role: 'assistant', status: text ? 'completed' : 'in_progress',
  content: text ? [{ type: 'output_text', text, annotations: [] }] : [] });

const responses = {
  whole: response({ status: 'completed', output: [item(WORDS.join(''))],
    usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } }),
  events: () => [
    { type: 'response.created', response: response() },
    { type: 'response.output_item.added', output_index: 0, item: item('') },
    ...WORDS.map((delta) => ({ type: 'response.output_text.delta', item_id: 'i1', output_index: 0, content_index: 0, delta })),
    { type: 'response.output_item.done', output_index: 0, item: item(WORDS.join('')) },
    { type: 'response.completed', response: responses.whole },
  ].map((event, i) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: i })}\n\n`),
};

const dialects = { '/v1/messages': anthropic, '/v1/responses': responses, '/v1/chat/completions': openai };
const broken = {
  '/v1/messages': { type: 'error', error: { type: 'api_error', message: 'broken' } },
  '/v1/responses': { error: { message: 'broken', type: 'server_error', param: null, code: 'broken' } },
};

// Counts its requests. `fail`: it answers 500. `dies_after`: it dies after that many events. `pause` is the time between two events; `hold` (a promise) delays every answer.
export async function startModel() {
  const model = { requests: [], cancelled: 0, pause: 0, hold: null, fail: false, dies_after: Infinity };
  model.server = http.createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    model.requests.push({ url: request.url, headers: request.headers, body: JSON.parse(body) });
    response.on('close', () => { if (!response.writableFinished) model.cancelled++; });
    if (model.hold) await model.hold;
    if (response.destroyed) return;
    const dialect = dialects[request.url];
    if (model.fail) {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify(broken[request.url] ?? broken['/v1/responses']));
      return;
    }
    if (!JSON.parse(body).stream) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(dialect.whole));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    for (const [i, event] of dialect.events().entries()) {
      if (i === model.dies_after) return request.socket.destroy();
      if (response.destroyed) return;
      response.write(event);
      if (model.pause) await sleep(model.pause);
    }
    response.end();
  });
  model.server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => model.server.listen(0, '127.0.0.1', resolve));
  model.port = model.server.address().port;
  model.stop = () => { model.server.closeAllConnections(); model.server.close(); };
  return model;
}

const digest = (key) => createHash('sha256').update(key).digest('hex');

export function policy(model, { capacity = 16, limits = '', queue = 16, refusal = '', queueTimeout = '', websocket = false } = {}) {
  return `version: 1
workers: 1
limits: { drain_timeout: 500ms }
listeners: [{ name: public, bind: "127.0.0.1:0" }]
admin: { bind: "127.0.0.1:0" }
clients:
  api_keys: [{ name: app, sha256: "${digest('sk-app')}" }]
backends:
  - { name: model, endpoints: ["http://127.0.0.1:${model.port}"], capacity: { requests: ${capacity} }${websocket ? ', websocket: {}' : ''} }
classes:
  - name: app
    match: { api_key: app }
    backend: model
    queue: ${queue}
    ${limits && `limits: ${limits}`}
    ${queueTimeout && `queue_timeout: ${queueTimeout}`}
    ${refusal && `refusal: ${refusal}`}
  - { name: rest, match: any, backend: model }
logging: { access: { to: "off" } }
`;
}

export async function startWeir(text) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-sdk-'));
  writeFileSync(join(folder, 'policy.yaml'), text);
  const child = spawn(process.env.WEIR_BINARY, ['serve', join(folder, 'policy.yaml')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  let stdout = '';
  child.stderr.on('data', (data) => { stderr += data; });
  child.stdout.on('data', (data) => { stdout += data; });
  const exited = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  await eventually(() => stdout.includes('\n') || child.exitCode !== null, 10_000);
  const ready = /^ready: listener public (\S+) admin (\S+)/.exec(stdout);
  if (!ready) throw new Error(`weir did not get ready: ${stdout}${stderr}`);
  return {
    url: `http://${ready[1]}`,
    async status() { return (await fetch(`http://${ready[2]}/status`)).json(); },
    async count(what) {
      return (await this.status()).backends.flatMap((backend) => backend.classes).reduce((sum, row) => sum + row[what], 0);
    },
    async stop() {
      child.kill('SIGTERM');
      const code = await exited;
      rmSync(folder, { recursive: true });
      if (code !== 0 || /Sanitizer|runtime error:/.test(stderr)) throw new Error(`weir ended with ${code}: ${stderr}`);
    },
  };
}

export async function between(options, run) {
  const model = await startModel();
  const weir = await startWeir(policy(model, options));
  try {
    return await run(weir, model);
  } finally {
    await weir.stop();
    model.stop();
  }
}

// A fetch that records when it was called, and what it returned.
export function watched() {
  const calls = [];
  const spy = async (...args) => {
    const call = { at: performance.now() };
    calls.push(call);
    const response = await fetch(...args);
    Object.assign(call, { status: response.status, headers: response.headers, answered: performance.now() });
    return response;
  };
  return { calls, fetch: spy };
}

// Takes the only slot and that many places in the queue. The returned function releases them all.
export async function fill(sdk, weir, model, waiting = 1) {
  let free;
  model.hold = new Promise((resolve) => { free = resolve; });
  const client = sdk.client(weir, { maxRetries: 0 });
  const held = [sdk.ask(client)];
  if (!(await eventually(async () => (await weir.count('inflight')) === 1))) throw new Error('the slot is not taken');
  for (let i = 0; i < waiting; i++) held.push(sdk.ask(client));
  if (!(await eventually(async () => (await weir.count('waiting')) === waiting))) throw new Error('the queue is not full');
  return async () => { free(); model.hold = null; await Promise.all(held); };
}
