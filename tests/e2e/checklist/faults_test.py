"""Faults that a gateway must survive: descriptors, memory, clocks, logs, and peers that do nothing.

Sizes here suit every run of the tests; bench/faults has the same in the thousands.
"""

import os
import resource
import socket
import tempfile
import threading
import time
import unittest

from support.backend import event_stream, ok, raw, reply, respond
from support.faults import (Preload, ask_and_never_read, cpu_seconds, half_close_after, heartbeats, lie_about_length,
                            lowest_free_descriptor, open_descriptors, reset_after, send_half_a_body, send_half_a_head, trickle)
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import SLOW, scaled, stays
from support.wire import Closed, chunked, format_request

KIB, MIB = 1024, 1024 * 1024


class Backends(WeirTest):
    def test_a_stream_of_heartbeats_alone_is_not_ended(self):
        backend = self.start_backend(heartbeats(12, 0.1))
        weir = self.start_weir_before(backend, backend={"timeouts": {"idle": f"{int(400 * SLOW)}ms", "first_byte": "5s"}})
        answer = weir.request()
        self.assertEqual((answer.status, answer.complete, answer.body.count(b":\n\n")), (200, True, 12))

    def test_whatever_a_backend_does_slots_come_back_and_the_next_is_served(self):
        whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hello", b" world")
        faults = {
            "resets at every byte": [reset_after(whole[:at]) for at in range(len(whole))],
            "half-closes at every byte": [half_close_after(whole[:at]) for at in range(0, len(whole), 7)],
            "trickles": [trickle(whole)],
            "says more than it sends": [lie_about_length(100, b"hello")],
            "says less than it sends": [lie_about_length(3, b"hello")],
        }
        backend = self.start_backend()
        weir = self.start_weir_before(backend, capacity=1, backend={"ejection": {"failures": 0}})
        for name, answers in faults.items():
            for answer in answers:
                with self.subTest(backend=name):
                    backend.answer = answer
                    with weir.connect() as client:
                        client.send(format_request("POST", "/", [], b"{}"))
                        try:
                            got = client.response()
                            sound = got.status >= 400 or not got.complete or got.body in (b"hello world", b"hel")
                            self.assertTrue(sound, got)
                        except Closed:
                            pass
                    backend.answer = ok
                    self.assertEqual(weir.request("POST", "/", [], b"{}").status, 200)
        self.assert_idle(weir)


def is_at_rest(pid):
    used = cpu_seconds(pid)
    return stays(lambda: cpu_seconds(pid) - used < 0.02, during=0.2 / SLOW)


class Masses(WeirTest):
    def test_slow_clients_and_ones_that_do_not_read_cost_little_and_delay_no_other(self):
        # Built once: a hundred copies would keep the backend so busy that it delays the others.
        large = raw(reply(b"x" * 4 * MIB), keep=True)
        backend = self.start_backend(lambda peer, request: (large if request.target == "/large" else ok)(peer, request))
        weir = self.start_weir_before(backend, capacity=300)
        weir.request()
        before = weir.resident_bytes()
        idlers = [weir.connect(receive_buffer=8 * KIB) for _ in range(300)]
        for i, client in enumerate(idlers):
            self.addCleanup(client.close)
            (send_half_a_head, send_half_a_body, lambda c: ask_and_never_read(c, "/large"))[i % 3](client)
        self.eventually(lambda: weir.inflight() == 100, within=10)
        # A socket takes megabytes that are never read: until all are full, a hundred threads of the backend are at work.
        self.eventually(lambda: is_at_rest(weir.pid), within=30)
        began = time.monotonic()
        for _ in range(50):
            self.assertEqual(weir.request("POST", "/", [], b"{}").status, 200)
        self.assertLess(time.monotonic() - began, scaled(20))
        # A sanitizer's allocator holds more than was asked for.
        self.assertLess((weir.resident_bytes() - before) / len(idlers), 64 * KIB * SLOW)
        # Neither half a head nor half a body has a slot.
        self.assert_soon_equal(lambda: weir.inflight(), 100)
        for client in idlers:
            client.close()
        self.assert_idle(weir)


class Descriptors(WeirTest):
    def test_out_of_descriptors_it_neither_spins_nor_drops_open_connections(self):
        weir = self.start_weir_before(self.start_backend())
        served = self.client(weir)
        self.assertEqual(served.request().status, 200)
        limit = open_descriptors(weir.pid) + 3
        resource.prlimit(weir.pid, resource.RLIMIT_NOFILE, (limit, limit))
        waiting = [self.client(weir) for _ in range(20)]
        self.eventually(lambda: open_descriptors(weir.pid) == limit)
        used = cpu_seconds(weir.pid)
        self.assertTrue(stays(lambda: cpu_seconds(weir.pid) - used < 0.2, during=1 / SLOW))
        for _ in range(20):
            self.assertEqual(served.request().status, 200)
        for client in waiting[:-1]:
            client.close()
        began = time.monotonic()
        self.assertEqual(waiting[-1].request().status, 200)
        self.assertLess(time.monotonic() - began, scaled(1))
        waiting[-1].close()
        self.assertGreater(weir.count("weir_accept_pauses_total"), 0)

    def test_an_accepted_request_waits_for_a_descriptor_for_its_backend(self):
        backend = self.start_backend(respond(fields=[("Connection", "close")]))
        weir = self.start_weir_before(backend, workers=1, backend={"timeouts": {"connect": f"{int(2 * SLOW)}s"}, "ejection": {"failures": 1}})
        _, maximum = resource.prlimit(weir.pid, resource.RLIMIT_NOFILE)
        allow = lambda descriptors: resource.prlimit(weir.pid, resource.RLIMIT_NOFILE, (descriptors, maximum))
        before = open_descriptors(weir.pid)
        idle, last = self.client(weir), self.client(weir)
        for client in (idle, last):
            self.assertEqual(client.request().status, 200)
        self.eventually(lambda: open_descriptors(weir.pid) == before + 2)
        allow(lowest_free_descriptor(weir.pid))
        last.send(format_request())
        self.assertTrue(stays(lambda: len(backend.requests) == 2))
        idle.close()
        self.assertEqual(last.response().status, 200)
        # In vain: the client is refused, and the endpoint does not count as failed.
        self.eventually(lambda: open_descriptors(weir.pid) == before + 1)
        allow(lowest_free_descriptor(weir.pid))
        last.send(format_request())
        answer = last.response()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "connection_limit"))
        allow(maximum)
        self.assertEqual(last.request().status, 200)
        self.assertEqual(weir.count("weir_backend_ejections_total"), 0)


class Logs(WeirTest):
    def test_a_log_on_a_full_disk_loses_lines_and_no_request(self):
        weir = self.start_weir_before(self.start_backend(), logging={"access": {"to": "/dev/full"}, "level": "info"})
        for _ in range(50):
            self.assertEqual(weir.request().status, 200)
        self.eventually(lambda: weir.count("weir_access_log_dropped_total") == 50)
        self.assertIn("access log cannot be written", weir.stderr())

    def test_a_log_on_a_pipe_without_a_reader_loses_lines_and_no_request(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        weir = self.start_weir_before(self.start_backend(),
                                      logging={"access": {"to": pipe, "queue_lines": 64}, "level": "info"})
        with weir.connect() as client:
            for _ in range(1000):
                self.assertEqual(client.request().status, 200)
        self.eventually(lambda: weir.count("weir_access_log_dropped_total") > 0)


@unittest.skipIf(SLOW > 1, "a sanitizer wants the first place under a process for itself")
class Process(WeirTest):
    def setUp(self):
        self.preload = Preload()
        self.addCleanup(self.preload.close)

    def test_a_clock_that_jumps_changes_nothing_but_timestamps(self):
        go = threading.Semaphore(0)
        backend = self.start_backend(event_stream(4, gap=lambda _: go.acquire(timeout=scaled(10))))
        weir = self.start_weir(small_policy(backend.url, classes=[
            {"name": "limited", "match": {"path": "/limited"}, "backend": "model",
             "limits": {"requests": {"rate": "1/s", "burst": 2}}},
            {"name": "rest", "match": "any", "backend": "model"}]), env=self.preload.env)
        stream = self.client(weir)
        stream.send(format_request())
        answer = stream.head()
        chunks = stream.chunks(answer)
        for shift in (3600, -3600, 86_400 * 365, 0):
            self.preload.shift_clock(shift)
            go.release()
            self.assertTrue(next(chunks).startswith(b"data:"))
        self.assertEqual(list(chunks), [])
        self.assertTrue(answer.complete)
        backend.answer = ok
        # The bucket is filled by the monotonic clock.
        statuses, began = [], time.monotonic()
        for shift in (3600, -3600, 7200):
            self.preload.shift_clock(shift)
            statuses += [weir.request("GET", "/limited").status for _ in range(4)]
        self.assertLessEqual(statuses.count(200), 3 + (time.monotonic() - began))
        stamps = self.eventually(lambda: len(weir.access_log()) >= 13 and [line["ts"] for line in weir.access_log()])
        self.assertGreaterEqual(len({stamp[:13] for stamp in stamps}), 3, stamps)

    def test_an_allocation_that_fails_costs_one_connection_and_is_counted(self):
        """Every allocation of a request in turn, until one request makes fewer than that."""
        backend = self.start_backend(respond(b"y" * 10_000))
        weir = self.start_weir(small_policy(backend.url, capacity=2), env=self.preload.env)
        body = b"x" * 50_000
        failures = spared = 0
        for number in range(1, 400):
            self.preload.fail_allocation(number)
            try:
                with weir.connect() as client:
                    answer = client.request("POST", "/", [("Content-Type", "application/json")], body)
                    self.assertTrue(answer.status in (200, 500, 502, 503) or not answer.complete, answer)
            except (Closed, OSError):
                failures += 1
            self.assertTrue(weir.is_running(), f"allocation {number}: {weir.stderr()[-2000:]}")
            # On a busy machine the answer may come before the rest of the request's work: three in a row mean the end.
            spared = 0 if self.preload.has_failed() else spared + 1
            if spared == 3:
                break
        self.preload.fail_allocation(0)
        self.assertGreater(number, 10, "no allocation was reached")
        self.assertEqual(weir.request("POST", "/", [], body).status, 200)
        self.assert_idle(weir)
        self.eventually(lambda: weir.status()["connections"] == 0)
        self.assertGreaterEqual(weir.count("weir_event_loop_faults_total"), failures)


    def test_a_stalled_worker_is_logged_with_its_stack_and_the_service_manager_is_not_pinged(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(os.path.join(folder, "notify"))
        manager.settimeout(scaled(5))
        env = {**self.preload.env, "NOTIFY_SOCKET": os.path.join(folder, "notify"), "WATCHDOG_USEC": "400000"}
        # The next thread that allocates stalls: it must be the one that has the request.
        weir = self.start_weir(small_policy(self.start_backend().url, workers=1), env=env)
        self.assertEqual(manager.recv(100), b"READY=1")
        for _ in range(2):
            self.assertEqual(manager.recv(100), b"WATCHDOG=1")
        self.assertEqual(weir.request().status, 200)
        weir.count("weir_event_loop_lag_seconds")
        self.preload.stall(800)
        began = time.monotonic()
        self.assertIn(weir.request().status, (200, 504))  # a connect in progress has timed out
        self.assertGreater(time.monotonic() - began, 0.7)
        line = self.eventually(lambda: [line for line in weir.stderr().splitlines() if "was stuck" in line])[0]
        self.assertRegex(line, r"worker 0 was stuck in one turn for \d{3} ms or more; it stood at .*weir\(\+0x")
        # The turn that answered is logged when it has ended.
        self.eventually(lambda: weir.count("weir_event_loop_lag_seconds") > 0.7)
        pings, deadline = [], time.monotonic() + 1.2
        while time.monotonic() < deadline:
            if manager.recv(100) == b"WATCHDOG=1":
                pings.append(time.monotonic() - began)
        self.assertGreater(max(b - a for a, b in zip([0.0, *pings], pings)), 0.5, pings)
        self.assertEqual(manager.recv(100), b"WATCHDOG=1")


class Load(WeirTest):
    def test_a_mixed_load_leaves_descriptors_and_memory_as_they_were(self):
        def answer(peer, request):
            if request.target == "/stream":
                return event_stream(5)(peer, request)
            if request.target == "/dies":
                return reset_after(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")(peer, request)
            return ok(peer, request)
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, backend={"ejection": {"failures": 0}}, logging={"access": {"to": "off"}, "level": "error"})

        def rounds(count):
            def one():
                for i in range(count):
                    with weir.connect() as client:
                        client.request("POST", "/", [], b"{}")
                        client.send(format_request(target="/stream"))
                        client.response()
                        client.try_send(b"BAD\r\n\r\n" if i % 2 else format_request(target="/dies"))
                        try:
                            client.response()
                        except Closed:
                            pass
            threads = [threading.Thread(target=one) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assert_idle(weir)
            self.eventually(lambda: weir.status()["connections"] == 0)
        rounds(100)
        descriptors, memory = open_descriptors(weir.pid), weir.resident_bytes()
        rounds(int(300 / SLOW))
        self.assertLessEqual(open_descriptors(weir.pid), descriptors + 4)
        if SLOW == 1:
            self.assertLess(weir.resident_bytes(), memory * 1.02 + 512 * KIB)


if __name__ == "__main__":
    unittest.main()
