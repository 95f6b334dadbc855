#pragma once
// Jobs of OpenAI's API: created with one call, then polled, downloaded, cancelled and deleted with others. Videos are
// jobs, and so are background responses.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ai/request_facts.hpp"

namespace weir::ai {

// A path of jobs: /v1/videos and everything under it.
[[nodiscard]] bool is_video_path(std::string_view path);

// The job named in a path under /v1/videos/; empty if there is none.
[[nodiscard]] std::string_view video_id(std::string_view path);

// The price of a request for a video, in seconds of 720 x 1280: its seconds, scaled up if its area is larger. Missing
// values have the API's defaults: four seconds of the usual size. Nothing if seconds or size are not in the one form
// that every engine reads alike: digits, as a string or a number, and `WIDTHxHEIGHT`.
[[nodiscard]] std::optional<std::uint32_t> video_seconds(const RequestFacts& facts);

// The response named in a path under /v1/responses/; empty if there is none.
[[nodiscard]] std::string_view response_id(std::string_view path);

// The path at which a job is polled.
[[nodiscard]] std::string job_path(std::string_view id, bool is_response);

// What an answer reports about a job.
struct VideoJob {
    std::string id;
    bool over = false;                       // completed, failed or cancelled: no longer in progress
    std::optional<std::uint32_t> seconds{};  // of a video, as counted by video_seconds()
};

// Nothing if the text is not a job's description. `whole`: the text is complete, not just a beginning.
[[nodiscard]] std::optional<VideoJob> read_video_job(std::string_view text, bool whole = true);

// The same for a response whose events are in `text`, or begin there.
[[nodiscard]] std::optional<VideoJob> read_streamed_job(std::string_view text);

}  // namespace weir::ai
