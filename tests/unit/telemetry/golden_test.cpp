// The exact text that operators' dashboards, alerts and log shippers depend on.
// WEIR_UPDATE_GOLDEN=1 rewrites the files; read the diff before you commit it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "telemetry/access_line.hpp"
#include "telemetry/telemetry.hpp"
#include "unit/telemetry/samples.hpp"

namespace weir::telemetry {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = WEIR_SOURCE_DIR "/tests/golden/telemetry/" + name;
    if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
    std::stringstream expected;
    expected << std::ifstream(path).rdbuf();
    EXPECT_EQ(text, expected.str());
}

Scrape sample_scrape() {
    Scrape scrape;
    scrape.classes = {{kDirect, 3, 0, 32, 0, 1, 12}, {kBulk, 60, 16, 16, 0.1, 0.25, 40}};
    scrape.backends = {{kLarge, 2, 7}};
    scrape.endpoints.resize(2);
    scrape.endpoints[0] = {kFirst, 32, 32, 180'000, 400'000, 4'096, true, 1000, 2, 40, 1, 0.125, 0, 0};
    scrape.endpoints[0].learns_quota = true;
    scrape.endpoints[0].quota_rate = 98.5;
    scrape.endpoints[0].quota_refused = 20;
    scrape.endpoints[1] = {EndpointId{1}, 31, 32, 150'000, 0, 0, false, 900, 9, 41, 3, 0.25, 1, 6, 5, 2, 1};
    scrape.endpoints[0].answers = {{"2xx", 990}, {"500", 2}};
    scrape.endpoints[1].share = 0.5;
    scrape.workers = {{0.0005, 0}, {0.001, 1}};
    scrape.names = {{"class", 3, 512}, {"endpoint", 7, 4096}};
    scrape.certificates = {{kPublic, "/etc/weir/tls.crt", 1'790'000'000}};
    scrape.accept_pauses = 1;
    scrape.reloads_succeeded = 2;
    scrape.reloads_failed = 1;
    scrape.last_reload_successful = false;
    scrape.version = "0.1.0";
    scrape.started = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 500ms;
    scrape.resources = {12.5, 20'971'520, 70, 1024, 4};
    return scrape;
}

TEST(Golden, MetricsMatchTheFile) {
    Telemetry telemetry(2, sample_labels());
    telemetry.recorder(0).connection_opened(kPublic);
    telemetry.recorder(1).connection_opened(kPublic);
    telemetry.recorder(1).connection_closed(kPublic);
    telemetry.recorder(1).connection_refused(kPublic, ConnectionRefusal::listener_limit);
    telemetry.recorder(0).buffered(4096);
    telemetry.recorder(1).buffered(-96);
    telemetry.recorder(0).record(served_record());
    Record slow = served_record();
    slow.reason = Reason::admitted_after_wait;
    slow.first_byte = 1600ms;
    slow.queue = 1200ms;
    telemetry.recorder(1).record(slow);
    telemetry.recorder(0).record(shed_record());
    Record cheaper = served_record();
    cheaper.cls = kBulk;
    cheaper.degraded = "short-answers";
    cheaper.degraded_rules = 1;
    cheaper.spared_rules = 2;
    telemetry.recorder(1).record(cheaper);
    Record spared = shed_record();
    spared.reason = Reason::admitted;
    spared.shadow = true;
    spared.shadow_reason = Reason::class_rate;
    spared.status = 200;
    telemetry.recorder(1).record(spared);
    Record malformed;
    malformed.reason = Reason::bad_request;
    malformed.status = 400;
    telemetry.recorder(1).record(malformed);
    expect_golden("metrics.txt", telemetry.metrics(sample_scrape()));
}

TEST(Golden, LogLinesMatchTheFile) {
    Names names;
    names.update(sample_labels());
    AccessLine line(names);
    std::string text;
    text += line.write(served_record(), kArrival);
    text += line.write(shed_record(), kArrival);
    Record gone = served_record();
    gone.reason = Reason::client_gone;
    gone.queue = 7ms + 50us;
    gone.first_byte = {};
    gone.status = 0;
    gone.endpoint = kNoEndpoint;
    text += line.write(gone, kArrival);
    Record spared = served_record();
    spared.shadow = true;
    spared.shadow_reason = Reason::class_rate;
    spared.gate = "class_rate";
    spared.limit = 1200;
    spared.observed = 1200.25;
    text += line.write(spared, kArrival);
    Record malformed;
    malformed.listener = kPublic;
    malformed.reason = Reason::bad_request;
    malformed.status = 400;
    malformed.source = *IpAddress::parse("198.51.100.4");
    text += line.write(malformed, kArrival);
    expect_golden("access_log.jsonl", text);
}

}  // namespace
}  // namespace weir::telemetry
