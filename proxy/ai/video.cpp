#include "ai/video.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ai/json_members.hpp"
#include "ai/json_string.hpp"

namespace weir::ai {
namespace {

constexpr std::string_view kRoot = "/v1/videos";
constexpr std::uint32_t kUsualSeconds = 4;
constexpr double kUsualArea = 720.0 * 1280.0;
constexpr std::uint32_t kMostSeconds = 3600;
constexpr std::size_t kLongestId = 128;

std::uint32_t number_in(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

// A field of a form (RFC 7578), without its quotes and parts: the text up to the end of its line.
std::string_view form_field(std::string_view body, std::string_view name) {
    std::string mark = "name=\"";
    mark.append(name).append("\"\r\n\r\n");
    const std::size_t at = body.find(mark);
    if (at == std::string_view::npos) return {};
    const std::string_view value = body.substr(at + mark.size());
    return value.substr(0, value.find("\r\n"));
}

std::string_view field_of(const RequestFacts& facts, Member member, std::string_view body) {
    if (!facts.is_object) return form_field(body, row(member).name);
    const std::string_view text = facts.raw_text(member, body);
    return text.empty() ? facts.written(member, body) : text;
}

}  // namespace

bool is_video_path(std::string_view path) {
    return path.starts_with(kRoot) && (path.size() == kRoot.size() || path[kRoot.size()] == '/');
}

std::string_view video_id(std::string_view path) {
    if (!is_video_path(path) || path.size() == kRoot.size()) return {};
    path.remove_prefix(kRoot.size() + 1);
    return path.substr(0, path.find('/'));
}

std::uint32_t video_seconds(const RequestFacts& facts, std::string_view body) {
    std::uint32_t seconds = number_in(field_of(facts, Member::seconds, body));
    if (seconds == 0) seconds = kUsualSeconds;
    const std::string_view size = field_of(facts, Member::size, body);
    const std::size_t cross = std::min(size.find('x'), size.size());
    const double area = static_cast<double>(number_in(size.substr(0, cross))) *
                        number_in(size.substr(std::min(cross + 1, size.size())));
    const double share = std::max(1.0, area / kUsualArea);
    return static_cast<std::uint32_t>(std::min<double>(std::ceil(seconds * share), kMostSeconds));
}

std::optional<VideoJob> read_video_job(std::string_view text) {
    VideoJob job;
    bool has_status = false;
    JsonMembers members(text);
    while (const auto member = members.next()) {
        const std::string_view value = member->value;
        if (value.size() < 2 || value.front() != '"') continue;
        const std::string said = unescape_json(value.substr(1, value.size() - 2)).value_or("");
        if (member->name == "id" && said.size() <= kLongestId) job.id = said;
        if (member->name != "status") continue;
        has_status = true;
        job.over = said != "queued" && said != "in_progress";
    }
    if (!members.complete() || job.id.empty() || !has_status) return std::nullopt;
    return job;
}

}  // namespace weir::ai
