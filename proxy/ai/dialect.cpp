#include "ai/dialect.hpp"

#include <array>

namespace weir::ai {

namespace {

constexpr std::string_view kRealtime = "/v1/realtime";

}  // namespace

bool is_realtime(std::string_view path) {
    return path.starts_with(kRealtime) && (path.size() == kRealtime.size() || path.substr(kRealtime.size()) == "/");
}

Dialect dialect_of(std::string_view path, Dialect fallback) {
    const auto is_under = [path](std::string_view prefix) {
        return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
    };
    if (is_under("/v1/messages")) return Dialect::anthropic;
    static constexpr std::array<std::string_view, 7> kOpenAi{
        "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings",
        "/v1/models",           "/v1/videos",      kRealtime};
    for (const std::string_view prefix : kOpenAi) {
        if (is_under(prefix)) return Dialect::openai;
    }
    return fallback;
}

}  // namespace weir::ai
