// How each SDK reacts to each way in which a request can fail: the table in docs/sdk-behaviour.md, regenerated and
// compared. With WEIR_UPDATE_GOLDEN=1 it is written instead.
//
// Each cell comes from a program that does nothing special: the SDK with its own defaults (two retries in all of
// them). What the table cannot show, that every wait was as long as advised, is asserted beside it.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { between, fill, scaled, watched } from './gateway.mjs';
import { all } from './sdks.mjs';

const PAGE = new URL('../../docs/sdk-behaviour.md', import.meta.url);
const BEGIN = '<!-- made by tests/sdk/matrix.mjs -->\n';
const END = '<!-- end -->';

const quick = { capacity: 1, refusal: '{ retry_after: { base: 100ms, max: 300ms } }' };

// name, policy, what causes it; `wait` in ms: what the first refusal may advise.
const cases = [
  { name: 'quota: the bucket is empty', policy: { limits: '{ requests: { rate: 20/min, burst: 1 } }' }, wait: [0, 4500],
    begin: (sdk, weir) => sdk.ask(sdk.client(weir)) },
  { name: 'quota, and no token for a long time', policy: { limits: '{ requests: { rate: 1/h, burst: 1 } }', ...quick },
    wait: [200, 300], begin: (sdk, weir) => sdk.ask(sdk.client(weir)) },
  { name: 'too many at once', policy: { limits: '{ concurrency: 1 }' }, wait: [1000, 1500],
    begin: (sdk, weir, model) => fill(sdk, weir, model, 0) },
  { name: 'overload: the queue is full', policy: { ...quick, queue: 1 }, wait: [50, 150], begin: fill },
  { name: 'overload: the queue timeout passed', policy: { ...quick, queueTimeout: '200ms' }, wait: [50, 150],
    begin: (sdk, weir, model) => fill(sdk, weir, model, 0) },
  { name: 'overload, advised not to retry', wait: [50, 150], begin: fill,
    policy: { ...quick, queue: 1, refusal: '{ retry_after: 100ms, tell_no_retry: true }' } },
  { name: 'the model dies in the middle of a stream', policy: {}, streams: true,
    begin: (sdk, weir, model) => { model.dies_after = 4; model.pause = 20; } },
  { name: 'the model answers 500', policy: {}, begin: (sdk, weir, model) => { model.fail = true; } },
];

async function run(sdk, row, weir, options) {
  const client = sdk.client(weir, options);
  if (!row.streams) return sdk.ask(client);
  let text = '';
  for await (const piece of sdk.stream(client)) text += piece;
  return text;
}

// Between two tries an SDK waits for as long as advised, if it was.
function check_waits(calls, row) {
  for (const [i, call] of calls.slice(0, -1).entries()) {
    const advice = call.headers.get('retry-after-ms');
    if (!row.wait) {
      assert.equal(advice, null, 'when to retry is unknown');
      continue;
    }
    const advised = Number(advice);
    assert.ok(i > 0 || (advised > row.wait[0] && advised <= row.wait[1] + 1), `advised ${advised} ms`);
    assert.equal(Number(call.headers.get('retry-after')), Math.ceil(advised / 1000));
    const waited = calls[i + 1].at - call.answered;
    assert.ok(waited >= advised - 5 && waited < advised + scaled(1500), `advised ${advised} ms, waited ${waited} ms`);
  }
}

async function fill_in(sdk, row) {
  return between(row.policy, async (weir, model) => {
    const end = await row.begin(sdk, weir, model);
    const { calls, fetch } = watched();
    let ending = 'then an answer';
    let failure = null;
    try {
      const text = await run(sdk, row, weir, { fetch });
      assert.equal(text, 'Still waters run deep.', 'half an answer was taken for a whole one');
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      failure = sdk.describeError(error);
      ending = `then \`${failure[0]}\``;
    }
    check_waits(calls, row);
    // What the first refusal says to a program whose SDK does not retry.
    const first = failure ?? sdk.describeError(await run(sdk, row, weir, { maxRetries: 0 }).then(() => null, (error) => error));
    if (typeof end === 'function') await end();
    const [, status, code, decision] = first;
    const tries = `${calls.length} ${calls.length === 1 ? 'try' : 'tries'}`;
    const seen = [status, code && `\`${code}\``, decision && `\`${decision}\``].filter(Boolean).join(' ');
    return [seen, tries, ending].filter(Boolean).join('; ');
  });
}

async function make_table() {
  // A few at a time: each is two processes and an event loop.
  const cells = cases.flatMap((row) => Object.values(all).map((sdk) => ({ row, sdk })));
  const queue = cells.values();
  await Promise.all([1, 2, 3].map(async () => {
    for (const cell of queue) {
      const where = `${cell.row.name} (${Object.keys(all)[Object.values(all).indexOf(cell.sdk)]})`;
      cell.text = await fill_in(cell.sdk, cell.row).catch((error) => { throw new Error(where, { cause: error }); });
    }
  }));
  const lines = [['', ...Object.keys(all)], ['', ...Object.keys(all)].map(() => '---')];
  for (const row of cases) lines.push([row.name, ...cells.filter((cell) => cell.row === row).map((cell) => cell.text)]);
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('');
}

test('every SDK does with every failure what docs/sdk-behaviour.md says', async () => {
  const table = await make_table();
  console.log(table);
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const [written, after] = rest.split(END);
  if (process.env.WEIR_UPDATE_GOLDEN) {
    writeFileSync(PAGE, before + BEGIN + table + END + after);
  } else {
    assert.equal(table, written);
  }
});
