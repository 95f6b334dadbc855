#include "ai/stored_object.hpp"

#include <algorithm>
#include <array>

#include "ai/json_members.hpp"
#include "ai/json_string.hpp"

namespace weir::ai {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kVersion = "/v1/";
constexpr std::array kKinds{"responses"sv, "files"sv,      "batches"sv,       "conversations"sv, "uploads"sv,
                            "threads"sv,   "assistants"sv, "vector_stores"sv, "containers"sv};
constexpr std::size_t kLongestId = 256;

// What follows `/v1/KIND`; its data() is null on other paths.
std::string_view after_kind(std::string_view path) {
    if (!path.starts_with(kVersion)) return {};
    path.remove_prefix(kVersion.size());
    const std::string_view kind = path.substr(0, path.find('/'));
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) return {};
    return path.substr(kind.size());
}

// Of an object that may be cut off behind it.
std::string id_in(std::string_view object) {
    JsonMembers members(object);
    while (const auto member = members.next()) {
        const std::string_view value = member->value;
        if (member->name != "id" || value.size() < 3 || value.front() != '"') continue;
        const auto id = unescape_json(value.substr(1, value.size() - 2));
        return id && id->size() <= kLongestId ? *id : std::string();
    }
    return {};
}

}  // namespace

std::string_view stored_id(std::string_view path) {
    std::string_view rest = after_kind(path);
    if (rest.size() < 2) return {};
    rest.remove_prefix(1);
    return rest.substr(0, rest.find('/'));
}

bool makes_stored(std::string_view path) {
    const std::string_view rest = after_kind(path);
    return rest.data() != nullptr && (rest.empty() || rest == "/");
}

std::string made_id(std::string_view beginning) {
    constexpr std::string_view kInEvent = "\"response\":";
    const std::size_t first = std::min(beginning.find_first_not_of(" \t\r\n"), beginning.size());
    if (beginning.substr(first).starts_with('{')) return id_in(beginning.substr(first));
    const std::size_t inner = beginning.find(kInEvent);
    return inner == std::string_view::npos ? std::string() : id_in(beginning.substr(inner + kInEvent.size()));
}

}  // namespace weir::ai
