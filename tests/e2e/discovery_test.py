"""Backends whose endpoints are found: by a DNS name, by a service's records, in a file."""

import os
import tempfile
import threading
import unittest

from support.backend import hold, respond
from support.name_server import NameServer, A
from support.policy import small_policy, to_yaml
from support.process import WeirTest, run_weir
from support.waiting import stays

NAME = "llm.test"


class Discovery(WeirTest):
    def setUp(self):
        super().setUp()
        self.names = NameServer()
        self.addCleanup(self.names.stop)

    def engines(self, count, answer=None):
        """`count` of them, on 127.0.0.1, 127.0.0.2 and so on, at one port."""
        first = self.start_backend(answer)
        port = first.address[1]
        return [first] + [self.start_backend(answer, address=(f"127.0.0.{i + 1}", port)) for i in range(1, count)], port

    def start(self, port, backend=None, **found):
        endpoints = {"dns": f"{NAME}:{port}", "servers": [self.names.address], **found}
        policy = small_policy(backend={"endpoints": endpoints, **(backend or {})})
        return self.start_weir(policy)

    def used(self, weir):
        """The endpoints that the metrics show as in use."""
        return {labels["endpoint"] for name, labels, _ in weir.metrics().series if name == "weir_backend_up"}

    def point_at(self, *hosts):
        self.names.records[NAME] = [f"127.0.0.{host}" for host in hosts]

    def test_every_address_of_a_name_is_an_endpoint(self):
        engines, port = self.engines(3)
        self.point_at(1, 2, 3)
        weir = self.start(port)
        for _ in range(9):
            self.assertEqual(weir.request().status, 200)
        self.assertEqual([len(engine.requests) > 0 for engine in engines], [True] * 3)
        self.assertEqual(engines[1].requests[0].get("host"), f"{NAME}:{port}")
        self.assertEqual(self.used(weir), {f"http://127.0.0.{i}:{port}" for i in (1, 2, 3)})

    def test_endpoints_come_and_go_and_no_request_fails(self):
        engines, port = self.engines(6)
        self.point_at(1, 2, 3)
        weir = self.start(port)
        failed, stop = [], threading.Event()

        def load():
            with weir.connect() as client:
                while not stop.is_set():
                    answer = client.request("GET", "/")
                    if answer.status != 200:
                        failed.append(answer)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            self.eventually(lambda: all(engine.requests for engine in engines[:3]))
            self.point_at(1, 2, 3, 4, 5, 6)
            self.eventually(lambda: all(engine.requests for engine in engines))
            self.point_at(2, 5)
            self.eventually(lambda: self.used(weir) == {f"http://127.0.0.{i}:{port}" for i in (2, 5)})
            before = [len(engine.requests) for engine in engines]
            self.eventually(lambda: len(engines[1].requests) > before[1] + 20 and len(engines[4].requests) > before[4] + 20)
            self.assertEqual([len(engines[i].requests) - before[i] for i in (0, 2, 3, 5)], [0] * 4)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failed, [])

    def test_a_request_on_one_that_disappears_ends_as_it_would(self):
        release = threading.Event()
        engines, port = self.engines(2, hold(release))
        self.point_at(1)
        weir = self.start(port)
        with weir.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.eventually(lambda: len(engines[0].requests) == 1)
            self.point_at(2)
            self.eventually(lambda: self.used(weir) == {f"http://127.0.0.2:{port}"})
            release.set()
            self.assertEqual(client.response("GET").status, 200)
        self.assert_idle(weir)

    def test_the_last_ones_known_stay_while_the_name_server_fails(self):
        engines, port = self.engines(2)
        self.point_at(1, 2)
        weir = self.start(port)
        self.eventually(lambda: len(self.used(weir)) == 2)
        for broken in (None, []):
            asked = len(self.names.questions)
            self.names.records[NAME] = broken
            self.eventually(lambda: len(self.names.questions) > asked + 2, within=15)
            self.assertEqual(len(self.used(weir)), 2)
            self.assertEqual(weir.request().status, 200)
        del self.names.records[NAME]
        self.assertEqual(weir.request().status, 200)

    def test_a_request_waits_for_a_name_that_is_not_known_yet(self):
        engines, port = self.engines(1)
        weir = self.start(port)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(weir.request().status))
        thread.start()
        self.eventually(lambda: weir.waiting() == 1)
        self.point_at(1)
        thread.join()
        self.assertEqual(answers, [200])

    def test_a_services_records_say_host_and_port(self):
        first, second = self.start_backend(respond(b"1")), self.start_backend(respond(b"2"))
        service = "_http._tcp.llm.test"
        self.names.records[service] = [(1, 10, first.address[1], "one.test"), (1, 10, second.address[1], "two.test"),
                                       (2, 10, 9, "spare.test")]
        self.names.records.update({"one.test": ["127.0.0.1"], "two.test": ["127.0.0.1"], "spare.test": ["127.0.0.9"]})
        weir = self.start_weir(small_policy(backend={"endpoints": {"dns": service, "servers": [self.names.address]}}))
        self.assertEqual({weir.request().body for _ in range(8)}, {b"1", b"2"})
        self.assertEqual(first.requests[0].get("host"), f"one.test:{first.address[1]}")

    def service_of_two(self, engine):
        service = "_http._tcp.llm.test"
        self.names.records[service] = [(1, 10, engine.address[1], "one.test"), (1, 10, engine.address[1], "two.test")]
        self.names.records["one.test"] = ["127.0.0.1"]
        return small_policy(backend={"endpoints": {"dns": service, "servers": [self.names.address]}})

    def test_a_target_that_does_not_exist_is_left_out_until_it_does(self):
        engine = self.start_backend()
        weir = self.start_weir(self.service_of_two(engine))
        self.assertEqual(weir.request().status, 200)
        self.assertEqual(self.used(weir), {engine.url})
        self.names.records["two.test"] = ["127.0.0.2"]
        self.eventually(lambda: len(self.used(weir)) == 2)

    def test_a_target_that_cannot_be_looked_up_makes_a_service_no_smaller(self):
        engine = self.start_backend()
        policy = self.service_of_two(engine)
        self.names.records["two.test"] = ["127.0.0.2"]
        weir = self.start_weir(policy)
        self.eventually(lambda: len(self.used(weir)) == 2)
        del self.names.records["two.test"]
        self.names.failing.add("two.test")
        self.eventually(lambda: "cannot look up" in weir.stderr())
        self.assertEqual(len(self.used(weir)), 2)

    def test_and_weight(self):
        light, heavy = self.start_backend(respond(b"1")), self.start_backend(respond(b"2"))
        service = "_http._tcp.llm.test"
        self.names.records[service] = [(1, 1, light.address[1], "one.test"), (1, 4, heavy.address[1], "one.test")]
        self.names.records["one.test"] = ["127.0.0.1"]
        weir = self.start_weir(small_policy(backend={"endpoints": {"dns": service, "servers": [self.names.address]}}))
        self.assertEqual(weir.request().status, 200)
        self.eventually(lambda: weir.count("weir_endpoint_share_ratio", endpoint=light.url) == 0.25)
        self.assertEqual(weir.count("weir_endpoint_share_ratio", endpoint=heavy.url), 1)

    def test_no_more_endpoints_than_the_policy_says(self):
        engines, port = self.engines(3)
        self.point_at(1, 2, 3)
        weir = self.start(port, max=2)
        self.eventually(lambda: self.used(weir) == {f"http://127.0.0.{i}:{port}" for i in (1, 2)})

    def test_what_stays_as_it_is_is_logged_once(self):
        engines, port = self.engines(3)
        self.point_at(1, 2, 3)
        weir = self.start(port, max=2)
        self.eventually(lambda: "only the first 2 are used" in weir.stderr())
        self.names.records[NAME] = []
        self.ask_again(3)
        self.point_at(1, 2, 3)
        self.ask_again(3)
        self.assertEqual(weir.stderr().count("only the first 2 are used"), 1)
        self.assertEqual(weir.stderr().count("cannot look up"), 1)

    def ask_again(self, times):
        """Waits for as many questions about addresses of IPv4."""
        asked = self.names.questions.count((NAME, A)) + times
        self.eventually(lambda: self.names.questions.count((NAME, A)) >= asked, within=15)

    def test_a_reload_keeps_what_was_found(self):
        engines, port = self.engines(2)
        self.point_at(1, 2)
        weir = self.start(port)
        self.eventually(lambda: len(self.used(weir)) == 2)
        self.names.records[NAME] = None
        weir.reload()
        self.assertEqual(len(self.used(weir)), 2)
        self.assertEqual(weir.request().status, 200)


class Files(WeirTest):
    def start(self, *lines):
        policy = small_policy(backend={"endpoints": {"file": "endpoints.txt"}})
        return self.start_weir(policy, files={"endpoints.txt": "\n".join(lines) + "\n"})

    def test_a_file_lists_them_and_is_read_again_when_it_changes(self):
        first, second = self.start_backend(respond(b"1")), self.start_backend(respond(b"2"))
        weir = self.start("# one a line", "", f"  {first.url}  # the first")
        self.assertEqual(weir.request().body, b"1")
        weir.write("endpoints.txt", f"{second.url}\n")
        self.eventually(lambda: weir.request().body == b"2")

    def test_a_mistake_in_it_changes_nothing(self):
        engine = self.start_backend(respond(b"1"))
        weir = self.start(engine.url)
        self.assertEqual(weir.request().body, b"1")
        weir.write("endpoints.txt", f"{engine.url}\nengine-2:8000\n")
        self.eventually(lambda: "endpoints.txt line 2 must be an endpoint" in weir.stderr())
        self.assertEqual(weir.request().body, b"1")

    def test_a_named_pipe_in_its_place_blocks_nothing(self):
        first, second = self.start_backend(respond(b"1")), self.start_backend(respond(b"2"))
        weir = self.start(first.url)
        self.assertEqual(weir.request().body, b"1")
        file = weir.folder / "endpoints.txt"
        file.unlink()
        os.mkfifo(file)
        self.eventually(lambda: "endpoints.txt is not a regular file" in weir.stderr())
        self.assertEqual(weir.admin("/healthz").status, 200)
        self.assertEqual(weir.request().body, b"1")
        file.unlink()
        weir.write("endpoints.txt", f"{second.url}\n")
        self.eventually(lambda: weir.request().body == b"2")


class Names(WeirTest):
    """Endpoints of a list whose host is a name."""

    def test_one_without_an_address_is_down(self):
        weir = self.start_weir(small_policy("http://does-not-exist.invalid:1"))
        self.eventually(lambda: weir.count("weir_backend_up") == 0, within=15)

    def test_that_it_has_none_is_logged_once(self):
        weir = self.start_weir(small_policy("http://does-not-exist.invalid:1"))
        said = "cannot look up does-not-exist.invalid"
        self.eventually(lambda: said in weir.stderr(), within=15)
        self.assertTrue(stays(lambda: weir.stderr().count(said) == 1, during=2.5))


class Check(WeirTest):
    def test_needs_one_way_to_find_them(self):
        for endpoints in ({"max": 3}, {"dns": "a.test", "file": "b"}, {"dns": "10.0.0.1:80"}, {"dns": "a b"},
                          {"dns": "a.test", "servers": ["dns.test"]}):
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(to_yaml(small_policy(backend={"endpoints": endpoints})))
                file.flush()
                code, out, _ = run_weir("check", file.name)
            self.assertEqual(code, 1, out)


if __name__ == "__main__":
    unittest.main()
