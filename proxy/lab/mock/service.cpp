#include "lab/mock/service.hpp"

#include <fmt/format.h>

#include <ctime>

#include "base/json_text.hpp"

namespace weir::mock {

AnswerIdentity Service::next_identity() {
    return {config_.seed, ++answers_, static_cast<std::int64_t>(std::time(nullptr))};
}

std::optional<Reply> Service::page(std::string_view path) {
    if (path == "/health") return Reply{200, "text/plain; charset=utf-8", {}};
    if (path == "/metrics") {
        return Reply{200, "text/plain; version=0.0.4; charset=utf-8", engine_.metrics(config_.model)};
    }
    if (path == "/v1/models") {
        return Reply{200, "application/json",
                     fmt::format(R"({{"object":"list","data":[{{"id":{},"object":"model","created":0,)"
                                 R"("owned_by":"weir"}}]}})",
                                 json_string(config_.model))};
    }
    return std::nullopt;
}

}  // namespace weir::mock
