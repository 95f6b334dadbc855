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

// Digits alone, from 1 to 999,999.
std::optional<std::uint32_t> read_digits(std::string_view text) {
    constexpr std::size_t kMostDigits = 6;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool plain = error == std::errc{} && end == text.data() + text.size() && text.size() <= kMostDigits;
    return plain && number > 0 && text.front() != '0' ? std::optional(number) : std::nullopt;
}

bool is_absent(const RequestFacts& facts, Member member) {
    return !facts.at(member).there() || facts.written(member) == "null";
}

// Its seconds: a string of digits, or a whole number.
std::optional<std::uint32_t> read_seconds(const RequestFacts& facts) {
    if (is_absent(facts, Member::seconds)) return kUsualSeconds;
    const std::string_view written = facts.written(Member::seconds);
    if (written.starts_with('"')) return read_digits(facts.text(Member::seconds));
    const auto number = read_count(written);
    return number && *number > 0 ? number : std::nullopt;
}

// Its area, in pixels.
std::optional<double> read_area(const RequestFacts& facts) {
    if (is_absent(facts, Member::size)) return kUsualArea;
    const std::string size = facts.text(Member::size);
    const std::size_t cross = size.find('x');
    if (cross == std::string::npos) return std::nullopt;
    const auto width = read_digits(std::string_view(size).substr(0, cross));
    const auto height = read_digits(std::string_view(size).substr(cross + 1));
    return width && height ? std::optional(static_cast<double>(*width) * *height) : std::nullopt;
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

std::optional<std::uint32_t> video_seconds(const RequestFacts& facts) {
    const auto seconds = read_seconds(facts);
    const auto area = read_area(facts);
    if (!seconds || !area) return std::nullopt;
    const double share = std::max(1.0, *area / kUsualArea);
    return static_cast<std::uint32_t>(std::min<double>(std::ceil(*seconds * share), kMostSeconds));
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
