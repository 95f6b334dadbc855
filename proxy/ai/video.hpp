#pragma once
// Video jobs, as OpenAI's API has them: made with one call, asked about, downloaded and deleted with others.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ai/request_facts.hpp"

namespace weir::ai {

// A path at which jobs are: /v1/videos, and all under it.
[[nodiscard]] bool is_video_path(std::string_view path);

// The job that a path under /v1/videos/ is about; empty where it is about none.
[[nodiscard]] std::string_view video_id(std::string_view path);

// What a request to make a video comes to, in seconds of 720 x 1280: its seconds, more of them by its area where that
// is larger. What it does not say is as the API has it: four seconds of the usual size. Nothing where seconds or size
// are not written in the one way that every engine reads alike: digits, as a string or a number, and `WIDTHxHEIGHT`.
[[nodiscard]] std::optional<std::uint32_t> video_seconds(const RequestFacts& facts);

// What an answer says of a job.
struct VideoJob {
    std::string id;
    bool over = false;  // completed, failed or given up: it is not being made any more
};

// Nothing where the text is not a job's description.
[[nodiscard]] std::optional<VideoJob> read_video_job(std::string_view text);

}  // namespace weir::ai
