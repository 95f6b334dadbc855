#include "lab/mock/videos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <ctime>

#include "base/json_text.hpp"

namespace weir::mock {
namespace {

namespace json = boost::json;

constexpr std::string_view kRoot = "/v1/videos";
constexpr double kUsualArea = 720.0 * 1280.0;
constexpr std::uint32_t kMaxSeconds = 60;

Reply refused(int status, std::string message, std::string param = {}) {
    return error_reply(Dialect::openai, status, {std::move(message), std::move(param)});
}

// A field of the body: a JSON object's member, as a string or a number, or a part of a form.
std::string field_of(const json::object& object, std::string_view form, std::string_view name) {
    if (const json::value* value = object.if_contains({name.data(), name.size()})) {
        if (const json::string* text = value->if_string()) return std::string(text->data(), text->size());
        return value->is_number() ? json::serialize(*value) : std::string();
    }
    const std::string mark = fmt::format("name=\"{}\"\r\n\r\n", name);
    const std::size_t at = form.find(mark);
    if (at == std::string_view::npos) return {};
    const std::string_view value = form.substr(at + mark.size());
    return std::string(value.substr(0, value.find("\r\n")));
}

std::uint32_t number_in(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

// Pixels of `720x1280`; 0 where it is no size.
double area_of(std::string_view size) {
    const std::size_t cross = size.find('x');
    if (cross == std::string_view::npos) return 0;
    return static_cast<double>(number_in(size.substr(0, cross))) * number_in(size.substr(cross + 1));
}

}  // namespace

bool Videos::owns(std::string_view path) {
    return path == kRoot || (path.starts_with(kRoot) && path[kRoot.size()] == '/');
}

Reply Videos::answer(std::string_view method, std::string_view path, std::string_view body, TimePoint now) {
    if (path == kRoot && method == "POST") return create(body, now);
    std::string_view id = path.substr(std::min(path.size(), kRoot.size() + 1));
    const bool wants_content = id.ends_with("/content");
    if (wants_content) id.remove_suffix(std::string_view("/content").size());
    const auto job = std::find_if(jobs_.begin(), jobs_.end(), [id](const Job& known) { return known.id == id; });
    if (job == jobs_.end()) return refused(404, fmt::format("there is no video {}", id));
    if (method == "DELETE" && !wants_content) {
        Reply gone{200, "application/json",
                   fmt::format(R"({{"id":"{}","object":"video.deleted","deleted":true}})", job->id)};
        jobs_.erase(job);
        return gone;
    }
    if (method != "GET") {
        Reply wrong = refused(405, fmt::format("{} is not allowed there", method));
        wrong.allow = "GET, DELETE";
        return wrong;
    }
    return wants_content ? content(*job, now) : Reply{200, "application/json", describe(*job, now)};
}

Reply Videos::create(std::string_view body, TimePoint now) {
    boost::system::error_code error;
    const json::value document = json::parse(json::string_view(body.data(), body.size()), error);
    const json::object empty;
    const json::object& object = !error && document.is_object() ? document.get_object() : empty;
    if (field_of(object, body, "prompt").empty()) return refused(400, "prompt is required", "prompt");
    Job job;
    job.model = field_of(object, body, "model");
    if (job.model.empty()) job.model = "sora-2";
    job.size = field_of(object, body, "size");
    if (job.size.empty()) job.size = "720x1280";
    const double area = area_of(job.size);
    if (area <= 0) return refused(400, "size must be like 720x1280", "size");
    if (const std::string seconds = field_of(object, body, "seconds"); !seconds.empty()) {
        job.seconds = number_in(seconds);
        if (job.seconds < 1 || job.seconds > kMaxSeconds)
            return refused(400, "seconds must be from 1 to 60", "seconds");
    }
    job.id = fmt::format("video_{:08x}{:016x}", seed_ & 0xFFFF'FFFF, ++last_);
    job.created = std::time(nullptr);
    job.began = now;
    job.length = from_seconds(job.seconds * kSecondsPerSecond * area / kUsualArea / speed_);
    if (jobs_.size() >= kMaxJobs) {
        if (jobs_.front().began + jobs_.front().length > now) return refused(429, "there are too many videos");
        jobs_.pop_front();
    }
    jobs_.push_back(std::move(job));
    return {200, "application/json", describe(jobs_.back(), now)};
}

Reply Videos::content(const Job& job, TimePoint now) const {
    if (now < job.began + job.length) return refused(404, "the video is not ready");
    return {200, "video/mp4", std::string(job.seconds * 1024, 'v')};
}

std::string Videos::describe(const Job& job, TimePoint now) const {
    const double done = std::clamp(seconds(now - job.began) / seconds(job.length), 0.0, 1.0);
    const std::string_view status = done >= 1 ? "completed" : done > 0.02 ? "in_progress" : "queued";
    return fmt::format(R"({{"id":"{}","object":"video","created_at":{},"status":"{}","model":{},"progress":{},)"
                       R"("seconds":"{}","size":{},"error":null}})",
                       job.id, job.created, status, json_string(job.model), static_cast<int>(done * 100), job.seconds,
                       json_string(job.size));
}

}  // namespace weir::mock
