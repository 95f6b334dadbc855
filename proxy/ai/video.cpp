#include "ai/video.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ai/json_members.hpp"
#include "ai/json_string.hpp"

namespace weir::ai {
namespace {

constexpr std::string_view kRoot = "/v1/videos";
constexpr std::string_view kResponses = "/v1/responses";
constexpr std::uint32_t kUsualSeconds = 4;
constexpr double kUsualArea = 720.0 * 1280.0;
constexpr std::uint32_t kMaxSeconds = 3600;
constexpr std::size_t kLongestId = 128;

// Digits only, from 1 to 999,999.
std::optional<std::uint32_t> read_digits(std::string_view text) {
    constexpr std::size_t kMaxDigits = 6;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool plain = error == std::errc{} && end == text.data() + text.size() && text.size() <= kMaxDigits;
    return plain && number > 0 && text.front() != '0' ? std::optional(number) : std::nullopt;
}

bool is_absent(const RequestFacts& facts, Member member) {
    return !facts.at(member).there() || facts.written(member) == "null";
}

// The seconds: a string of digits or a whole number.
std::optional<std::uint32_t> read_seconds(const RequestFacts& facts) {
    if (is_absent(facts, Member::seconds)) return kUsualSeconds;
    const std::string_view written = facts.written(Member::seconds);
    if (written.starts_with('"')) return read_digits(facts.text(Member::seconds));
    const auto number = read_count(written);
    return number && *number > 0 ? number : std::nullopt;
}

// `WIDTHxHEIGHT`, in pixels.
std::optional<double> area_of(std::string_view size) {
    const std::size_t cross = size.find('x');
    if (cross == std::string_view::npos) return std::nullopt;
    const auto width = read_digits(size.substr(0, cross));
    const auto height = read_digits(size.substr(cross + 1));
    return width && height ? std::optional(static_cast<double>(*width) * *height) : std::nullopt;
}

std::optional<double> read_area(const RequestFacts& facts) {
    return is_absent(facts, Member::size) ? std::optional(kUsualArea) : area_of(facts.text(Member::size));
}

// In seconds of the usual size.
std::uint32_t scaled_seconds(std::uint32_t seconds, double area) {
    const double share = std::max(1.0, area / kUsualArea);
    return static_cast<std::uint32_t>(std::min<double>(std::ceil(seconds * share), kMaxSeconds));
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
    return scaled_seconds(*seconds, *area);
}

std::string_view response_id(std::string_view path) {
    if (!path.starts_with(kResponses) || path.size() <= kResponses.size() + 1 || path[kResponses.size()] != '/')
        return {};
    path.remove_prefix(kResponses.size() + 1);
    return path.substr(0, path.find('/'));
}

std::string job_path(std::string_view id, bool is_response) {
    return std::string(is_response ? kResponses : kRoot).append("/").append(id);
}

std::optional<VideoJob> read_video_job(std::string_view text, bool whole) {
    VideoJob job;
    bool has_status = false;
    std::string seconds;
    std::string size;
    JsonMembers members(text);
    while (const auto member = members.next()) {
        const std::string_view value = member->value;
        if (value.size() < 2 || value.front() != '"') continue;
        const std::string said = unescape_json(value.substr(1, value.size() - 2)).value_or("");
        if (member->name == "id" && said.size() <= kLongestId) job.id = said;
        if (member->name == "seconds") seconds = said;
        if (member->name == "size") size = said;
        if (member->name != "status") continue;
        has_status = true;
        job.over = said != "queued" && said != "in_progress";
    }
    if ((whole && !members.complete()) || job.id.empty() || !has_status) return std::nullopt;
    if (const auto stated = read_digits(seconds))
        job.seconds = scaled_seconds(*stated, area_of(size).value_or(kUsualArea));
    return job;
}

std::optional<VideoJob> read_streamed_job(std::string_view text) {
    constexpr std::string_view kData = "data:";
    const std::size_t data = text.find(kData);
    if (data == std::string_view::npos) return std::nullopt;
    JsonMembers members(text.substr(data + kData.size()));
    while (const auto member = members.next()) {
        if (member->name == "response") return read_video_job(member->value, false);
    }
    return std::nullopt;
}

}  // namespace weir::ai
