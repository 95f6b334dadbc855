#pragma once
// A backend and its endpoints on a virtual clock, without sockets.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/virtual_time.hpp"
#include "upstream/backend.hpp"

namespace weir::test {

struct JudgedBackend {
    explicit JudgedBackend(int count, upstream::BackendConfig config = {})
        : backend(BackendId{0}, std::move(config), endpoints(count), [](EndpointId, const Intake&) {}) {}

    static std::vector<std::shared_ptr<upstream::Endpoint>> endpoints(int count) {
        std::vector<std::shared_ptr<upstream::Endpoint>> made;
        for (int i = 0; i < count; ++i) {
            upstream::EndpointConfig config;
            config.url = "http://10.0.0." + std::to_string(i + 1);
            made.push_back(
                std::make_shared<upstream::Endpoint>(EndpointId{static_cast<std::uint16_t>(i)}, config, nullptr));
        }
        return made;
    }
    [[nodiscard]] upstream::Endpoint& endpoint(int which) const { return *backend.endpoints()[which]; }
    [[nodiscard]] bool takes_requests(int which) const { return endpoint(which).intake().open; }
    void answer(int which, int status, int times = 1) {
        for (int i = 0; i < times; ++i) {
            backend.answered(endpoint(which), status, now);
            if (!upstream::is_endpoint_error(status)) backend.completed(endpoint(which), now);
        }
    }
    void probe(int which, bool success, upstream::HealthConfig health = {}) {
        for (std::uint32_t i = 0; i < health.fall; ++i) backend.probed(endpoint(which), success, now);
    }
    void pass(Duration time) {
        for (const TimePoint end = now + time; now < end;) backend.tick(now += std::chrono::milliseconds(100));
    }

    upstream::Backend backend;
    TimePoint now = kStart;
};

}  // namespace weir::test
