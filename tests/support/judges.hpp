#pragma once
// Small policies for judges, as short as a test can read.

#include <string>
#include <vector>

#include "admission/judge.hpp"

namespace weir::test {

using namespace std::chrono_literals;

// A class with a queue of 16 and a queue timeout of 5 s.
inline admission::JudgeClass make_class(int id, admission::Priority priority = admission::Priority::normal) {
    admission::JudgeClass cls;
    cls.id = ClassId{static_cast<std::uint16_t>(id)};
    cls.config.name = "class-" + std::to_string(id);
    cls.config.priority = priority;
    return cls;
}

// One endpoint per number, which is the requests that it takes at once.
inline admission::JudgeConfig make_config(std::vector<admission::JudgeClass> classes,
                                          const std::vector<std::uint32_t>& endpoints) {
    admission::JudgeConfig config;
    config.classes = std::move(classes);
    config.client_table = 64;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        config.endpoints.push_back({EndpointId{static_cast<std::uint16_t>(i)}, endpoints[i]});
    }
    return config;
}

inline admission::Ask make_ask(int cls, admission::ClientKey client = 1) {
    admission::Ask ask;
    ask.cls = ClassId{static_cast<std::uint16_t>(cls)};
    ask.client = client;
    ask.can_be_cut = true;
    return ask;
}

}  // namespace weir::test
