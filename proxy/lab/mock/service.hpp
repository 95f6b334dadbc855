#pragma once
// What all connections of the stand-in share: its engine, its videos, and the pages that it shows.
//
// Single-threaded: the io_context's.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "lab/mock/answer.hpp"
#include "lab/mock/config.hpp"
#include "lab/mock/engine_driver.hpp"
#include "lab/mock/reply.hpp"
#include "lab/mock/videos.hpp"

namespace weir::mock {

class Service {
public:
    Service(boost::asio::io_context& io, MockConfig config)
        : config_(std::move(config)),
          engine_(io, config_.engine, config_.speed),
          videos_(config_.seed, config_.speed) {}

    // The answer to a GET of that path, if there is one.
    [[nodiscard]] std::optional<Reply> page(std::string_view path);

    [[nodiscard]] AnswerIdentity next_identity();
    [[nodiscard]] const MockConfig& config() const { return config_; }
    [[nodiscard]] EngineDriver& engine() { return engine_; }
    [[nodiscard]] Videos& videos() { return videos_; }

private:
    MockConfig config_;
    EngineDriver engine_;
    Videos videos_;
    std::uint64_t answers_ = 0;
};

}  // namespace weir::mock
