#pragma once
// Labels and records shared by several tests.

#include <chrono>

#include "telemetry/labels.hpp"
#include "telemetry/record.hpp"

namespace weir::telemetry {

using namespace std::chrono_literals;

inline constexpr ClassId kDirect{0};
inline constexpr ClassId kBulk{1};
inline constexpr BackendId kLarge{0};
inline constexpr EndpointId kFirst{0};
inline constexpr ListenerId kPublic{0};

inline Labels sample_labels() {
    Labels labels;
    labels.classes = {{"direct", 1500ms, kLarge, true}, {"siri-bulk", std::nullopt, kLarge, true}};
    labels.backends = {{"large", true}};
    labels.endpoints = {{"large", "http://10.0.0.1:8000", true}, {"large", "http://10.0.0.2:8000", true}};
    labels.listeners = {{"public", true}};
    labels.rules = {{"short-answers", {kBulk}}, {"small-model", {kBulk, kDirect}}};
    labels.policy = "3f2a9c51";
    return labels;
}

// 2026-01-31T12:00:00.123Z
inline constexpr std::chrono::system_clock::time_point kArrival =
    std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 12h + 123ms;

// A streamed answer with status 200.
inline Record served_record() {
    Record record;
    record.listener = kPublic;
    record.cls = kDirect;
    record.backend = kLarge;
    record.endpoint = kFirst;
    record.reason = Reason::admitted;
    record.status = 200;
    record.first_byte = 240ms;
    record.duration = 2s + 345'678us;
    record.overhead = 31us + 700ns;
    record.bytes_in = 812;
    record.bytes_out = 20'417;
    record.request_id = "01HZX3V9K7Q8R2M4T6W8Y0ABCD";
    record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    record.key_name = "team-search";
    record.source = *IpAddress::parse("192.0.2.17");
    record.method = "POST";
    record.path = "/v1/chat/completions";
    record.model = "large-8b";
    record.tokens_in = {203, TokenSource::usage};
    record.tokens_out = {412, TokenSource::counted};
    return record;
}

inline Record shed_record() {
    Record record = served_record();
    record.cls = kBulk;
    record.endpoint = kNoEndpoint;
    record.reason = Reason::queue_full;
    record.gate = "queue";
    record.limit = 16;
    record.observed = 17;
    record.status = 503;
    record.first_byte = {};
    record.duration = 180us;
    record.overhead = {};
    record.bytes_out = 0;
    record.tokens_in = {};
    record.tokens_out = {};
    record.retry_count = 2;
    record.key_name = {};
    record.source = *IpAddress::parse("2001:db8::7");
    return record;
}

}  // namespace weir::telemetry
