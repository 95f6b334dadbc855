#include "ai/asked.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "ai/json_members.hpp"

namespace weir::ai {
namespace {

constexpr std::string_view kPriority = "priority";

// Takes one character of a member's name; 0 for those that no ASCII name has. `"priorit\u0079"` is `priority` too.
char take_character(std::string_view& name) {
    char c = name.front();
    std::size_t size = 1;
    if (c == '\\' && name.size() >= 6 && name[1] == 'u') {
        unsigned code = 0;
        const char* end = name.data() + 6;
        const bool read = std::from_chars(name.data() + 2, end, code, 16).ptr == end;
        c = read && code < 0x80 ? static_cast<char>(code) : '\0';
        size = 6;
    }
    name.remove_prefix(size);
    return c;
}

bool is_priority_name(std::string_view name) {
    for (const char expected : kPriority) {
        if (name.empty() || take_character(name) != expected) return false;
    }
    return name.empty();
}

}  // namespace

std::uint32_t estimated_tokens(std::uint64_t bytes) {
    constexpr std::uint64_t kBytesPerToken = 4;
    const std::uint64_t tokens = bytes / kBytesPerToken + (bytes % kBytesPerToken != 0 ? 1 : 0);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(tokens, std::numeric_limits<std::uint32_t>::max()));
}

bool asks_for_stream(std::string_view body) {
    JsonMembers members(body);
    bool streams = false;
    // The last one counts where there are several, as most readers have it.
    while (const auto member = members.next()) {
        if (member->name == "stream") streams = member->value == "true";
    }
    return streams;
}

bool set_priority(std::string& body, unsigned priority) {
    JsonMembers members(body);
    std::vector<JsonMember> own;
    bool any_other = false;
    while (const auto member = members.next()) {
        const bool is_priority = is_priority_name(member->name);
        if (is_priority) own.push_back(*member);
        any_other |= !is_priority;
    }
    if (!members.complete()) return false;
    const std::size_t inside = *members.inside();
    std::string rest(body, inside);
    // From the back, so that what stands before keeps its place; each goes with one of the commas beside it.
    for (auto member = own.rbegin(); member != own.rend(); ++member) {
        std::size_t begin = member->begin - inside;
        std::size_t end = member->end - inside;
        const std::size_t comma = rest.find_first_not_of(" \t\r\n", end);
        if (rest[comma] == ',') {
            end = comma + 1;
        } else if (begin > 0) {
            const std::size_t before = rest.find_last_not_of(" \t\r\n", begin - 1);
            if (before != std::string::npos && rest[before] == ',') begin = before;
        }
        rest.erase(begin, end - begin);
    }
    std::string written = "\"priority\":" + std::to_string(priority) + (any_other ? "," : "");
    body.resize(inside);
    body.append(written).append(rest);
    return true;
}

}  // namespace weir::ai
