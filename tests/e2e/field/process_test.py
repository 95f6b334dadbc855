"""Signals, log rotation, sockets and look-ups: what an operator does to a running process, and how it ends."""

import signal
import socket
import subprocess
import threading
import time
import unittest

from support.backend import hold
from support.policy import small_policy
from support.process import Weir, WeirTest, run_weir
from support.waiting import scaled, stays
from support.wire import Client, format_request


class Signals(WeirTest):
    def test_unused_signals_do_nothing(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(backend.url))
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT, signal.SIGALRM, signal.SIGRTMAX, signal.SIGRTMIN):
            weir.signal(number)
        self.assertEqual(weir.request().status, 200)
        self.assertTrue(stays(weir.is_running, 0.2))
        self.assertEqual(weir.request().status, 200)

    def test_a_second_signal_to_end_is_obeyed_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            done = threading.Event()
            self.addCleanup(done.set)
            backend = self.start_backend(hold(done))
            weir = self.start_weir(small_policy(backend.url, limits={"drain_timeout": "5m"}))
            client = self.client(weir)
            client.send(format_request())
            backend.wait_for(1)
            weir.signal(signal.SIGTERM)
            self.eventually(lambda: "draining" in weir.stderr())
            self.assertTrue(stays(weir.is_running, 0.2))
            weir.signal(number)
            self.assertEqual(weir.wait(10), 0)
            done.set()


class Rotation(WeirTest):
    def start(self):
        policy = small_policy(self.start_backend().url)
        weir = Weir(policy)
        self.addCleanup(weir.stop)
        self.log = weir.folder / "access.log"
        policy["logging"] = {"access": {"to": str(self.log)}}
        weir.write_policy(policy)
        return weir.start()

    def assert_opened_anew(self, weir, act):
        self.assertEqual(weir.request().status, 200)
        self.eventually(lambda: '"status":200' in self.log.read_text())
        old = self.log.with_suffix(".old")
        self.log.rename(old)
        size = old.stat().st_size
        act()
        self.eventually(self.log.exists, "the log was not reopened")
        self.assertEqual(weir.request().status, 200)
        self.eventually(lambda: '"status":200' in self.log.read_text())
        self.assertEqual(old.stat().st_size, size)

    def test_sigusr1_reopens_the_log(self):
        weir = self.start()
        self.assert_opened_anew(weir, lambda: weir.signal(signal.SIGUSR1))
        self.assertEqual(weir.count("weir_config_reloads_total"), 0)

    def test_sighup_reopens_the_log_whatever_the_policy_says(self):
        weir = self.start()
        weir.write_policy("{{{")
        self.assert_opened_anew(weir, lambda: weir.signal(signal.SIGHUP))
        self.assertEqual(weir.count("weir_config_reloads_total", result="failure"), 1)


class UnixSockets(WeirTest):
    def policy(self, path):
        policy = small_policy(self.start_backend().url)
        policy["listeners"] = [{"name": "local", "bind": f"unix:{path}"}]
        return policy

    def test_a_second_weir_leaves_the_socket_of_the_first(self):
        weir = Weir(small_policy("http://127.0.0.1:1"))
        path = weir.folder / "weir.sock"
        weir.write_policy(self.policy(path))
        self.addCleanup(weir.stop)
        weir.start()
        code, out, err = run_weir("serve", weir.policy_file)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("another process listens there", err)
        with Client(str(path)) as client:
            self.assertEqual(client.request().status, 200)

    def test_a_stale_socket_is_replaced_and_ones_own_is_removed(self):
        weir = Weir(small_policy("http://127.0.0.1:1"))
        path = weir.folder / "weir.sock"
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(path))
        weir.write_policy(self.policy(path))
        self.addCleanup(weir.stop)
        weir.start()
        with Client(str(path)) as client:
            self.assertEqual(client.request().status, 200)
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), 0)
        self.assertFalse(path.exists())

    def test_a_socket_that_another_process_has_put_there_meanwhile_stays(self):
        weir = Weir(small_policy("http://127.0.0.1:1"))
        path = weir.folder / "weir.sock"
        weir.write_policy(self.policy(path))
        self.addCleanup(weir.stop)
        weir.start()
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            other.listen()
            weir.signal(signal.SIGTERM)
            self.assertEqual(weir.wait(), 0)
            self.assertTrue(path.exists())


HANGING_LOOK_UP = r"""
#include <netdb.h>
#include <unistd.h>
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    (void)name; (void)service; (void)hints; (void)found;
    for (;;) pause();
}
"""


class LookUps(WeirTest):
    def test_a_look_up_that_hangs_does_not_delay_the_end(self):
        folder = Weir(small_policy("http://127.0.0.1:1"))
        source, library = folder.folder / "hang.c", folder.folder / "hang.so"
        source.write_text(HANGING_LOOK_UP)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        backend = self.start_backend()
        policy = small_policy(backend.url, "http://name.that.hangs.test:8000")
        weir = Weir(policy, env={"LD_PRELOAD": str(library)})
        self.addCleanup(weir.stop)
        weir.start()
        self.assertEqual(weir.request().status, 200)
        began = time.monotonic()
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(10), 0)
        self.assertLess(time.monotonic() - began, scaled(3))


if __name__ == "__main__":
    unittest.main()
