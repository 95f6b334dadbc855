#include "options.hpp"

#include <stdexcept>
#include <string_view>

namespace weir::bench {
namespace {

double number(std::string_view name, const std::string& text) {
    std::size_t used = 0;
    double value = -1;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used != text.size() || text.empty() || value < 0)
        throw std::invalid_argument(std::string(name) + " wants a number, not '" + text + "'");
    return value;
}

Mode parse_mode(const std::string& text) {
    if (text == "get") return Mode::get;
    if (text == "post") return Mode::post;
    if (text == "sse") return Mode::sse;
    if (text == "idle") return Mode::idle;
    throw std::invalid_argument("--mode is one of get, post, sse and idle, not '" + text + "'");
}

}  // namespace

std::string_view help() {
    return R"(bench_loadgen: a client and a trivial backend in one epoll loop on one core, for measuring the proxy between them

  bench_loadgen --backend-listen 127.0.0.1:9000 --target 127.0.0.1:8080 --mode get --connections 64 --seconds 4

  --mode get|post    closed loop: each connection asks again as soon as it is answered
  --mode sse         each connection reads one stream of numbered events; a lost or reordered one is an error
  --mode idle        one request on each connection, then prints `holding N` and holds them for --seconds
  --target A:P       where to send requests (without it: straight to the backend, as a measure of this program itself)
  --backend-listen A:P   run the backend too, and print `backend A:P`; port 0 picks one
  --connections N    (also --streams) at once                                            [64]
  --seconds S        how long to measure; in sse mode, how long each stream lasts        [5]
  --settle S         get, post: wait at most so long until each connection is open and at work, and afterwards until
                     each has been answered while it was measured                        [15]
  --warmup S         after that and before the measurement, not counted                  [1]
  --tls-trust FILE   speak TLS 1.3 to the target, trusting the certificates in this PEM file
  --body-bytes N     of a POST, which is a chat completion's JSON                        [2048]
  --response-bytes N of an answer's body                                                 [256]
  --event-bytes N    of one event                                                        [100]
  --event-ms MS      between two events of a stream; 0: as fast as it goes               [100]
  --cancel N         sse: close N of the streams at mid-time, and say when the backend knew
  --path PATH        request target           [/v1/models for get and idle, else /v1/chat/completions]
  --header 'N: V'    one more request field, for example an API key; may be repeated. After 'connection: close' each request
                     has a connection of its own, and with TLS a full handshake
  --watch-pid PID    also report the CPU time of this process over the measured time; may be repeated

Prints one JSON line at the end. Exit code 0: measured, whatever the errors it reports; 1: could not measure; 2: usage.
)";
}

std::optional<Options> parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--help" || name == "-h") return std::nullopt;
        if (i + 1 >= argc) throw std::invalid_argument(name + " wants a value; see --help");
        const std::string value = argv[++i];
        const auto count = [&] { return static_cast<std::size_t>(number(name, value)); };
        if (name == "--mode")
            options.mode = parse_mode(value);
        else if (name == "--connections" || name == "--streams")
            options.connections = count();
        else if (name == "--seconds")
            options.seconds = number(name, value);
        else if (name == "--settle")
            options.settle = number(name, value);
        else if (name == "--tls-trust")
            options.tls_trust = value;
        else if (name == "--warmup")
            options.warmup = number(name, value);
        else if (name == "--target")
            options.target = parse_address(value);
        else if (name == "--backend-listen")
            options.backend_listen = parse_address(value);
        else if (name == "--body-bytes")
            options.body_bytes = count();
        else if (name == "--response-bytes")
            options.response_bytes = count();
        else if (name == "--event-bytes")
            options.event_bytes = count();
        else if (name == "--event-ms")
            options.event_ms = number(name, value);
        else if (name == "--cancel")
            options.cancel = count();
        else if (name == "--path")
            options.path = value;
        else if (name == "--header")
            options.headers.push_back(value);
        else if (name == "--watch-pid")
            options.watch.push_back(static_cast<int>(count()));
        else
            throw std::invalid_argument("unknown option " + name + "; see --help");
    }
    if (!options.target && !options.backend_listen)
        throw std::invalid_argument("nothing to measure: give --target, --backend-listen, or both");
    if (options.connections == 0) throw std::invalid_argument("--connections wants at least 1");
    if (options.cancel > options.connections) throw std::invalid_argument("--cancel is more than there are streams");
    return options;
}

std::string make_request(const Options& options) {
    const bool post = options.mode == Mode::post || options.mode == Mode::sse;
    std::string body;
    if (post) {
        body = options.mode == Mode::sse ? R"({"model":"bench","stream":true,"stream_options":{"include_usage":true},)"
                                         : R"({"model":"bench",)";
        body += R"("messages":[{"role":"user","content":")";
        constexpr std::string_view kTail = "\"}]}";
        while (body.size() + kTail.size() + 5 <= options.body_bytes) body += "word ";
        body += kTail;
    }
    const std::string path = !options.path.empty() ? options.path : post ? "/v1/chat/completions" : "/v1/models";
    std::string request = (post ? "POST " : "GET ") + path + " HTTP/1.1\r\nhost: bench.test\r\naccept: */*\r\n";
    for (const auto& header : options.headers) request += header + "\r\n";
    if (post) request += "content-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n";
    return request + "\r\n" + body;
}

}  // namespace weir::bench
