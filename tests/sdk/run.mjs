// What a program gets that reaches its model through Weir with an unchanged SDK: answers, streams, and refusals
// that the SDK understands and obeys.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { between, eventually, fill, scaled, watched } from './gateway.mjs';
import { sdks } from './sdks.mjs';

for (const [name, sdk] of Object.entries(sdks)) {
  describe(name, () => {
    test('an answer arrives', () => between({}, async (weir, model) => {
      const client = sdk.client(weir);
      for (let i = 0; i < 5; i++) assert.equal(await sdk.ask(client), 'Still waters run deep.');
      assert.equal(model.requests.length, 5);
    }));

    test('a stream arrives event by event', () => between({}, async (weir, model) => {
      model.pause = 20;
      const parts = [];
      for await (const text of sdk.stream(sdk.client(weir))) parts.push({ text, at: performance.now() });
      assert.equal(parts.map((part) => part.text).join(''), 'Still waters run deep.');
      assert.ok(parts.at(-1).at - parts[0].at > 40, 'the events came in one heap');
      assert.equal(await weir.count('inflight'), 0);
    }));

    test('over its limit it is a rate-limit error with 429', () =>
      between({ limits: '{ requests: { rate: 1/h, burst: 1 } }' }, async (weir, model) => {
        const { calls, fetch } = watched();
        const client = sdk.client(weir, { maxRetries: 0, fetch });
        await sdk.ask(client);
        await assert.rejects(sdk.ask(client), (error) => {
          assert.ok(error instanceof sdk.errors.RateLimitError);
          assert.equal(error.status, 429);
          assert.equal(error.headers.get('x-weir-decision'), 'class_rate');
          assert.ok(error.requestID);
          sdk.limited(error);
          return true;
        });
        assert.equal(calls.length, 2);
        assert.equal(model.requests.length, 1);
      }));

    test('it retries when its bucket has a token, and not before', () =>
      between({ limits: '{ requests: { rate: 1/s, burst: 1 } }' }, async (weir) => {
        const { calls, fetch } = watched();
        const client = sdk.client(weir, { maxRetries: 2, fetch });
        await sdk.ask(client);
        assert.equal(await sdk.ask(client), 'Still waters run deep.');
        const refused = calls.findIndex((call) => call.status === 429);
        assert.notEqual(refused, -1);
        const advised = Number(calls[refused].headers.get('retry-after-ms'));
        assert.ok(advised > 0 && advised <= 1500, String(advised));
        const waited = calls[refused + 1].at - calls[refused].answered;
        assert.ok(waited >= advised - 5, `advised ${advised} ms, waited ${waited} ms`);
        assert.ok(waited < advised + scaled(1000), `advised ${advised} ms, waited ${waited} ms`);
        assert.equal(calls.length, 3);
      }));

    const full = { capacity: 1, queue: 1, refusal: '{ retry_after: 100ms }' };

    test(`overload is a server error with ${sdk.overloaded}, retried as often as the SDK is configured to`, () =>
      between(full, async (weir, model) => {
        const free = await fill(sdk, weir, model);
        const { calls, fetch } = watched();
        // A first try ranks before a retry, so it may enter the queue; a retry never does here.
        const client = sdk.client(weir, { maxRetries: 2, fetch });
        await assert.rejects(sdk.ask(client), (error) => {
          assert.ok(error instanceof sdk.errors.InternalServerError, error.constructor.name);
          assert.equal(error.status, sdk.overloaded);
          assert.equal(error.headers.get('x-weir-decision'), 'queue_full');
          assert.equal(error.headers.get('x-weir-class'), 'app');
          sdk.full(error);
          return true;
        });
        assert.equal(calls.length, 3);
        for (let i = 0; i < 2; i++) {
          const advised = Number(calls[i].headers.get('retry-after-ms'));
          assert.ok(advised >= 50 && advised <= 150, String(advised));
          assert.ok(calls[i + 1].at - calls[i].answered >= advised - 5);
        }
        await free();
        assert.equal(model.requests.length, 2);
      }));

    test('overload that ends is invisible to the caller', () => between(full, async (weir, model) => {
      const free = await fill(sdk, weir, model);
      const { calls, fetch } = watched();
      const answer = sdk.ask(sdk.client(weir, { maxRetries: 5, fetch }));
      assert.ok(await eventually(() => calls[0]?.status === sdk.overloaded));
      await free();
      assert.equal(await answer, 'Still waters run deep.');
    }));

    test('advised not to retry, it does not retry', () =>
      between({ ...full, refusal: '{ retry_after: 100ms, tell_no_retry: true }' }, async (weir, model) => {
        const free = await fill(sdk, weir, model);
        const { calls, fetch } = watched();
        await assert.rejects(sdk.ask(sdk.client(weir, { maxRetries: 5, fetch })));
        assert.equal(calls.length, 1);
        await free();
      }));

    test('a caller that aborts cancels the model, before the answer and in the middle of a stream', () =>
      between({ capacity: 1 }, async (weir, model) => {
        let free;
        model.hold = new Promise((resolve) => { free = resolve; });
        const client = sdk.client(weir, { maxRetries: 0 });
        const early = new AbortController();
        const asked = sdk.ask(client, { signal: early.signal });
        assert.ok(await eventually(() => model.requests.length === 1));
        // Exact timing is tested on the wire: here two busy event loops are in between.
        let left = performance.now();
        early.abort();
        await assert.rejects(asked, (error) => error instanceof sdk.errors.APIUserAbortError);
        assert.ok(await eventually(() => model.cancelled === 1));
        assert.ok(performance.now() - left < scaled(500));
        free();
        model.hold = null;

        model.pause = scaled(200);
        for await (const text of sdk.stream(client)) {
          if (text) break;
        }
        left = performance.now();
        assert.ok(await eventually(() => model.cancelled === 2));
        assert.ok(performance.now() - left < scaled(500));
        assert.ok(await eventually(async () => (await weir.count('inflight')) === 0));
      }));

    test('a stream that breaks off is an error, not an end', () => between({}, async (weir, model) => {
      model.pause = 30;
      await assert.rejects(async () => {
        for await (const text of sdk.stream(sdk.client(weir, { maxRetries: 0 }))) {
          if (text) model.server.closeAllConnections();
        }
      });
    }));

    test('a model that is gone is a connection-independent server error', () => between({}, async (weir, model) => {
      model.stop();
      await assert.rejects(sdk.ask(sdk.client(weir, { maxRetries: 0 })), (error) => {
        assert.equal(error.status, 502);
        assert.equal(error.headers.get('x-weir-decision'), 'backend_unreachable');
        return true;
      });
    }));
  });
}
