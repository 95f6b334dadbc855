"""Pictures, sounds and files in a prompt are priced as what they are, and do not affect the learned price of text.

WEIR_PICTURES=1000 is the full number of pictures; the default is fewer."""

import base64
import json
import os
import struct
import threading
import unittest

from support.backend import hold, reply
from support.process import WeirTest
from support.waiting import scaled, stays
from support.wire import format_request

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
KIB = 1024
PICTURES = int(os.environ.get("WEIR_PICTURES", "50"))


def png(width=1024, height=1024, size=225 * KIB):
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", width, height)
    return head + os.urandom(size - len(head))


def part(kind, content):
    code = base64.b64encode(content).decode()
    return {"url": {"type": "image_url", "image_url": {"url": "data:image/png;base64," + code}},
            "source": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": code}},
            "sound": {"type": "input_audio", "input_audio": {"data": code, "format": "mp3"}}}[kind]


def body(*parts, text="what is this?"):
    return json.dumps({"model": "m", "max_tokens": 10, "messages": [
        {"role": "user", "content": [{"type": "text", "text": text}, *parts]}]}).encode()


class Pictures(WeirTest):
    def test_eight_at_once_all_run_on_an_idle_engine_and_a_text_beside_them(self):
        for kind, content in (("url", png()), ("source", png()), ("url", os.urandom(225 * KIB)), ("sound", os.urandom(225 * KIB))):
            done = threading.Event()
            backend = self.start_backend(hold(done))
            weir = self.start_weir_before(backend, capacity=16)
            clients = [self.client(weir, timeout=scaled(20)) for _ in range(9)]
            for client in clients[:8]:
                client.send(format_request("POST", CHAT, [JSON], body(part(kind, content))))
            self.assert_soon_equal(lambda: weir.inflight(), 8, kind)
            clients[8].send(format_request("POST", CHAT, [JSON], body()))
            self.assert_soon_equal(lambda: weir.inflight(), 9, kind)
            self.assertEqual(weir.waiting(), 0)
            done.set()
            for client in clients:
                self.assertEqual(client.response().status, 200)

    def test_pictures_do_not_affect_the_learned_price_of_text(self):
        def answer(peer, request):
            answered = {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 800, "completion_tokens": 1}}
            peer.send(reply(json.dumps(answered).encode(), fields=[("Content-Type", "application/json")]))
            return True
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend)
        picture = body(part("url", png(size=20 * KIB)))
        for _ in range(PICTURES):
            self.assertEqual(weir.request("POST", CHAT, [JSON], picture).status, 200)
        self.assertEqual(weir.count("weir_token_estimate_ratio"), 1)
        for _ in range(3):
            weir.request("POST", CHAT, [JSON], body(text="word " * 640))
        self.assertNotEqual(weir.count("weir_token_estimate_ratio"), 1)

    def test_text_in_the_place_of_a_picture_is_no_cheaper(self):
        done = threading.Event()
        backend = self.start_backend(hold(done))
        weir = self.start_weir_before(backend, capacity=16)
        text = base64.b64encode(os.urandom(120 * KIB)).decode()
        cheats = ({"type": "text", "text": "data:image/png;base64," + text},
                  {"type": "tool_use", "id": "t", "name": "n", "input": {"source": {"type": "base64", "data": text}}},
                  {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}})
        clients = [self.client(weir, timeout=scaled(20)) for _ in cheats]
        for client, cheat in zip(clients, cheats):
            client.send(format_request("POST", "/v1/messages", [JSON], body(cheat)))
        self.eventually(lambda: weir.waiting() == 2, "each fills the prompt pipe by itself")
        self.assertTrue(stays(lambda: weir.inflight() == 1))
        done.set()
        for client in clients:
            self.assertEqual(client.response().status, 200)


if __name__ == "__main__":
    unittest.main()
