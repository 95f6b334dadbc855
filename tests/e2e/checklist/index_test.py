"""The checklist as a whole: every subject has its tests, and each test is where ctest finds it.

The subjects are those of RFC 9110 and RFC 9112 for an intermediary, of public advisories, and of the faults that a
gateway must survive. Of each subject at least the tests named here are kept; most have more beside them.
"""

import ast
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# subject -> tests of it, as file.Class or file.Class.test
SUBJECTS = {
    "length with encoding": ["requests_test.Requests.test_length_with_encoding"],
    "lengths": ["requests_test.Requests.test_lengths",
                "framing_test.RequestFraming.test_a_length_over_the_limit_is_refused_without_reading_the_body"],
    "encodings": ["requests_test.Requests.test_encodings",
                  "framing_test.RequestFraming.test_chunked_in_any_letter_case_is_chunked"],
    "lines and fields": ["requests_test.Requests.test_lines_and_fields"],
    "HTTP/1.0 and encodings": ["requests_test.Requests.test_http_1_0",
                               "framing_test.ResponseFraming.test_an_http_1_0_client_gets_no_chunks"],
    "chunk sizes and extensions": ["requests_test.Requests.test_chunk_sizes_and_extensions",
                                   "framing_test.RequestFraming.test_chunk_extensions_are_dropped"],
    "trailers": ["requests_test.Requests.test_trailers",
                 "framing_test.RequestFraming.test_trailers_are_neither_merged_nor_forwarded"],
    "unusual bodies": ["requests_test.Requests.test_bodies_where_none_is_usual",
                       "framing_test.RequestFraming.test_a_get_with_a_body_arrives_as_one_request"],
    "Host and target": ["requests_test.Requests.test_host_and_target",
                        "head_test.RequestHead.test_an_absolute_target_overrides_the_host"],
    "sizes of heads": ["requests_test.Requests.test_sizes_of_heads",
                       "head_test.RequestHead.test_a_head_that_is_too_large_is_431"],
    "what Connection names, and identity": ["requests_test.Requests.test_connection_and_identity",
                                            "head_test.RequestHead.test_connection_cannot_remove_the_framing"],
    "hop by hop, loops, Max-Forwards": ["requests_test.Requests.test_hop_by_hop",
                                        "head_test.RequestHead.test_a_request_that_loops_is_508"],
    "expectations": ["requests_test.Requests.test_expectations", "head_test.Continue"],
    "pipelining": ["requests_test.Requests.test_pipelining",
                   "head_test.RequestHead.test_what_follows_a_malformed_request_is_never_executed"],
    "bodies of refused requests": ["admission_test.RefusedBodies"],
    "early answers": ["relay_test.EarlyAnswers"],
    "upgrades": ["responses_test.Responses.test_an_unsolicited_101", "upgrade_test.Asking", "upgrade_test.Switching"],
    "malformed answers": ["responses_test.Responses.test_malformed_answers"],
    "backends that die": ["responses_test.Responses.test_truncated_answers",
                          "framing_test.ResponseFraming.test_a_truncated_answer_never_ends_cleanly"],
    "after the answer": ["responses_test.Responses.test_bytes_after_the_answer"],
    "event streams": ["relay_test.Streams", "faults_test.Backends.test_a_stream_of_heartbeats_alone_is_not_ended"],
    "backends that fail": ["backend_test.OneEndpoint", "backend_test.TwoEndpoints"],
    "pooled connections that close": ["relay_test.UpstreamConnections"],
    "clients that leave": ["cancel_test.ClientLeaves", "cancel_test.HalfClose"],
    "slow heads, slow bodies, clients that do not read": ["lifecycle_test.Caps", "relay_test.BackPressure",
                                                          "faults_test.Masses"],
    "descriptors exhausted": ["faults_test.Descriptors"],
    "TLS: garbage, half-open, certificates that rotate": ["tls_test.ToClients"],
    "reloads under load": ["lifecycle_test.Reload.test_fifty_reloads_under_load_cost_no_request"],
    "drain and restart": ["lifecycle_test.Drain"],
    "clocks that jump, logs that block": ["faults_test.Logs",
                                          "faults_test.Process.test_a_clock_that_jumps_changes_nothing_but_timestamps"],
    "exceptions and failed allocations": [
        "faults_test.Process.test_an_allocation_that_fails_costs_one_connection_and_is_counted"],
    "spoofed classes": ["admission_test.Classes", "admission_test.Proxies"],
    "keys in no output": ["lifecycle_test.Admin.test_no_key_token_body_or_query_is_written_anywhere"],
    "a long mixed load, and recovery": ["faults_test.Load"],
    "fuzzing": ["index_test.Index.test_every_parser_of_untrusted_input_is_fuzzed"],
}


def tests_of(path):
    """{file.Class: its tests}, of one file."""
    return {f"{path.stem}.{node.name}": [part.name for part in node.body
                                         if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")]
            for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}


def all_tests():
    return {name: tests for path in (ROOT / "tests/e2e").rglob("*_test.py") for name, tests in tests_of(path).items()}


def exists(reference, tests):
    if tests.get(reference):
        return True
    owner, _, test = reference.rpartition(".")
    return test in tests.get(owner, ())


class Index(unittest.TestCase):
    def test_every_subject_has_its_tests(self):
        tests = all_tests()
        missing = [f"{subject}: {reference}" for subject, references in SUBJECTS.items() for reference in references
                   if not exists(reference, tests)]
        self.assertEqual(missing, [])
        self.assertTrue(all(SUBJECTS.values()))

    def test_a_missing_test_is_noticed(self):
        tests = {"cancel_test.HalfClose": ["test_a"], "cancel_test.Empty": []}
        self.assertTrue(exists("cancel_test.HalfClose", tests))
        self.assertTrue(exists("cancel_test.HalfClose.test_a", tests))
        for reference in ("cancel_test.Gone", "cancel_test.Empty", "cancel_test.HalfClose.test_b"):
            self.assertFalse(exists(reference, tests), reference)

    def test_every_parser_of_untrusted_input_is_fuzzed(self):
        targets = set(re.findall(r"^weir_fuzz\((\w+)", (ROOT / "tests/fuzz/CMakeLists.txt").read_text(), re.M))
        self.assertLessEqual({"request_head", "response_head", "chunked_body", "forwarding", "policy"}, targets)
        for target in targets:
            self.assertTrue(any((ROOT / "tests/fuzz/seeds" / target).iterdir()), target)

    def test_every_file_of_the_folder_is_run(self):
        text = (ROOT / "tests/e2e/CMakeLists.txt").read_text()
        for path in Path(__file__).parent.glob("*_test.py"):
            self.assertIn(f"checklist/{path.stem.removesuffix('_test')}", text)


if __name__ == "__main__":
    unittest.main()
