#include "ai/realtime.hpp"

#include <chrono>

#include "ai/json_members.hpp"
#include "ai/json_string.hpp"
#include "ai/refusal.hpp"
#include "base/json_text.hpp"

namespace weir::ai {
namespace {

std::optional<std::string_view> find_member(std::string_view text, std::string_view name) {
    JsonMembers members(text);
    while (const auto member = members.next()) {
        if (member->name == name) return member->value;
    }
    return std::nullopt;
}

}  // namespace

RealtimeEvent realtime_event(std::string_view type) {
    if (type == "response.create") return RealtimeEvent::response_create;
    if (type == "response.created") return RealtimeEvent::response_created;
    if (type == "response.done") return RealtimeEvent::response_done;
    if (type == "error") return RealtimeEvent::error;
    if (type.starts_with("response.") && type.ends_with(".delta")) return RealtimeEvent::response_delta;
    return RealtimeEvent::other;
}

std::optional<RealtimeEvent> read_realtime_event(std::string_view beginning) {
    const auto type = find_member(beginning, "type");
    if (!type) return std::nullopt;
    if (type->size() < 2 || type->front() != '"') return RealtimeEvent::other;
    return realtime_event(unescape_json(type->substr(1, type->size() - 2)).value_or(""));
}

std::string_view realtime_event_id(std::string_view written) {
    constexpr std::size_t kLongest = 512;
    return written.size() > 2 && written.size() <= kLongest && written.front() == '"' ? written : std::string_view{};
}

std::optional<std::string_view> read_realtime_rejection(std::string_view text) {
    const auto error = find_member(text, "error");
    if (!error) return std::nullopt;
    const std::string_view id = realtime_event_id(find_member(*error, "event_id").value_or(std::string_view{}));
    if (!id.empty()) return id;
    // The only error without a name that is known to be about a failed `response.create`.
    if (find_member(*error, "code") == "\"conversation_already_has_active_response\"") return std::string_view{};
    return std::nullopt;
}

std::string word_realtime_error(Reason reason, std::string_view event_id, std::string_view request_id,
                                Duration retry_after, std::string_view why) {
    std::string detail(why);
    if (retry_after > Duration::zero()) {
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(retry_after).count();
        detail = "try again in " + std::to_string(ms) + " ms";
    }
    std::string event = R"({"type":"error","event_id":)";
    append_json_string(event, request_id);
    // `{"error":{...}}`, taken apart: the client's name for its event goes inside.
    const std::string body = word_refusal(Dialect::openai, reason, 0, detail, request_id).body;
    event.append(",").append(body, 1, body.size() - 3);
    event.append(R"(,"event_id":)").append(event_id.empty() ? "null" : event_id);
    return event.append("}}");
}

}  // namespace weir::ai
