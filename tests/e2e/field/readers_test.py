"""Weir judges whatever a reader of JSON finds in a body, or refuses the request.

Generated bodies, in odd spellings, sizes, codings, chunkings and orders, go through Weir; what reaches the backend is read
as Python's json, Go's encoding/json (emulated: fields match without case, and the last one wins) and Node's JSON.parse
read it. Each of their readings must be what Weir judged: the class that it leads to, a length within the limit that a
rule sets, the priority that Weir writes, and no other.

WEIR_READERS=2000 is the full number of bodies; the default is fewer.
"""

import base64
import gzip
import json
import os
import random
import subprocess
import tempfile
import unittest
import zlib

from support.policy import small_policy
from support.process import WeirTest
from support.waiting import scaled

COUNT = int(os.environ.get("WEIR_READERS", "400"))
CHAT = "/v1/chat/completions"
LIMIT = 64
NAMES = ("model", "stream", "max_tokens", "max_completion_tokens", "n_predict", "service_tier", "priority", "n", "user", "x")
NODE = """
const fs = require("fs");
const take = text => { try { const v = JSON.parse(text); return v !== null && typeof v === "object" && !Array.isArray(v) ? v : null; } catch { return null; } };
const out = fs.readFileSync(process.argv[2], "utf8").split("\\n").filter(Boolean).map(line => {
  const v = take(Buffer.from(line, "base64").toString("utf8").replace(/^\\uFEFF/, ""));
  return v === null ? null : Object.fromEntries(Object.entries(v).filter(([k, w]) => w === null || typeof w !== "object"));
});
fs.writeFileSync(process.argv[3], JSON.stringify(out));
"""


def python_reads(body):
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def fold(name):
    return name.replace("\u017f", "s").replace("\u212a", "k").lower()


def go_reads(body):
    """Into a struct with the fields NAMES: keys match without case, and later ones win."""
    read = {}
    try:
        found = json.loads(body.decode("utf-8", "replace"), object_pairs_hook=lambda kv: ("object", kv))
    except (ValueError, RecursionError):
        return None
    if not (isinstance(found, tuple) and found[0] == "object"):
        return None
    for key, value in found[1]:
        name = key if key in NAMES else next((n for n in NAMES if fold(key) == n), None)
        if name and value is not None:
            read[name] = value
    return read


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)

    def spelled(self, text):
        out = ""
        for c in text:
            pick = self.rng.random()
            if pick < 0.02:
                out += "\\u%04x" % ord(c)
            elif pick < 0.025:
                out += c.upper()
            elif pick < 0.03 and c in "sk":
                out += {"s": "\u017f", "k": "\u212a"}[c]
            else:
                out += c
        return '"' + out + '"'

    def value(self, name):
        rng = self.rng
        if rng.random() < 0.04:
            return rng.choice(("null", "{}", "[]", "true", '"5"', "1e2", "-1", "1.5", "NaN", "007", '"\\ud800"', '"a\\u0000b"'))
        if name in ("model", "service_tier"):
            return self.spelled(rng.choice(("bulk-1", "small", "flex", "auto", "large")))
        if name == "stream":
            return rng.choice(("true", "false"))
        if name in ("user", "x"):
            return rng.choice(('"u"', '{"model":"bulk-9","stream":true}', '"\\"model\\":\\"bulk-1\\""', "[1,[2],{}]"))
        return str(rng.choice((0, 1, 5, 64, 65, 500, 2**31 - 1)))

    def body(self):
        rng = self.rng
        members = [(name, self.value(name)) for name in rng.sample(NAMES, rng.randint(1, len(NAMES)))]
        if rng.random() < 0.1:
            members.append((lambda name: (name, self.value(name)))(rng.choice(NAMES)))
        size = rng.choice((0, 0, 10, 1000, 50_000)) if rng.random() < 0.98 else rng.choice((1 << 20, 5 << 20, 19 << 20))
        members.append(("messages", '[{"role":"user","content":"' + "é\\n{" * (size // 6) + '"}]'))
        rng.shuffle(members)
        space = lambda: " " * rng.choice((0, 0, 1, 30))
        text = space() + "{" + ",".join(space() + self.spelled(k) + space() + ":" + space() + v + space() for k, v in members) + "}"
        raw = text.encode("utf-8", "surrogatepass")
        damage = rng.random()
        if damage < 0.03:
            raw = b"\xef\xbb\xbf" + raw
        elif damage < 0.05:
            raw += rng.choice((b"}", b" {}", b"\x00", b"x"))
        elif damage < 0.07:
            at = rng.randrange(len(raw))
            raw = raw[:at] + rng.choice((b"\xff", b"\xc0\xa2", b"\\", b'"', b"\x01", b"}")) + raw[at:]
        return raw

    def sent(self, body):
        """The request's fields and bytes: coded and framed in one way or another."""
        rng = self.rng
        fields = [("Content-Type", rng.choice(("application/json", "application/json; charset=utf-8", "text/plain")))]
        coding = rng.random()
        if coding < 0.15:
            fields.append(("Content-Encoding", "gzip"))
            body = gzip.compress(body, 1)
        elif coding < 0.25:
            fields.append(("Content-Encoding", "deflate"))
            body = zlib.compress(body, 1)
        if rng.random() < 0.4:
            pieces, at = [], 0
            while at < len(body):
                size = rng.choice((1, 7, 100, 5000)) if len(body) < 20_000 else rng.choice((30_000, 100_000))
                pieces.append(body[at:at + size])
                at += size
            framed = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
            return fields + [("Transfer-Encoding", "chunked")], framed
        return fields + [("Content-Length", str(len(body)))], body


class Readers(WeirTest):
    def test_readers_read_what_was_judged(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(
            backend.url, backend={"priority": "vllm"}, listener_limits={"body_bytes": "24MiB"},
            classes=[{"name": "bulk", "match": {"model": ["bulk-*"]}, "backend": "model", "priority": "low"},
                     {"name": "flex", "match": {"service_tier": "flex"}, "backend": "model", "priority": "low"},
                     {"name": "streams", "match": {"stream": True}, "backend": "model", "priority": "low"},
                     {"name": "rest", "match": "any", "backend": "model", "priority": "high"}],
            degrade=[{"name": "short", "when": {"class": ["bulk", "flex", "streams", "rest"], "pressure": 0},
                      "do": {"max_output_tokens": LIMIT}}]))
        maker = Maker(11)
        passed = []
        client = None
        for _ in range(COUNT):
            fields, data = maker.sent(maker.body())
            backend.requests.clear()
            client = client or weir.connect(timeout=scaled(20))
            head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields) + "\r\n"
            client.try_send(head.encode() + data)
            answer = client.response()
            self.assertIn(answer.status, (200, 400, 413))
            if answer.get("connection") == "close":
                client.close()
                client = None
            if answer.status == 200:
                passed.append((answer.get("x-request-id"), backend.requests[0].body))
            else:
                self.assertEqual(backend.requests, [])
        if client:
            client.close()
        self.assertGreater(len(passed), COUNT // 5)
        self.eventually(lambda: len(weir.access_log()) >= COUNT)
        classes = {line["request_id"]: line["class"] for line in weir.access_log()}
        for (name, body), node in zip(passed, self.node_reads([body for _, body in passed])):
            for reader, read in (("python", python_reads(body)), ("go", go_reads(body)), ("node", node)):
                if read is not None:
                    self.check(reader, read, classes[name], body)

    def node_reads(self, bodies):
        with tempfile.TemporaryDirectory() as folder:
            script, source, target = (os.path.join(folder, name) for name in ("read.js", "in", "out"))
            with open(script, "w") as file:
                file.write(NODE)
            with open(source, "w") as file:
                file.write("".join(base64.b64encode(body).decode() + "\n" for body in bodies))
            subprocess.run(["node", script, source, target], check=True, timeout=scaled(60))
            with open(target) as file:
                return json.load(file)

    def check(self, reader, read, cls, body):
        shown = (reader, cls, body[:300])
        model, tier, stream = read.get("model"), read.get("service_tier"), read.get("stream")
        expected = ("bulk" if isinstance(model, str) and model.startswith("bulk-") else "flex" if tier == "flex"
                    else "streams" if stream is True else "rest")
        self.assertEqual(cls, expected, shown)
        for name in ("max_tokens", "max_completion_tokens", "n_predict"):
            if read.get(name) is not None:
                self.assertTrue(0 <= read[name] <= LIMIT, shown)
        self.assertEqual(read.get("priority"), {"rest": 1}.get(cls, 3), shown)


if __name__ == "__main__":
    unittest.main()
