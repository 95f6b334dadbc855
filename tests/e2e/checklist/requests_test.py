"""Requests as raw bytes from the client: Weir must do as demanded; HAProxy and nginx are asked the same."""

import unittest

import request_cases
from verdicts import CaseTest, meets, send_request


class Requests(CaseTest):
    cases = request_cases.ALL
    section = "requests"
    send = staticmethod(send_request)
    meets = staticmethod(meets)

    def test_length_with_encoding(self):
        self.check(request_cases.LENGTH_WITH_ENCODING)

    def test_lengths(self):
        self.check(request_cases.LENGTHS)

    def test_encodings(self):
        self.check(request_cases.ENCODINGS)

    def test_lines_and_fields(self):
        self.check(request_cases.LINES_AND_FIELDS)

    def test_http_1_0(self):
        self.check(request_cases.HTTP_1_0)

    def test_chunk_sizes_and_extensions(self):
        self.check(request_cases.CHUNKS)

    def test_trailers(self):
        self.check(request_cases.TRAILERS)

    def test_bodies_where_none_is_usual(self):
        self.check(request_cases.UNUSUAL_BODIES)

    def test_host_and_target(self):
        self.check(request_cases.HOST_AND_TARGET)

    def test_sizes_of_heads(self):
        self.check(request_cases.SIZES)

    def test_connection_and_identity(self):
        self.check(request_cases.IDENTITY)

    def test_hop_by_hop(self):
        self.check(request_cases.HOP_BY_HOP)

    def test_expectations(self):
        self.check(request_cases.EXPECTATIONS)

    def test_pipelining(self):
        self.check(request_cases.PIPELINING)

    def test_the_document_says_what_weir_does(self):
        self.check_document()


if __name__ == "__main__":
    unittest.main()
