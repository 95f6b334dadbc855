"""WebSocket: the upgrade, the tunnel, and a slot for each response instead of each connection."""

import json
import re
import subprocess
import threading
import unittest

from support.policy import small_policy
from support.process import BINARY, WeirTest
from support.waiting import scaled, stands_still
from support.websocket import BINARY as BINARY_FRAME
from support.websocket import CLOSE, PING, PONG, TEXT, Closed, WebSocketTest, connect, echo, frame, handshake, server


class Upgrades(WebSocketTest):
    """How an upgrade may be asked for and granted is tested in checklist/upgrade_test.py."""

    def test_messages_pass_both_ways_whatever_the_frames(self):
        backend = self.start_backend(server(echo))
        weir = self.weir_before(backend)
        end = self.open(weir)
        for opcode, payload in ((TEXT, b"hello"), (BINARY_FRAME, bytes(range(256)) * 1000), (TEXT, b""), (PING, b"are you there")):
            end.send_frame(opcode, payload)
            self.assertEqual(end.message(), (PONG if opcode == PING else opcode, payload))
        end.send_frame(TEXT, b"in ", final=False)
        end.send_frame(PING, b"!")
        end.send_frame(0, b"pieces")
        self.assertEqual([end.frame() for _ in range(3)], [(TEXT, b"in ", False), (PONG, b"!", True), (0, b"pieces", True)])
        end.send_frame(CLOSE, b"\x03\xe8bye")
        self.assertEqual(end.message(), (CLOSE, b"\x03\xe8bye"))
        self.assert_idle(weir)
        self.eventually(lambda: [line for line in weir.access_log() if line["status"] == 101 and line["reason"] == "admitted"])

    def test_frames_in_single_bytes(self):
        weir = self.weir_before(self.start_backend(server(echo)))
        end = self.open(weir)
        for byte in frame(TEXT, b"slowly but surely", b"mask"):
            end.send(bytes([byte]))
        self.assertEqual(end.message(), (TEXT, b"slowly but surely"))

    def test_a_refusal_comes_before_the_upgrade(self):
        backend = self.start_backend(server(echo))
        weir = self.weir_before(backend, capacity=1, classes=[
            {"name": "all", "match": "any", "backend": "model", "queue": 1, "queue_timeout": "100ms"}])
        self.open(weir)
        client = self.client(weir)
        client.send(handshake("/ws"))
        answer = client.response()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "queue_timeout"))
        self.assertTrue(client.is_closed(), "what follows a handshake that was refused is no request")
        self.assertEqual(len(backend.requests), 1)

    def test_no_more_connections_than_allowed(self):
        backend = self.start_backend(server(echo))
        weir = self.weir_before(backend, websocket={"connections": 2})
        ends = [self.open(weir), self.open(weir)]
        self.assert_soon_equal(lambda: weir.count("weir_backend_websockets"), 2)
        client = self.client(weir)
        client.send(handshake("/ws"))
        answer = client.response()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "connection_limit"))
        ends[0].client.close()
        self.eventually(lambda: weir.count("weir_backend_websockets") == 1)
        self.open(weir)

    def test_the_idle_and_total_timeouts_end_a_tunnel(self):
        for limits in ({"idle": "200ms"}, {"longest": "200ms"}):
            with self.subTest(limits):
                weir = self.weir_before(self.start_backend(server(echo)), websocket=limits)
                end = self.open(weir)
                self.assertEqual(end.message()[1][:2], b"\x03\xe9")
                self.assertRaises(Closed, end.message)
                self.assert_idle(weir)

    def test_either_side_leaving_ends_it(self):
        gone = threading.Event()

        def watch(end):
            try:
                echo(end)
            finally:
                gone.set()
        weir = self.weir_before(self.start_backend(server(watch)))
        self.open(weir).client.close()
        self.assertTrue(gone.wait(scaled(5)))
        self.assert_idle(weir)
        weir = self.weir_before(self.start_backend(server(lambda end: None)))
        end = self.open(weir)
        self.assertEqual(end.message()[1][:2], b"\x03\xf3")
        self.assertRaises(Closed, end.message)

    def test_a_side_that_does_not_read_slows_the_other_down_and_costs_little(self):
        sent = []

        def flood(end):
            try:
                for _ in range(400):
                    end.send_frame(BINARY_FRAME, bytes(65536))
                    sent.append(1)
            except OSError:
                pass
        weir = self.weir_before(self.start_backend(server(flood)), listener_limits={"write_timeout": "2s"})
        before = weir.resident_bytes()
        client = self.client(weir, receive_buffer=4096)
        client.send(handshake("/ws"))
        self.assertEqual(client.head().status, 101)
        self.eventually(lambda: sent and stands_still(lambda: len(sent)))
        self.assertLess(len(sent), 400)
        self.assertLess(weir.resident_bytes() - before, 4 * 1024 * 1024)
        self.assertLessEqual(weir.count("weir_buffered_bytes"), 128 * 1024)
        self.eventually(lambda: [line for line in weir.access_log() if line["reason"] == "client_stalled"], within=10)
        self.assert_idle(weir)

    def test_a_drain_ends_idle_realtime_connections(self):
        weir = self.weir_before(self.start_backend(server(echo)))
        end = self.open(weir, "/v1/realtime")
        weir.signal(15)
        self.assertEqual(end.message()[1][:2], b"\x03\xe9")
        self.assertEqual(weir.wait(), 0)


class Realtime(WeirTest):
    """With the mock backend, which really generates what is asked for."""

    def start_mock(self, *options):
        process = subprocess.Popen([BINARY, "mock-backend", "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)
        self.addCleanup(process.stdout.close)
        return "http://" + re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())[0]

    def weir_with(self, url, capacity=1, **cls):
        return self.start_weir(small_policy(url, capacity=capacity, backend={"websocket": {"idle": "1m"}},
                                            classes=[{"name": "all", "match": "any", "backend": "model", **cls}]))

    def open(self, weir):
        client = self.client(weir)
        answer, end = connect(client)
        self.assertEqual(answer.status, 101, answer)
        self.assertEqual(end.event()["type"], "session.created")
        end.client = client
        return end

    def test_a_response_has_a_slot_and_an_idle_connection_has_none(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"))
        ends = [self.open(weir) for _ in range(5)]
        self.assert_idle(weir)
        ends[0].send_event("response.create", response={"max_output_tokens": 20})
        self.eventually(lambda: weir.inflight() == 1)
        events = ends[0].events_until("response.done")
        self.assertEqual([event["type"] for event in events],
                         ["response.created"] + ["response.output_text.delta"] * 20 + ["response.done"])
        self.assertEqual(events[-1]["response"]["usage"]["output_tokens"], 20)
        self.assert_idle(weir)
        self.eventually(lambda: [line for line in weir.access_log() if line["method"] == "response.create"])
        line = next(line for line in weir.access_log() if line["method"] == "response.create")
        self.assertEqual((line["status"], line["reason"], line["class"]), (200, "admitted", "all"))

    def test_responses_never_overlap_beyond_the_capacity(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"), capacity=2, queue_timeout="30s", queue=16)
        ends = [self.open(weir) for _ in range(6)]
        inflight = []

        def run(end):
            for _ in range(3):
                end.send_event("response.create", response={"max_output_tokens": 10})
                self.assertEqual(end.events_until("response.done")[-1]["response"]["status"], "completed")
        threads = [threading.Thread(target=run, args=[end]) for end in ends]
        for thread in threads:
            thread.start()

        def all_done():
            inflight.append(weir.inflight())
            return not any(thread.is_alive() for thread in threads)
        self.eventually(all_done, within=60)
        self.assertLessEqual(max(inflight), 2)
        self.assert_idle(weir)
        self.assert_soon_equal(lambda: weir.count("weir_requests_total", outcome="served"), 18)
        for end in ends:
            end.client.close()
        self.eventually(lambda: weir.count("weir_backend_websockets") == 0)

    def test_a_refusal_is_an_error_event_and_the_connection_stays(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"), queue=0, queue_timeout="0s")
        first, second = self.open(weir), self.open(weir)
        first.send_event("response.create", response={"max_output_tokens": 400})
        self.assertEqual(first.event()["type"], "response.created")
        second.send_event("response.create", event_id="mine", response={"instructions": "x" * 200_000})
        error = second.event()
        self.assertEqual((error["type"], error["error"]["event_id"]), ("error", "mine"))
        self.assertEqual(error["error"]["code"], "server_is_overloaded")
        self.assertRegex(error["error"]["message"], r"try again in \d+ ms")
        # The refused one never reached the model, and what follows is served in order.
        second.send_frame(PING, b"still here")
        self.assertEqual(second.message(), (PONG, b"still here"))
        first.send_event("response.cancel")
        self.assertEqual(first.events_until("response.done")[-1]["response"]["status"], "cancelled")
        second.send_event("response.create", response={"max_output_tokens": 3})
        self.assertEqual(second.events_until("response.done")[-1]["response"]["status"], "completed")
        self.assert_soon_equal(lambda: weir.count("weir_shed_total", reason="queue_timeout", mode="enforce"), 1)

    def scripted(self, script):
        """A connection to a model that sends what `script` makes it send, and reads to the end."""
        def play(end):
            script(end)
            while True:
                end.frame()
        weir = self.weir_with(self.start_backend(server(play)).url, capacity=1000)
        client = self.client(weir)
        answer, end = connect(client)
        self.assertEqual(answer.status, 101)
        return end

    def test_a_message_without_a_type_is_refused_and_not_held_without_bound(self):
        end = self.scripted(lambda model: None)
        end.send_frame(TEXT, b"", final=False)
        # A longer message does not hold more memory.
        end.send(frame(0, b"", b"mask", final=False) * 12_000)
        opcode, payload, _ = end.frame()
        self.assertEqual((opcode, json.loads(payload)["error"]["type"]), (TEXT, "invalid_request_error"))

    def test_a_client_that_asks_for_more_than_can_be_refused_is_closed(self):
        # While the model leaves a message unfinished, no refusal can be sent.
        end = self.scripted(lambda model: model.send_frame(TEXT, b"{", final=False))
        self.assertEqual(end.frame(), (TEXT, b"{", False))
        end.send(frame(TEXT, b'{"type":"response.create"}', b"mask") * 1000)
        opcode, payload, _ = end.frame()
        self.assertEqual((opcode, payload[:2]), (CLOSE, b"\x03\xea"))
        self.assertIn(b"refuse", payload)

    def test_a_response_waits_for_its_slot_with_everything_behind_it(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"), queue_timeout="30s")
        first, second = self.open(weir), self.open(weir)
        first.send_event("response.create", response={"max_output_tokens": 400})
        self.assertEqual(first.event()["type"], "response.created")
        second.send_event("response.create", response={"max_output_tokens": 3})
        second.send_frame(PING, b"behind it")
        self.eventually(lambda: weir.waiting() == 1)
        first.send_event("response.cancel")
        messages = [second.message() for _ in range(3)]
        self.assertEqual(json.loads(messages[0][1])["type"], "response.created")
        self.assertIn((PONG, b"behind it"), messages + [second.message(), second.message()])

    def test_a_client_that_leaves_while_waiting_or_answered_frees_everything(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"), queue_timeout="30s")
        first, second = self.open(weir), self.open(weir)
        first.send_event("response.create", response={"max_output_tokens": 100_000})
        self.eventually(lambda: weir.inflight() == 1)
        second.send_event("response.create")
        self.eventually(lambda: weir.waiting() == 1)
        second.client.close()
        self.eventually(lambda: weir.waiting() == 0)
        first.client.close()
        self.assert_idle(weir)

    def test_a_second_response_on_the_same_connection_gives_its_slot_back_when_the_model_rejects_it(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"), capacity=4)
        end = self.open(weir)
        end.send_event("response.create", response={"max_output_tokens": 400})
        self.assertEqual(end.event()["type"], "response.created")
        end.send_event("response.create")
        self.assertEqual(end.events_until("error")[-1]["error"]["code"], "conversation_already_has_active_response")
        self.eventually(lambda: weir.inflight() == 1)
        end.events_until("response.done")
        self.assert_idle(weir)

    def test_a_response_that_the_model_begins_by_itself_counts_and_is_cancelled_without_capacity(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"))
        first, second = self.open(weir), self.open(weir)
        first.send_event("input_audio_buffer.commit")
        self.assertEqual(first.event()["type"], "response.created")
        self.eventually(lambda: weir.inflight() == 1)
        first.events_until("response.done")
        self.assert_idle(weir)
        first.send_event("response.create", response={"max_output_tokens": 1000})
        self.assertEqual(first.event()["type"], "response.created")
        second.send_event("input_audio_buffer.commit")
        events = second.events_until("response.done")
        self.assertEqual(events[-1]["response"]["status"], "cancelled")
        self.assertIn("server_is_overloaded", [event.get("error", {}).get("code") for event in events])
        self.assert_soon_equal(lambda: weir.inflight(), 1)

    def test_the_type_is_found_anywhere_in_a_message(self):
        weir = self.weir_with(self.start_mock("--preset", "h100-8b"))
        end = self.open(weir)
        text = json.dumps({"response": {"max_output_tokens": 2, "type": "session.update"}, "type": "response.create"}).encode()
        for size in (1, 7, len(text)):
            for i in range(0, len(text), size):
                end.send_frame(TEXT if i == 0 else 0, text[i:i + size], final=i + size >= len(text))
            self.assertEqual(len(end.events_until("response.done")), 4)
        self.assert_soon_equal(lambda: weir.count("weir_requests_total", outcome="served"), 3)


if __name__ == "__main__":
    unittest.main()
