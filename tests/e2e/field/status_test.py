"""The output of `weir status`, and the exit codes by which a script can distinguish states."""

import signal
import threading
import unittest

from support.backend import hold
from support.policy import small_policy
from support.process import WeirTest, free_port, run_weir
from support.wire import format_request


class Status(WeirTest):
    def ask(self, weir, host="127.0.0.1"):
        return run_weir("status", "--admin", "%s:%d" % (host, weir.admin_address[1]))

    def test_it_reports_its_uptime_and_the_outcome_of_the_last_reload(self):
        weir = self.start_weir(small_policy(self.start_backend().url))
        code, out, err = self.ask(weir, "localhost")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"\nup \d+s  never reloaded\n")
        weir.reload()
        self.assertRegex(self.ask(weir)[1], r"reloaded \d+s ago: good")
        weir.reload("{{{", expect=False)
        code, out, _ = self.ask(weir)
        self.assertEqual(code, 0)
        self.assertRegex(out, r"reloaded \d+s ago: REFUSED")
        self.assertIn("the policy has errors", out)

    def test_a_draining_process_and_a_missing_one_have_different_exit_codes(self):
        done = threading.Event()
        self.addCleanup(done.set)
        backend = self.start_backend(hold(done))
        weir = self.start_weir(small_policy(backend.url, limits={"drain_timeout": "5m"}))
        client = self.client(weir)
        client.send(format_request())
        backend.wait_for(1)
        weir.signal(signal.SIGTERM)
        self.eventually(lambda: "draining" in weir.stderr())
        code, out, _ = self.ask(weir)
        self.assertEqual(code, 3)
        self.assertIn("NOT READY", out)
        code, out, err = run_weir("status", "--admin", f"127.0.0.1:{free_port()}")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no Weir answers", err)
        done.set()
        self.assertEqual(client.response().status, 200)
        self.assertEqual(weir.wait(), 0)


if __name__ == "__main__":
    unittest.main()
