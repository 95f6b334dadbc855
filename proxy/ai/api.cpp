#include "ai/api.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace weir::ai {
namespace {

struct Call {
    std::string_view path;
    Api api;
};
constexpr auto kCalls = std::to_array<Call>({
    {"/v1/chat/completions", Api::chat},
    {"/v1/completions", Api::completions},
    {"/v1/responses", Api::responses},
    {"/v1/embeddings", Api::embeddings},
    {"/v1/videos", Api::videos},
    {"/v1/messages", Api::messages},
    {"/v1/messages/count_tokens", Api::count_tokens},
    // For clients that are given an address without a version, as Azure's and some providers' are.
    {"/chat/completions", Api::chat},
    {"/completions", Api::completions},
    {"/responses", Api::responses},
    {"/embeddings", Api::embeddings},
});
constexpr std::string_view kVideos = "/v1/videos/";
constexpr std::string_view kRemix = "/remix";

// Whether `path` equals `known`, which is in lower case, ignoring case.
bool is_like(std::string_view path, std::string_view known) {
    return path.size() == known.size() && begins_ignoring_case(path, known);
}

std::string_view without_slash(std::string_view path) {
    return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

bool is_remix(std::string_view path) {
    return path.size() > kVideos.size() + kRemix.size() && is_like(path.substr(0, kVideos.size()), kVideos) &&
           is_like(path.substr(path.size() - kRemix.size()), kRemix);
}

}  // namespace

Api api_of(std::string_view path, Dialect backend) {
    path = without_slash(path);
    for (const Call& call : kCalls) {
        if (path == call.path) return call.api;
    }
    const bool other_case = std::any_of(path.begin(), path.end(), is_capital);
    for (const Call& call : kCalls) {
        if (other_case && is_like(path, call.path)) return call.api;
    }
    if (is_remix(path)) return Api::videos;
    return backend == Dialect::generic ? Api::generic : Api::other;
}

bool names_model_in_form(std::string_view path) {
    if (path.ends_with('/')) path.remove_suffix(1);
    return path.ends_with("/audio/transcriptions") || path.ends_with("/audio/translations") ||
           path.ends_with("/images/edits") || path.ends_with("/images/variations");
}

bool is_miscased_call(std::string_view path) {
    path = without_slash(path);
    for (const Call& call : kCalls) {
        if (is_like(path, call.path)) return path != call.path;
    }
    return is_remix(path) && !(path.starts_with(kVideos) && path.ends_with(kRemix));
}

}  // namespace weir::ai
