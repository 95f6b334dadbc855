"""What a backend is shown: credentials of Weir's own, fields, the path and the query of its address."""

import re
import tempfile
import unittest
from pathlib import Path

from support.backend import reply, respond
from support.policy import sha256, small_policy, to_yaml
from support.process import WeirTest, run_weir

CONFIG = Path(__file__).resolve().parents[2] / "config"
CHAT = "/v1/chat/completions"
CLIENT_KEY = ("Authorization", "Bearer demo-direct-key")


def insists(**fields):
    """An engine that answers 401 unless it is shown exactly this."""
    def answer(peer, request):
        right = all(request.all(name.replace("_", "-")) == [value] for name, value in fields.items())
        peer.send(reply(b"{}") if right else reply(b"{}", "401 Unauthorized"))
        return True
    return answer


class Credentials(WeirTest):
    def start(self, answer=None, prefix="", **backend):
        engine = self.start_backend(answer)
        return engine, self.start_weir(small_policy(engine.url + prefix, backend=backend))

    def shown(self, engine, weir, path=CHAT, fields=(CLIENT_KEY,), method="GET", body=None):
        self.assertEqual(weir.request(method, path, list(fields), body).status, 200)
        return engine.requests[-1]

    def test_a_clients_key_passes_where_the_policy_says_nothing(self):
        engine, weir = self.start()
        self.assertEqual(self.shown(engine, weir).all("authorization"), ["Bearer demo-direct-key"])

    def test_and_where_it_says_pass(self):
        engine, weir = self.start(auth="pass")
        self.assertEqual(self.shown(engine, weir).all("authorization"), ["Bearer demo-direct-key"])

    def test_none_removes_every_form_of_key(self):
        engine, weir = self.start(auth="none")
        request = self.shown(engine, weir, fields=[CLIENT_KEY, ("X-Api-Key", "a"), ("api-key", "b"),
                                                   ("X-Goog-Api-Key", "c"), ("Ocp-Apim-Subscription-Key", "e"), ("apikey", "f"),
                                                   ("x-other", "d")])
        self.assertEqual([name for name in request.names() if "key" in name or name == "authorization"], [])
        self.assertEqual(request.get("x-other"), "d")

    def test_and_those_in_the_query(self):
        engine, weir = self.start(auth={"bearer": "ours"})
        query = "?key=a&b=1&api%2Dkey=c&access_token=d&subscription-key=e&apikey=f&token=g&Key=h&SUBSCRIPTION-KEY=i"
        self.assertEqual(self.shown(engine, weir, CHAT + query).target, CHAT + "?b=1")

    def test_and_that_of_a_browsers_websocket(self):
        for auth, offered in (("none", "realtime, v1"), ({"bearer": "ours"}, "realtime, v1"),
                              ("pass", "realtime, openai-insecure-api-key.theirs, v1")):
            engine, weir = self.start(respond(b"", "400 Bad Request"), auth=auth, websocket={"connections": 1})
            weir.request("GET", "/v1/realtime?model=m", [
                ("Connection", "upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.theirs, v1")])
            self.assertEqual(engine.requests[-1].get("sec-websocket-protocol"), offered, auth)

    def test_a_key_of_our_own_replaces_what_the_client_shows(self):
        for auth, name, value in (({"bearer": "ours"}, "authorization", "Bearer ours"),
                                  ({"api_key": "ours"}, "x-api-key", "ours"),
                                  ({"header": {"api-key": "ours"}}, "api-key", "ours")):
            engine, weir = self.start(insists(**{name.replace("-", "_"): value}), auth=auth)
            request = self.shown(engine, weir, fields=[CLIENT_KEY, ("X-API-Key", "theirs"), ("Api-Key", "theirs")])
            self.assertEqual([one for one in request.fields if "theirs" in one[1] or "demo" in one[1]], [], auth)

    def test_fields_are_set_and_removed_however_often_the_client_sends_them(self):
        engine, weir = self.start(headers={"set": {"x-team": "chat"}, "remove": ["x-debug"]})
        request = self.shown(engine, weir, fields=[("X-Team", "a"), ("x-team", "b"), ("X-Debug", "1"), ("X-Debugger", "2")])
        self.assertEqual((request.all("x-team"), request.all("x-debug"), request.all("x-debugger")), (["chat"], [], ["2"]))

    def test_the_path_of_the_address_comes_before_the_requests(self):
        engine, weir = self.start(prefix="/openai/deployments/x", query={"api-version": "2026-01-01"})
        self.assertEqual(self.shown(engine, weir, CHAT + "?api%2Dversion=old&b=1").target,
                         "/openai/deployments/x/chat/completions?b=1&api-version=2026-01-01")

    def test_the_host_field_is_the_policys(self):
        engine, weir = self.start(host="models.internal")
        self.assertEqual(self.shown(engine, weir).all("host"), ["models.internal"])

    def test_a_body_follows_an_edited_head_whole(self):
        engine, weir = self.start(auth={"bearer": "ours"}, prefix="/a")
        body = b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 300_000 + b'"}]}'
        request = self.shown(engine, weir, method="POST", body=body)
        self.assertEqual(request.body, body)

    def test_a_chunked_body_that_is_still_coming_follows_an_edited_head_whole(self):
        engine = self.start_backend()
        policy = small_policy(engine.url, backend={"auth": {"bearer": "our-key"}})
        policy["limits"] = {"body_before_queue": "512B"}
        weir = self.start_weir(policy)
        body = bytes(range(256)) * 20
        with weir.connect() as client:
            client.send(b"POST /v1/files HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"%x\r\n%b\r\n" % (1000, body[:1000]))
            self.eventually(lambda: weir.inflight() == 1)
            client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body) - 1000, body[1000:]))
            self.assertEqual(client.response().status, 200)
        (asked,) = engine.requests
        self.assertEqual(asked.all("authorization"), ["Bearer our-key"])
        self.assertEqual(asked.body, body)

    def test_health_checks_carry_it_all(self):
        engine, weir = self.start(insists(authorization="Bearer ours"), prefix="/a", auth={"bearer": "ours"}, host="h",
                                  health={"path": "/health", "every": "50ms", "timeout": "40ms"})
        self.eventually(lambda: any(request.target == "/a/health" for request in engine.requests))
        check = next(request for request in engine.requests if request.target == "/a/health")
        self.assertEqual((check.all("authorization"), check.all("host")), (["Bearer ours"], ["h"]))

    def test_a_key_from_a_file_is_read_again_at_a_reload(self):
        engine = self.start_backend()
        weir = self.start_weir(small_policy(engine.url, backend={"auth": {"bearer": "${file:engine.key}"}}),
                               files={"engine.key": "first\n"})
        self.assertEqual(self.shown(engine, weir).get("authorization"), "Bearer first")
        weir.write("engine.key", "second\n")
        weir.reload()
        self.assertEqual(self.shown(engine, weir).get("authorization"), "Bearer second")

    def test_no_key_is_shown_by_config_log_or_metrics(self):
        engine, weir = self.start(auth={"bearer": "ours-secret", "header": {"x-k": "other-secret"}})
        self.shown(engine, weir)
        said = weir.admin("/config").body.decode() + weir.admin("/metrics").body.decode() + weir.stderr()
        self.assertNotIn("secret", said)


class Models(WeirTest):
    """Where a backend calls a model by a name of its own."""

    def ask(self, answer, body, path=CHAT, models=None, length=True):
        def engine_answer(peer, request):
            fields = b"" if length else b"Content-Type: text/event-stream\r\nConnection: close\r\n"
            if length:
                peer.send(reply(answer))
            else:
                peer.send(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + answer)
            return length
        engine = self.start_backend(engine_answer)
        weir = self.start_weir(small_policy(engine.url, backend={"models": models or {"large": "gpt-x"}}))
        got = weir.request("POST", path, [("Content-Type", "application/json")], body)
        self.assertEqual(got.status, 200)
        return engine.requests[-1].body, got.body

    def test_are_renamed_in_the_request_and_in_the_answer(self):
        sent, got = self.ask(b'{"model":"gpt-x-2026","choices":[{"model":"gpt-x"}]}', b'{"model": "large","messages":[]}')
        self.assertEqual(sent, b'{"model": "gpt-x","messages":[]}')
        self.assertEqual(got, b'{"model":"large","choices":[{"model":"gpt-x"}]}')

    def test_and_in_every_event_of_a_stream(self):
        event = b'data: {"choices":[{"delta":{"content":"a"}}],"model":"gpt-x"}\n\n'
        _, got = self.ask(event * 3 + b"data: [DONE]\n\n", b'{"model":"large","stream":true,"messages":[]}', length=False)
        self.assertEqual(got, event.replace(b"gpt-x", b"large") * 3 + b"data: [DONE]\n\n")

    def test_of_messages_and_responses_too(self):
        _, got = self.ask(b'event: message_start\ndata: {"type":"message_start","message":{"model":"c"}}\n\n',
                          b'{"model":"large","stream":true,"max_tokens":1,"messages":[]}', "/v1/messages", length=False)
        self.assertIn(b'"message":{"model":"large"}', got)
        _, got = self.ask(b'data: {"type":"response.created","response":{"id":"r","model":"c"}}\n\n',
                          b'{"model":"large","stream":true,"input":"a"}', "/v1/responses", length=False)
        self.assertIn(b'"model":"large"}', got)

    FORM = (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"large" * 40_000 +
            b'\r\n--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nlarge\r\n--b--\r\n')

    def test_are_renamed_in_forms_at_a_fallback_too(self):
        full = self.start_backend(respond(b"{}", "429 Too Many Requests"))
        other = self.start_backend(respond(b"{}"))
        policy = small_policy(full.url, backend={"models": {"large": "gpt-x"}, "fallback": "other"})
        policy["backends"].append({"name": "other", "endpoints": other.url, "capacity": {"requests": 8},
                                   "models": {"large": "gpt-in-another-place"}})
        weir = self.start_weir(policy)
        for path in ("/v1/audio/transcriptions", "/v1/images/edits"):
            answer = weir.request("POST", path, [("Content-Type", "multipart/form-data; boundary=b")], self.FORM)
            self.assertEqual(answer.status, 200)
            self.assertEqual(full.requests[-1].body, self.FORM.replace(b"\r\nlarge\r\n", b"\r\ngpt-x\r\n"))
            self.assertEqual(other.requests[-1].body,
                             self.FORM.replace(b"\r\nlarge\r\n", b"\r\ngpt-in-another-place\r\n"))

    def test_are_renamed_in_the_query_of_a_websocket(self):
        engine = self.start_backend(respond(b"", "400 Bad Request"))
        weir = self.start_weir(small_policy(engine.url, backend={"models": {"large": "gpt-x"},
                                                                 "websocket": {"connections": 1}}))
        weir.request("GET", "/v1/realtime?a=1&model=large", [
            ("Connection", "upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
        self.assertEqual(engine.requests[-1].target, "/v1/realtime?a=1&model=gpt-x")

    def test_others_keep_their_name_and_their_bytes(self):
        sent, got = self.ask(b'{"model":"gpt-x"}', b'{"model":"small","messages":[]}')
        self.assertEqual((sent, got), (b'{"model":"small","messages":[]}', b'{"model":"gpt-x"}'))


class Check(WeirTest):
    def check(self, **backend):
        host = backend.pop("host_of", "api.example.com")
        policy = small_policy(f"{backend.pop('scheme', 'https')}://{host}", backend=backend,
                              clients={"api_keys": [{"name": "team", "sha256": sha256("k")}]})
        weir = self.enterContext(Written(policy))
        return run_weir("check", weir)[1:]

    def test_warns_where_clients_keys_would_leave(self):
        for host in ("api.example.com", "8.8.8.8", "[2001:4860::1]"):
            self.assertIn("client-keys-leave", "".join(self.check(host_of=host)), host)

    def test_says_nothing_where_that_is_meant_or_stays_inside(self):
        for backend in ({"auth": "pass"}, {"auth": "none"}, {"auth": {"bearer": "x"}}, {"host_of": "vllm.default.svc"},
                        {"host_of": "10.1.2.3"}, {"host_of": "vllm"}, {"host_of": "[fd00::1]"}):
            self.assertNotIn("client-keys-leave", "".join(self.check(**backend)), backend)

    def test_warns_of_credentials_in_clear(self):
        self.assertIn("credentials-in-clear", "".join(self.check(scheme="http", auth={"bearer": "x"})))

    def test_refuses_what_weir_writes_itself(self):
        self.assertIn("reserved-header", "".join(self.check(headers={"set": {"Content-Length": "1"}})))
        self.assertIn("reserved-header", "".join(self.check(headers={"remove": ["host"]})))


class Written:
    """A policy in a file for as long as the block lasts."""

    def __init__(self, policy):
        self.policy = policy

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="weir-e2e-")
        path = Path(self.folder.name) / "policy.yaml"
        path.write_text(to_yaml(self.policy))
        return path

    def __exit__(self, *_):
        self.folder.cleanup()


class Examples(WeirTest):
    """Each example of config/, in front of a server that insists on what it promises."""

    def serve(self, name, address, answer, env=None, files=None):
        engine = self.start_backend(answer)
        text = (CONFIG / name).read_text()
        self.assertRegex(text, re.escape(address))
        text = re.sub(re.escape(address) + r"(, http://10\.1\.0\.12:8000)?", engine.url, text)
        text = text.replace("127.0.0.1:8080", "127.0.0.1:0") + "\nadmin: { bind: 127.0.0.1:0 }\n"
        weir = self.start_weir(text, env=env, files=files)
        answer = weir.request("POST", CHAT, [CLIENT_KEY, ("Content-Type", "application/json")],
                              b'{"model":"m","messages":[]}')
        self.assertEqual(answer.status, 200, engine.requests and engine.requests[-1].head)
        return next(request for request in engine.requests if request.method == "POST")

    def test_openai(self):
        request = self.serve("openai.yaml", "https://api.openai.com", insists(authorization="Bearer sk-ours"),
                             env={"OPENAI_API_KEY": "sk-ours"})
        self.assertEqual(request.target, CHAT)

    def test_azure_openai(self):
        request = self.serve("azure-openai.yaml", "https://example.openai.azure.com", insists(api_key="ours"),
                             env={"AZURE_OPENAI_API_KEY": "ours"})
        self.assertEqual(request.target, "/openai/deployments/chat/chat/completions?api-version=2024-10-21")
        self.assertEqual(request.all("authorization"), [])

    def test_anthropic(self):
        request = self.serve("anthropic.yaml", "https://api.anthropic.com", insists(x_api_key="sk-ant-ours"),
                             env={"ANTHROPIC_API_KEY": "sk-ant-ours"})
        self.assertEqual(request.all("authorization"), [])

    def test_vllm_with_a_key(self):
        key = self.enterContext(Written({"unused": 0})).parent / "vllm"
        key.write_text("token-abc\n")
        text = (CONFIG / "vllm-api-key.yaml").read_text()
        self.assertIn("${file:/run/credentials/weir/vllm}", text)
        engine = self.start_backend(insists(authorization="Bearer token-abc"))
        text = text.replace("/run/credentials/weir/vllm", str(key)).replace(
            "[http://10.1.0.11:8000, http://10.1.0.12:8000]", engine.url).replace("127.0.0.1:8080", "127.0.0.1:0")
        weir = self.start_weir(text + "\nadmin: { bind: 127.0.0.1:0 }\n")
        self.assertEqual(weir.request("GET", CHAT, [CLIENT_KEY]).status, 200)
        self.eventually(lambda: {"/health", "/metrics"} <= {request.target for request in engine.requests})

    def test_an_engine_under_a_path(self):
        request = self.serve("ingress-path.yaml", "http://10.1.0.30", insists(host="models.internal"))
        self.assertEqual(request.target, f"/llm/large{CHAT}")
        self.assertEqual(request.all("authorization"), [])


if __name__ == "__main__":
    unittest.main()
