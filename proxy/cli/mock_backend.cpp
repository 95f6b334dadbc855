// `weir mock-backend`: a stand-in AI server.

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "cli/verbs.hpp"
#include "lab/mock/mock_backend.hpp"

namespace weir::cli {
namespace {

struct Flags {
    std::string listen = "127.0.0.1:8000";
    std::string preset = "small-gpu";
    std::uint32_t slots = 0;
    std::uint64_t kv_tokens = 0;
    std::string queue = "fcfs";
    mock::MockConfig config;
};

std::optional<net::BindAddress> parse_listen(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    net::BindAddress address;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = host;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc{} || stop != end || host.empty()) return std::nullopt;
    return address;
}

int run(const Flags& flags) {
    mock::MockConfig config = flags.config;
    config.listen = *parse_listen(flags.listen);
    config.engine = *simulate::engine_preset(flags.preset);
    if (flags.slots != 0) config.engine.max_num_seqs = flags.slots;
    if (flags.kv_tokens != 0) config.engine.kv_tokens = flags.kv_tokens;
    if (flags.queue == "priority") config.engine.order = simulate::QueueOrder::priority;
    return mock::run_mock_backend(config);
}

}  // namespace

void add_mock_backend(CLI::App& app, int& code) {
    const auto flags = std::make_shared<Flags>();
    CLI::App* verb = app.add_subcommand(
        "mock-backend",
        "Run an AI server that can be overloaded: the OpenAI and Anthropic APIs over a model of a GPU, not a GPU.");
    const auto names = simulate::engine_preset_names();
    verb->add_option("--listen", flags->listen, "HOST:PORT to listen on; port 0 picks one")
        ->check([](const std::string& text) { return parse_listen(text) ? "" : "'" + text + "' is not HOST:PORT"; })
        ->capture_default_str();
    verb->add_option("--preset", flags->preset, "the engine: small-gpu is easy to overload from one machine")
        ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())))
        ->capture_default_str();
    verb->add_option("--slots", flags->slots, "sequences in one batch (max_num_seqs); default: the preset's")
        ->check(CLI::PositiveNumber);
    verb->add_option("--kv-tokens", flags->kv_tokens, "size of the KV cache; default: the preset's")
        ->check(CLI::PositiveNumber);
    verb->add_option("--queue", flags->queue, "order of the engine's queue: by arrival, or by the field `priority`")
        ->check(CLI::IsMember({"fcfs", "priority"}))
        ->capture_default_str();
    verb->add_option("--speed", flags->config.speed, "engine seconds per second: 10 is ten times as fast")
        ->check(CLI::Range(0.001, 1000.0))
        ->capture_default_str();
    verb->add_option("--seed", flags->config.seed, "seed of the words and ids it answers with")->capture_default_str();
    verb->add_option("--model", flags->config.model, "the name in /v1/models and /metrics")->capture_default_str();
    verb->add_option("--max-connections", flags->config.max_connections,
                     "connections open at once; more are closed at once")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    verb->footer("Like an engine's, its queue is unbounded: if it is overloaded, all requests wait.");
    verb->callback([flags, &code] { code = run(*flags); });
}

}  // namespace weir::cli
