#include "ai/stored_object.hpp"

#include <algorithm>
#include <array>
#include <utility>

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

// The path of a kind itself: a POST to it makes one.
bool makes_stored(std::string_view path) {
    const std::string_view rest = after_kind(path);
    return rest.data() != nullptr && (rest.empty() || rest == "/");
}
bool is_batch(std::string_view path) { return path.starts_with("/v1/batches/"); }
bool completes_upload(std::string_view path) { return path.starts_with("/v1/uploads/") && path.ends_with("/complete"); }

void add_id(std::string_view value, std::vector<std::string>& ids) {
    if (value.size() < 3 || value.front() != '"') return;
    auto id = unescape_json(value.substr(1, value.size() - 2));
    if (id && id->size() <= kLongestId) ids.push_back(std::move(*id));
}

// Of an object that may be cut off.
void add_ids(std::string_view object, std::string_view path, std::vector<std::string>& ids) {
    JsonMembers members(object);
    while (const auto member = members.next()) {
        if (member->name == "id") {
            add_id(member->value, ids);
            if (makes_stored(path)) return;
        } else if (is_batch(path) && (member->name == "output_file_id" || member->name == "error_file_id")) {
            add_id(member->value, ids);
        } else if (completes_upload(path) && member->name == "file") {
            add_ids(member->value, "/v1/files", ids);
        }
    }
}

}  // namespace

std::string_view stored_id(std::string_view path) {
    std::string_view rest = after_kind(path);
    if (rest.size() < 2) return {};
    rest.remove_prefix(1);
    return rest.substr(0, rest.find('/'));
}

bool names_stored(std::string_view method, std::string_view path) {
    if (method == "POST") return makes_stored(path) || is_batch(path) || completes_upload(path);
    return method == "GET" && is_batch(path);
}

std::vector<std::string> named_ids(std::string_view path, std::string_view beginning) {
    constexpr std::string_view kInEvent = "\"response\":";
    std::vector<std::string> ids;
    const std::size_t first = std::min(beginning.find_first_not_of(" \t\r\n"), beginning.size());
    if (beginning.substr(first).starts_with('{')) {
        add_ids(beginning.substr(first), path, ids);
    } else if (const std::size_t inner = beginning.find(kInEvent); inner != std::string_view::npos) {
        add_ids(beginning.substr(inner + kInEvent.size()), path, ids);
    }
    return ids;
}

}  // namespace weir::ai
