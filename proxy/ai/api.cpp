#include "ai/api.hpp"

#include <array>
#include <utility>

namespace weir::ai {

Api api_of(std::string_view path, Dialect backend) {
    static constexpr std::array<std::pair<std::string_view, Api>, 7> kCalls{{
        {"/v1/chat/completions", Api::chat},
        {"/v1/completions", Api::completions},
        {"/v1/responses", Api::responses},
        {"/v1/embeddings", Api::embeddings},
        {"/v1/videos", Api::videos},
        {"/v1/messages", Api::messages},
        {"/v1/messages/count_tokens", Api::count_tokens},
    }};
    for (const auto& [known, api] : kCalls) {
        if (path == known) return api;
    }
    if (path.starts_with("/v1/videos/") && path.ends_with("/remix")) return Api::videos;
    return backend == Dialect::generic ? Api::generic : Api::other;
}

}  // namespace weir::ai
