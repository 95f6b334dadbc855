"""A process from its ready line to its exit: start, caps and timeouts, reload, drain."""

import json
import signal
import socket
import threading
import time
import unittest

from support.backend import event_stream, hold, ok, respond
from support.policy import sha256, small_policy
from support.process import Weir, WeirTest, free_port, run_weir
from support.waiting import scaled, stays
from support.wire import Client, Closed, format_request


class Start(WeirTest):
    def test_it_is_ready_when_it_says_so(self):
        weir = self.start_weir_before(self.start_backend())
        self.assertRegex(weir.stdout, r"^ready: listener public 127\.0\.0\.1:\d+ admin 127\.0\.0\.1:\d+\n$")
        self.assertNotEqual(weir.address[1], 0)
        self.assertEqual(weir.request().status, 200)

    def test_the_very_first_request_is_served(self):
        backend = self.start_backend()
        for _ in range(20):
            weir = Weir(small_policy(backend.url)).start()
            try:
                self.assertEqual(weir.request().status, 200)
            finally:
                weir.stop()

    def test_a_signal_right_after_the_ready_line_is_obeyed(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            weir = Weir(small_policy("http://127.0.0.1:1")).start()
            weir.signal(number)
            if number == signal.SIGTERM:
                self.assertEqual(weir.wait(), 0)
            weir.stop()

    def test_two_listeners_serve_side_by_side(self):
        backend = self.start_backend()
        policy = small_policy(backend.url, classes=[
            {"name": "inside", "match": {"listener": ["internal"]}, "backend": "model",
             "limits": {"requests": {"rate": "1/h", "burst": 1}}},
            {"name": "outside", "match": "any", "backend": "model"}])
        policy["listeners"].append({"name": "internal", "bind": "127.0.0.1:0"})
        weir = self.start_weir(policy)
        self.assertEqual(set(weir.addresses), {"public", "internal"})
        self.assertEqual([weir.request(listener="internal").status for _ in range(2)], [200, 429])
        self.assertEqual([weir.request(listener="public").status for _ in range(2)], [200, 200])

    def test_it_serves_on_a_unix_socket(self):
        backend = self.start_backend()
        policy = small_policy(backend.url)
        weir = Weir(policy)
        path = str(weir.folder / "public.sock")
        policy["listeners"].append({"name": "local", "bind": f"unix:{path}"})
        weir.write_policy(policy)
        self.addCleanup(weir.stop)
        weir.start()
        self.assertEqual(weir.addresses["local"], path)
        self.assertEqual(weir.request(listener="local").status, 200)

    def test_a_port_that_is_taken_is_an_error_that_names_it(self):
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        policy = small_policy("http://127.0.0.1:1")
        policy["listeners"][0]["bind"] = "127.0.0.1:%d" % taken.getsockname()[1]
        weir = Weir(policy)
        code, out, err = run_weir("serve", weir.policy_file)
        self.assertEqual(code, 1)
        self.assertNotIn("ready", out)
        self.assertIn(str(taken.getsockname()[1]), err)
        self.assertIn("public", err)

    def test_a_bad_policy_is_not_served(self):
        weir = Weir(small_policy("http://127.0.0.1:1", wrokers=3))
        code, out, err = run_weir("serve", weir.policy_file)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("wrokers", err)


class Caps(WeirTest):
    def start(self, policy=None, **limits):
        self.model = self.start_backend()
        return self.start_weir_before(self.model, listener_limits=limits, **(policy or {}))

    def test_a_head_that_does_not_end_is_408(self):
        weir = self.start(header_timeout="200ms")
        for sent in (b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"):
            with weir.connect() as client:
                client.send(sent)
                began = time.monotonic()
                answer = client.response()
                self.assertEqual((answer.status, answer.get("connection")), (408, "close"))
                self.assertTrue(0.19 < time.monotonic() - began < scaled(1))
                self.assertTrue(client.is_closed())

    def test_a_head_that_trickles_in_gets_no_more_time(self):
        weir = self.start(header_timeout="300ms")
        with weir.connect() as client:
            began = time.monotonic()
            client.send(b"GET / HTTP/1.1\r\n")
            while time.monotonic() - began < scaled(2):
                client.try_send(b"X: y\r\n")
                client.socket.settimeout(0.05)
                try:
                    if client.socket.recv(1, socket.MSG_PEEK):
                        break
                except TimeoutError:
                    continue
            client.socket.settimeout(scaled(5))
            self.assertEqual(client.response().status, 408)
            self.assertLess(time.monotonic() - began, scaled(1))

    def test_a_body_that_stops_is_408(self):
        weir = self.start(body_timeout="200ms")
        for framing in ("Content-Length: 100", "Transfer-Encoding: chunked"):
            with weir.connect() as client:
                client.send(f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n5\r\nhel".encode())
                answer = client.response()
                self.assertEqual((answer.status, answer.get("x-weir-decision"), answer.get("connection")),
                                 (408, "request_timeout", "close"))
        with weir.connect() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 100_000)
            self.assertEqual(client.response().status, 408)
        self.assert_idle(weir)

    def test_an_idle_connection_is_closed_after_its_timeout(self):
        weir = self.start(idle_timeout="200ms")
        with weir.connect() as fresh, weir.connect() as used:
            self.assertEqual(used.request().status, 200)
            began = time.monotonic()
            self.assertTrue(used.is_closed())
            self.assertTrue(fresh.is_closed())
            self.assertTrue(0.15 < time.monotonic() - began < scaled(1))

    def test_a_client_that_reads_nothing_is_cut_off_after_its_write_timeout(self):
        weir = self.start(write_timeout="300ms")
        self.model.answer = respond(b"x" * (16 * 1024 * 1024))
        client = self.client(weir, receive_buffer=16 * 1024)
        client.send(format_request())
        client.head()
        self.eventually(lambda: weir.inflight() == 1)
        self.assert_idle(weir)
        self.eventually(lambda: weir.status()["connections"] == 0)

    def test_the_sizes_of_head_target_and_body_can_be_set(self):
        weir = self.start(header_bytes="4KiB", header_fields=10, body_bytes="10KiB")
        def status(*fields, target="/", body=None):
            return weir.request("POST", target, fields, body).status
        self.assertEqual(status(("X", "y" * 3000), body=b"x" * 10240), 200)
        self.assertEqual(status(("X", "y" * 5000)), 431)
        self.assertEqual(status(*[("X", "y")] * 11), 431)
        self.assertEqual(status(body=b"x" * 10241), 413)
        self.assertIn(status(target="/" + "a" * 9000), (414, 431))

    def test_more_connections_than_the_limit_are_refused_when_they_come(self):
        # Workers share the limit, and the kernel distributes connections, possibly all to one worker.
        weir = self.start({"workers": 1}, connections=5)
        done = threading.Event()
        self.addCleanup(done.set)
        self.model.answer = hold(done)
        held = [self.client(weir) for _ in range(5)]
        for client in held:
            client.send(format_request())
        self.model.wait_for(5)
        with weir.connect() as sixth:
            answer = sixth.response()
            self.assertEqual((answer.status, answer.get("x-weir-decision"), answer.get("connection")),
                             (503, "connection_limit", "close"))
            self.assertTrue(sixth.is_closed())
        held[0].reset()
        self.eventually(lambda: weir.status()["connections"] == 4)
        self.model.answer = ok
        self.assertEqual(weir.request().status, 200)
        self.eventually(lambda: weir.count("weir_connections_refused_total", listener="public") >= 1)

    def test_bodies_beyond_the_memory_for_them_are_503(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, limits={"buffered_bytes": "100KiB", "drain_timeout": "500ms"})
        self.assertEqual(weir.request("POST", "/", [], b"x" * 50_000).status, 200)
        with weir.connect() as client:
            client.try_send(format_request("POST", "/", [], b"x" * 300_000))
            answer = client.response()
            self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "memory_pressure"))
        self.assertEqual(weir.request("POST", "/", [], b"x" * 50_000).status, 200)


class Admin(WeirTest):
    TOKEN = "very-secret-token"
    KEY = "very-secret-key"

    def start(self):
        self.model = self.start_backend(fails_on_request(b"very-secret-body"))
        policy = small_policy(self.model.url, clients={"api_keys": [{"name": "one", "sha256": sha256(self.KEY)}]}, classes=[
            {"name": "one", "match": {"api_key": "one"}, "backend": "model",
             "limits": {"requests": {"rate": "1/h", "burst": 1}}},
            {"name": "rest", "match": "any", "backend": "model"}])
        policy["admin"]["token"] = "${env:WEIR_TEST_TOKEN}"
        return self.start_weir(policy, env={"WEIR_TEST_TOKEN": self.TOKEN})

    def test_the_configuration_is_shown_only_for_the_token(self):
        weir = self.start()
        self.assertEqual(weir.admin("/config").status, 401)
        for wrong in ("", "x", self.TOKEN + "x", self.TOKEN[:-1], self.TOKEN.upper()):
            self.assertEqual(weir.admin("/config", [("Authorization", f"Bearer {wrong}")]).status, 401)
        answer = weir.admin("/config", [("Authorization", f"Bearer {self.TOKEN}")])
        self.assertEqual(answer.status, 200)
        self.assertEqual([c["name"] for c in json.loads(answer.body)["classes"]], ["one", "rest"])
        for open_path in ("/metrics", "/healthz", "/readyz", "/status"):
            self.assertEqual(weir.admin(open_path).status, 200, open_path)

    def test_no_key_token_body_or_query_is_written_anywhere(self):
        weir = self.start()
        shown = b""
        for fields in ([("Authorization", f"Bearer {self.KEY}")], [("x-api-key", self.KEY)], [("Authorization", "Bearer wrong-secret")]):
            for method, target in (("POST", "/v1/chat/completions?key=secret-query"), ("BAD METHOD", "/"), ("GET", "/x")):
                answer = weir.request(method, target, fields, b"very-secret-body")
                shown += repr(answer.fields).encode() + (answer.body if answer.status != 200 else b"")
        for path in ("/config", "/metrics", "/status", "/nothing"):
            answer = weir.admin(path, [("Authorization", f"Bearer {self.TOKEN}")])
            shown += answer.body + repr(answer.fields).encode()
        weir.reload()
        weir.signal(signal.SIGTERM)
        weir.wait()
        shown += weir.stderr().encode() + weir.stdout.encode()
        self.assertNotIn(b"secret", shown.replace(b"WEIR_TEST_TOKEN", b""))
        # Digests grant nothing, but do not belong outside the policy either.
        self.assertNotIn(sha256(self.KEY).encode(), shown)

    def test_a_path_cannot_break_a_log_line(self):
        weir = self.start()
        for target in ("/a%0d%0aX", "/%1b[31m", "/\"quote\"", "/back\\slash"):
            try:
                weir.request("GET", target, [("X-Request-Id", "a\x1bb")])
            except Closed:
                pass
        lines = self.eventually(lambda: len(weir.access_log()) >= 2 and weir.access_log())
        for line in lines:
            self.assertIsInstance(line, dict)
        self.assertNotIn("\x1b", weir.stderr())

    def test_the_admin_listener_only_reads_and_lists_its_paths(self):
        weir = self.start()
        answer = weir.admin("/nothing")
        self.assertEqual(answer.status, 404)
        self.assertIn(b"/metrics", answer.body)
        with Client(weir.admin_address) as client:
            self.assertEqual(client.request("POST", "/metrics", [("Host", "localhost")]).status, 405)
        with Client(weir.admin_address) as client:
            answer = client.request("HEAD", "/healthz", [("Host", "localhost")])
            self.assertEqual((answer.status, answer.body), (200, b""))
        with Client(weir.admin_address) as client:
            client.try_send(b"garbage\r\n\r\n")
            self.assertEqual(client.response().status, 400)

    def test_an_admin_listener_beyond_loopback_needs_a_token(self):
        policy = small_policy("http://127.0.0.1:1")
        policy["admin"]["bind"] = "0.0.0.0:0"
        weir = Weir(policy)
        code, _, err = run_weir("serve", weir.policy_file)
        self.assertEqual(code, 1)
        self.assertIn("token", err)


def fails_on_request(word):
    """An endpoint that answers, and fails a test whose body did not arrive."""
    def answer(peer, request):
        assert request.method != "POST" or request.body == word
        return ok(peer, request)
    return answer


class Reload(WeirTest):
    def policy(self, burst=2, **options):
        return small_policy(self.model.url, limits={"drain_timeout": "500ms"}, classes=[
            {"name": "limited", "match": {"path": "/limited"}, "backend": "model",
             "limits": {"requests": {"rate": "1/h", "burst": burst}}},
            {"name": "rest", "match": "any", "backend": "model"}], **options)

    def setUp(self):
        self.model = self.start_backend()

    def limited(self, weir, times):
        return [weir.request("GET", "/limited").status for _ in range(times)]

    def test_new_limits_are_in_force_and_buckets_are_kept(self):
        weir = self.start_weir(self.policy())
        self.assertEqual(self.limited(weir, 3), [200, 200, 429])
        weir.reload(self.policy())
        self.assertEqual(self.limited(weir, 1), [429])
        weir.reload(self.policy(burst=5))
        self.assertEqual(self.limited(weir, 6)[-1], 429)
        self.assertEqual(weir.request().status, 200)

    def test_streams_in_flight_survive_a_reload(self):
        go = threading.Semaphore(0)
        self.model.answer = event_stream(10, gap=lambda _: go.acquire(timeout=scaled(10)))
        weir = self.start_weir(self.policy())
        client = self.client(weir)
        client.send(format_request())
        answer = client.head()
        chunks = client.chunks(answer)
        received = []
        for i in range(10):
            go.release()
            received.append(next(chunks))
            if i % 3 == 1:
                weir.reload(self.policy(burst=3 + i))
                self.assert_soon_equal(lambda: weir.inflight(), 1)
        self.assertEqual(received, [b"data: {\"n\":%d}\n\n" % i for i in range(10)])
        self.assertEqual(list(chunks), [])
        self.assertTrue(answer.complete)
        self.assert_idle(weir)

    def test_a_keep_alive_connection_meets_the_new_policy(self):
        weir = self.start_weir(self.policy())
        client = self.client(weir)
        self.assertEqual(client.request("GET", "/other").status, 200)
        policy = self.policy()
        policy["classes"][0]["match"]["path"] = "/other"
        weir.reload(policy)
        self.eventually(lambda: client.request("GET", "/other").status == 429)

    def test_counts_in_flight_hold_across_a_reload(self):
        done = threading.Event()
        self.addCleanup(done.set)
        self.model.answer = hold(done)
        policy = self.policy()
        policy["backends"][0]["capacity"]["requests"] = 2
        weir = self.start_weir(policy)
        held = [self.client(weir) for _ in range(2)]
        for client in held:
            client.send(format_request())
        self.model.wait_for(2)
        weir.reload(policy)
        third = self.client(weir)
        third.send(format_request())
        self.eventually(lambda: weir.waiting() == 1)
        self.assertTrue(stays(lambda: len(self.model.requests) == 2, 0.1))
        done.set()
        self.assertEqual({client.response().status for client in [*held, third]}, {200})
        self.assert_idle(weir)

    def test_a_larger_capacity_admits_the_queue(self):
        done = threading.Event()
        self.addCleanup(done.set)
        self.model.answer = hold(done)
        policy = self.policy()
        policy["backends"][0]["capacity"]["requests"] = 1
        weir = self.start_weir(policy)
        clients = [self.client(weir) for _ in range(2)]
        for client in clients:
            client.send(format_request())
        self.eventually(lambda: weir.waiting() == 1)
        policy["backends"][0]["capacity"]["requests"] = 2
        weir.reload(policy)
        self.model.wait_for(2)
        done.set()
        self.assertEqual({client.response().status for client in clients}, {200})

    def test_an_invalid_policy_changes_nothing_and_is_reported(self):
        weir = self.start_weir(self.policy())
        self.assertEqual(self.limited(weir, 3), [200, 200, 429])
        good = weir.status()["policy_hash"]
        for bad in ("version: 1\nclasses: nonsense\n", "", "{{{", self.policy(wrokers=1)):
            weir.reload(bad, expect=False)
            self.assertEqual(weir.status()["policy_hash"], good)
            self.assertFalse(weir.status()["last_reload_successful"])
            self.assertEqual(weir.request().status, 200)
            self.assertEqual(self.limited(weir, 1), [429])
        self.assert_soon_equal(lambda: weir.count("weir_config_last_reload_successful"), 0)
        weir.reload(self.policy())
        self.assertTrue(weir.status()["last_reload_successful"])
        self.assert_soon_equal(lambda: weir.count("weir_config_last_reload_successful"), 1)

    def test_a_missing_policy_file_changes_nothing(self):
        weir = self.start_weir(self.policy())
        weir.policy_file.unlink()
        weir.reload(expect=False)
        self.assertEqual(weir.request().status, 200)
        weir.reload(self.policy())
        self.assertTrue(weir.status()["last_reload_successful"])

    def test_what_a_reload_cannot_change_is_refused_whole(self):
        weir = self.start_weir(self.policy())
        moved = self.policy(burst=9)
        moved["listeners"][0]["name"] = "other"
        weir.reload(moved, expect=False)
        weir.reload(self.policy(burst=9, workers=3) | {"workers": 3}, expect=False)
        self.assertEqual(self.limited(weir, 3), [200, 200, 429])

    def test_requests_of_a_class_that_is_removed_run_to_their_end(self):
        done = threading.Event()
        self.addCleanup(done.set)
        self.model.answer = hold(done)
        policy = self.policy(burst=5)
        policy["backends"][0]["capacity"]["requests"] = 1
        weir = self.start_weir(policy)
        running, waiting = self.client(weir), self.client(weir)
        running.send(format_request("GET", "/limited"))
        self.model.wait_for(1)
        waiting.send(format_request("GET", "/limited"))
        self.eventually(lambda: weir.waiting() == 1)
        without = self.policy()
        without["backends"][0]["capacity"]["requests"] = 1
        del without["classes"][0]
        weir.reload(without)
        done.set()
        self.assertEqual(running.response().status, 200)
        # Its class is gone: it is either served or refused, and never lost.
        self.assertIn(waiting.response().status, (200, 503))
        self.assertEqual(weir.request("GET", "/limited").status, 200)
        self.assert_idle(weir)

    def test_an_endpoint_that_is_removed_gets_nothing_more_and_a_new_one_is_used(self):
        other = self.start_backend(respond(b"other"))
        weir = self.start_weir(self.policy())
        self.assertEqual(weir.request().body, b"ok")
        policy = self.policy()
        policy["backends"][0]["endpoints"] = [other.url]
        weir.reload(policy)
        before = len(self.model.requests)
        self.eventually(lambda: weir.request().body == b"other")
        for _ in range(5):
            self.assertEqual(weir.request().body, b"other")
        self.assertLessEqual(len(self.model.requests) - before, 1)

    def test_fifty_reloads_under_load_cost_no_request(self):
        weir = self.start_weir(self.policy())
        stop = threading.Event()
        statuses = []

        def load():
            with weir.connect() as client:
                while not stop.is_set():
                    statuses.append(client.request("POST", "/", [], b"{}").status)
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for i in range(50):
            weir.reload(self.policy(burst=2 + i))
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses), {200})
        self.assert_idle(weir)


class Drain(WeirTest):
    def drain_policy(self, backend, timeout="10s"):
        return small_policy(backend.url, capacity=128, workers=2, limits={"drain_timeout": timeout})

    def test_a_drain_lets_running_streams_finish_and_exits_with_0(self):
        started = threading.Semaphore(0)
        backend = self.start_backend(event_stream(20, every=0.02, gap=lambda i: started.release() if i == 0 else None))
        weir = self.start_weir(self.drain_policy(backend))
        clients = [self.client(weir) for _ in range(100)]
        for client in clients:
            client.send(format_request())
        for _ in clients:
            self.assertTrue(started.acquire(timeout=scaled(10)))
        idle = self.client(weir)
        weir.signal(signal.SIGTERM)
        self.assertEqual(self.eventually(lambda: weir.admin("/readyz").status == 503), True)
        self.assertEqual(weir.admin("/healthz").status, 200)
        with self.assertRaises((OSError, Closed)):
            for _ in range(3):
                weir.request()
        self.assertTrue(idle.is_closed())
        for client in clients:
            answer = client.response()
            self.assertEqual((answer.status, answer.body.count(b"data:"), answer.complete), (200, 20, True))
        self.assertEqual(weir.wait(), 0)

    def test_a_connection_that_is_kept_alive_is_closed_after_its_answer(self):
        done = threading.Event()
        backend = self.start_backend(hold(done))
        weir = self.start_weir(self.drain_policy(backend))
        client = self.client(weir)
        client.send(format_request())
        backend.wait_for(1)
        weir.signal(signal.SIGTERM)
        self.eventually(lambda: weir.admin("/readyz").status == 503)
        done.set()
        answer = client.response()
        self.assertEqual((answer.status, answer.get("connection")), (200, "close"))
        self.assertTrue(client.is_closed())
        self.assertEqual(weir.wait(), 0)

    def test_a_drain_still_serves_the_queue(self):
        done = threading.Event()
        backend = self.start_backend(hold(done))
        policy = self.drain_policy(backend)
        policy["backends"][0]["capacity"]["requests"] = 1
        weir = self.start_weir(policy)
        clients = [self.client(weir) for _ in range(3)]
        for client in clients:
            client.send(format_request())
        self.eventually(lambda: weir.waiting() == 2)
        weir.signal(signal.SIGTERM)
        self.eventually(lambda: weir.admin("/readyz").status == 503)
        done.set()
        self.assertEqual([client.response().status for client in clients], [200] * 3)
        self.assertEqual(weir.wait(), 0)

    def test_a_drain_ends_what_does_not_finish_in_time(self):
        backend = self.start_backend(hold(threading.Event()))
        weir = self.start_weir(self.drain_policy(backend, "300ms"))
        client = self.client(weir)
        client.send(format_request())
        backend.wait_for(1)
        began = time.monotonic()
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), 0)
        self.assertTrue(0.25 < time.monotonic() - began < scaled(2))
        with self.assertRaises(Closed):
            client.response()

    def test_without_requests_it_exits_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            weir = self.start_weir(self.drain_policy(self.start_backend()))
            weir.request()
            began = time.monotonic()
            weir.signal(number)
            self.assertEqual(weir.wait(), 0)
            self.assertLess(time.monotonic() - began, scaled(1))

    def test_a_signal_that_comes_twice_and_a_reload_do_not_cut_a_drain_short(self):
        done = threading.Event()
        backend = self.start_backend(hold(done))
        weir = self.start_weir(self.drain_policy(backend))
        client = self.client(weir)
        client.send(format_request())
        backend.wait_for(1)
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP):
            weir.signal(number)
        self.assertTrue(stays(weir.is_running, 0.1))
        done.set()
        self.assertEqual(client.response().status, 200)
        self.assertEqual(weir.wait(), 0)

    def test_after_a_kill_it_is_back_at_once(self):
        backend = self.start_backend()
        port = free_port()
        policy = small_policy(backend.url)
        policy["listeners"][0]["bind"] = f"127.0.0.1:{port}"
        first = Weir(policy).start()
        client = self.client(first)
        self.assertEqual(client.request().status, 200)
        first.signal(signal.SIGKILL)
        first.wait()
        began = time.monotonic()
        second = self.start_weir(policy)
        self.assertEqual(second.request().status, 200)
        # The goal is 200 ms; a busy machine starts an unoptimised process more slowly.
        self.assertLess(time.monotonic() - began, scaled(2))
        first.stop()


if __name__ == "__main__":
    unittest.main()
