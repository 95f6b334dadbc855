#pragma once
// Jobs, as OpenAI's API has them: made with one call, asked about, downloaded, cancelled and deleted with others.
// Videos are, and so are responses that are made in the background.

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

// The response that a path under /v1/responses/ is about; empty where it is about none.
[[nodiscard]] std::string_view response_id(std::string_view path);

// Where a job of that name is asked about: the name tells a response's from a video's.
[[nodiscard]] std::string job_path(std::string_view id, bool is_response);

// What an answer says of a job.
struct VideoJob {
    std::string id;
    bool over = false;                       // completed, failed or given up: it is not being made any more
    std::optional<std::uint32_t> seconds{};  // that a video has, as video_seconds() counts them
};

// Nothing where the text is not a job's description. `whole`: it is all here, not its beginning alone.
[[nodiscard]] std::optional<VideoJob> read_video_job(std::string_view text, bool whole = true);

// The same of a response whose events are `text`, or begin so.
[[nodiscard]] std::optional<VideoJob> read_streamed_job(std::string_view text);

}  // namespace weir::ai
