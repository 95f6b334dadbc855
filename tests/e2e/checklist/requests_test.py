"""Items 1 to 14 as raw bytes from the client: Weir must do as demanded; HAProxy and nginx are asked the same."""

import unittest

from request_cases import ALL
from verdicts import CaseTest, meets, send_request


class Requests(CaseTest):
    cases = ALL
    section = "requests"
    send = staticmethod(send_request)
    meets = staticmethod(meets)

    def test_item_01_length_and_encoding(self):
        self.check(1)

    def test_item_02_lengths(self):
        self.check(2)

    def test_item_03_encodings(self):
        self.check(3)

    def test_item_04_lines_and_fields(self):
        self.check(4)

    def test_item_05_http_1_0(self):
        self.check(5)

    def test_item_06_chunk_sizes_and_extensions(self):
        self.check(6)

    def test_item_07_trailers(self):
        self.check(7)

    def test_item_08_bodies_where_none_is_usual(self):
        self.check(8)

    def test_item_09_host_and_target(self):
        self.check(9)

    def test_item_10_sizes(self):
        self.check(10)

    def test_item_11_connection_and_identity(self):
        self.check(11)

    def test_item_12_hop_by_hop(self):
        self.check(12)

    def test_item_13_expectations(self):
        self.check(13)

    def test_item_14_pipelining(self):
        self.check(14)

    def test_the_document_says_what_weir_does(self):
        self.check_document()


if __name__ == "__main__":
    unittest.main()
