// A program that talks to OpenAI's Realtime API with OpenAI's own client, and a model that speaks just enough of it.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';

import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { WebSocketServer } from 'ws';

import { eventually, policy, startWeir } from './gateway.mjs';

// Each response is one delta, and ends when `model.go` resolves.
async function startRealtimeModel() {
  const model = { created: 0, go: Promise.resolve(), server: http.createServer() };
  const sockets = new WebSocketServer({ server: model.server });
  sockets.on('connection', (socket) => {
    const say = (event) => socket.send(JSON.stringify(event));
    say({ type: 'session.created', event_id: 'e', session: {} });
    socket.on('message', async (data) => {
      if (JSON.parse(data).type !== 'response.create') return;
      const id = `r${++model.created}`;
      say({ type: 'response.created', event_id: 'e', response: { id } });
      say({ type: 'response.output_text.delta', event_id: 'e', response_id: id, delta: 'Still waters' });
      await model.go;
      say({ type: 'response.done', event_id: 'e', response: { id, status: 'completed' } });
    });
  });
  await new Promise((resolve) => model.server.listen(0, '127.0.0.1', resolve));
  model.port = model.server.address().port;
  model.stop = () => { for (const socket of sockets.clients) socket.terminate(); model.server.close(); };
  return model;
}

async function open(weir) {
  const client = new OpenAI({ apiKey: 'sk-app', baseURL: `${weir.url}/v1` });
  // It insists on TLS; the bytes within are the same without.
  const { hostname, port } = new URL(weir.url);
  const createConnection = () => net.connect(Number(port), hostname);
  const realtime = new OpenAIRealtimeWS({ model: 'm', options: { createConnection } }, client);
  const events = [];
  const errors = [];
  realtime.on('event', (event) => events.push(event));
  realtime.on('error', (error) => errors.push(error));
  return { realtime, events, errors, saw: (type) => eventually(() => events.some((event) => event.type === type)) };
}

test('a response, a refusal as an error event, and a response after all', async () => {
  const model = await startRealtimeModel();
  let release;
  model.go = new Promise((resolve) => { release = resolve; });
  try {
    const weir = await startWeir(policy(model, { capacity: 1, queue: 0, queueTimeout: '0s', websocket: true }));
    try {
      await talk(weir, model, release);
    } finally {
      await weir.stop();
    }
  } finally {
    model.stop();
  }
});

async function talk(weir, model, release) {
  const first = await open(weir);
  assert.ok(await first.saw('session.created'), String(first.errors[0]));
  const second = await open(weir);
  assert.ok(await second.saw('session.created'), String(second.errors[0]));
  assert.equal(await weir.count('inflight'), 0);
  first.realtime.send({ type: 'response.create' });
  assert.ok(await first.saw('response.output_text.delta'));
  assert.equal(await weir.count('inflight'), 1);

  second.realtime.send({ type: 'response.create', event_id: 'mine' });
  assert.ok(await eventually(() => second.errors.length === 1));
  assert.equal(second.errors[0].error.code, 'server_is_overloaded');
  assert.equal(second.errors[0].error.event_id, 'mine');
  assert.equal(model.created, 1);

  release();
  assert.ok(await first.saw('response.done'));
  second.realtime.send({ type: 'response.create' });
  assert.ok(await second.saw('response.done'));
  assert.equal(first.errors.length, 0);
  for (const { realtime } of [first, second]) realtime.close();
  assert.ok(await eventually(async () => (await weir.count('inflight')) === 0));
}
