#include "upstream/endpoint.hpp"

#include <algorithm>
#include <cstring>

namespace weir::upstream {
namespace {

EndpointSerial next_serial() {
    static std::atomic<std::uint64_t> next{0};
    return EndpointSerial{next.fetch_add(1, std::memory_order_relaxed)};
}

bool is_same(const net::SocketAddress& a, const net::SocketAddress& b) {
    return a.size == b.size && std::memcmp(&a.storage, &b.storage, a.size) == 0;
}

std::string make_authority(const EndpointConfig& config) {
    const std::string& name = config.name();
    std::string text = name.find(':') == std::string::npos ? name : "[" + name + "]";
    if (config.port != (config.tls ? 443 : 80)) text += ":" + std::to_string(config.port);
    return text;
}

}  // namespace

void HealthState::probed(bool success, const HealthConfig& config) {
    if (success == probes_up_) {
        probe_streak_ = 0;
        return;
    }
    if (++probe_streak_ < (success ? config.rise : config.fall)) return;
    probes_up_ = success;
    probe_streak_ = 0;
    // A server that probes found down and then up again has restarted: its earlier failures no longer count.
    if (success) {
        ejected_ = false;
        failures_ = 0;
    }
}

bool HealthState::timed_out(TimePoint since, TimePoint now) {
    // Requests sent one after the other time out together too; a time-out a second later no longer belongs to them.
    constexpr Duration kBatch = std::chrono::seconds(1);
    const bool first = since >= timed_out_at_ || now - timed_out_at_ >= kBatch;
    if (first) timed_out_at_ = now;
    return first;
}

bool HealthState::request_failed(const EjectionConfig& config, bool may_eject, TimePoint now) {
    ++failures_;
    if (config.failures == 0 || failures_ < config.failures || ejected_ || !may_eject) return false;
    ejected_ = true;
    ejected_until_ = now + config.duration;
    return true;
}

void HealthState::tick(TimePoint now) {
    if (!ejected_ || now < ejected_until_) return;
    ejected_ = false;
    failures_ = 0;
}

Endpoint::Endpoint(EndpointId id, EndpointConfig config, std::shared_ptr<net::TlsContext> tls)
    : id_(id),
      serial_(next_serial()),
      config_(std::move(config)),
      authority_(make_authority(config_)),
      tls_(std::move(tls)) {
    // A literal address needs no resolver: the first request may come before the health checker's first turn.
    if (const auto literal = IpAddress::parse(config_.host)) {
        addresses_ = {net::SocketAddress::of(*literal, config_.port)};
    }
}

std::vector<net::SocketAddress> Endpoint::addresses() const {
    const std::lock_guard lock(mutex_);
    return addresses_;
}

void Endpoint::set_addresses(std::vector<net::SocketAddress> addresses) {
    if (addresses.empty()) return;
    const std::lock_guard lock(mutex_);
    const bool one_is_gone = std::any_of(addresses_.begin(), addresses_.end(), [&](const net::SocketAddress& old) {
        return std::none_of(addresses.begin(), addresses.end(), [&](const auto& one) { return is_same(one, old); });
    });
    if (one_is_gone) epoch_.fetch_add(1, std::memory_order_relaxed);
    addresses_ = std::move(addresses);
}

void Endpoint::note_fault(WhyDown fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
}

WhyDown Endpoint::why_down() const {
    const std::lock_guard lock(mutex_);
    return health_.available() ? WhyDown{} : why_down_;
}

}  // namespace weir::upstream
