#include "gateway/discovery.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <sstream>
#include <utility>

#include "base/ascii.hpp"
#include "base/plain_file.hpp"
#include "gateway/look_up_pace.hpp"
#include "policy/forms/forms.hpp"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using upstream::DiscoveryConfig;
using upstream::EndpointConfig;

constexpr Duration kFileEvery = 500ms;
constexpr std::size_t kMaxFileBytes = 1024 * 1024;

EndpointConfig endpoint_at(const EndpointConfig& common, const net::Dns::Found& found) {
    EndpointConfig endpoint = common;
    endpoint.host = found.address.ip().to_string();
    endpoint.port = found.address.port();
    endpoint.found_as = found.host;
    endpoint.weight = found.weight;
    endpoint.url = fmt::format("http{}://{}{}", common.tls ? "s" : "", found.address.to_string(), common.path);
    return endpoint;
}

}  // namespace

// Where one backend's endpoints come from.
class Discovery::Source : private net::Wakeable {
public:
    Source(net::EventLoop& owner, std::string backend, DiscoveryConfig config, const std::function<void()>& on_change)
        : Wakeable(owner),
          timer_(owner.timers(), *this),
          backend_(std::move(backend)),
          config_(std::move(config)),
          on_change_(on_change) {
        wake();
    }
    virtual ~Source() = default;

    [[nodiscard]] const DiscoveryConfig& config() const { return config_; }
    [[nodiscard]] const std::vector<EndpointConfig>& endpoints() const { return endpoints_; }

protected:
    virtual void look() = 0;

    [[nodiscard]] const std::string& backend() const { return backend_; }
    void look_again_at(TimePoint when) { timer_.set(when); }
    [[nodiscard]] TimePoint now() const { return const_cast<Source*>(this)->loop().now(); }

    void found(std::vector<EndpointConfig> endpoints) {
        // In one order, so that the same set is no change, and the bound cuts off the same ones.
        const auto by_url = [](const EndpointConfig& a, const EndpointConfig& b) { return a.url < b.url; };
        const auto same_url = [](const EndpointConfig& a, const EndpointConfig& b) { return a.url == b.url; };
        std::sort(endpoints.begin(), endpoints.end(), by_url);
        endpoints.erase(std::unique(endpoints.begin(), endpoints.end(), same_url), endpoints.end());
        complaint_.clear();
        note_excess(endpoints.size());
        if (endpoints.size() > config_.max) endpoints.resize(config_.max);
        if (endpoints == endpoints_) return;
        spdlog::info("backend {}: {} endpoints, {} before", backend_, endpoints.size(), endpoints_.size());
        endpoints_ = std::move(endpoints);
        on_change_();
    }

    // Once for each reason.
    void complain(const std::string& why) {
        if (std::exchange(complaint_, why) == why) return;
        spdlog::warn("backend {}: {}; {} endpoints stay", backend_, why, endpoints_.size());
    }

private:
    void run() override { look(); }

    // Once for each number.
    void note_excess(std::size_t count) {
        if (std::exchange(found_, count) == count || count <= config_.max) return;
        spdlog::warn("backend {}: {} endpoints were found, and only the first {} are used (endpoints.max)", backend_,
                     count, config_.max);
    }

    net::Timer timer_;
    std::string backend_;
    DiscoveryConfig config_;
    const std::function<void()>& on_change_;
    std::vector<EndpointConfig> endpoints_;
    std::size_t found_ = 0;  // including those beyond the bound
    std::string complaint_;  // of the last look; empty: none
};

class Discovery::DnsSource final : public Source {
public:
    DnsSource(net::EventLoop& loop, net::Dns& dns, std::string backend, DiscoveryConfig config,
              const std::function<void()>& on_change, const IsDown& is_down)
        : Source(loop, std::move(backend), std::move(config), on_change), dns_(dns), is_down_(is_down) {}

private:
    void look() override {
        if (asking_) return;
        if (!pace_.is_due(now(), is_down_(backend()))) return look_again_at(pace_.next(now()));
        asking_ = true;
        const EndpointConfig& name = *config().dns;
        dns_.ask({name.host, name.port, config().is_service(), config().servers},
                 [this, alive = std::weak_ptr<char>(alive_)](const net::Dns::Answer& answer) {
                     if (!alive.expired()) answered(answer);
                 });
    }

    void answered(const net::Dns::Answer& answer) {
        asking_ = false;
        if (!answer.error.empty()) {
            pace_.failed(now());
            look_again_at(pace_.next(now()));
            return complain(fmt::format("cannot look up {}: {}", config().dns->host, answer.error));
        }
        pace_.answered(now(), answer.ttl);
        look_again_at(pace_.next(now()));
        std::vector<EndpointConfig> endpoints;
        for (const net::Dns::Found& one : answer.found) {
            endpoints.push_back(endpoint_at(*config().dns, one));
            // Its addresses are those of one name, not of each target.
            if (!config().is_service()) endpoints.back().found_as = config().dns->host;
        }
        found(std::move(endpoints));
    }

    net::Dns& dns_;
    const IsDown& is_down_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();  // answers of the resolver come while it is there
    bool asking_ = false;
    LookUpPace pace_;
};

class Discovery::FileSource final : public Source {
public:
    using Source::Source;

private:
    // The file is asked for its date, not watched: that sees a link that is changed to another folder, as Kubernetes
    // does, and works on every file system.
    void look() override {
        look_again_at(now() + kFileEvery);
        struct stat status {};
        // A named pipe in its place would block the thread that opens it.
        const std::string why = why_not_plain_file(config().file);
        if (!why.empty() || ::stat(config().file.c_str(), &status) != 0) {
            version_ = {};
            return reject(why.empty() ? "cannot be read" : why);
        }
        const Version version{std::uint64_t{status.st_ino}, static_cast<std::uint64_t>(status.st_size),
                              static_cast<std::uint64_t>(status.st_mtim.tv_sec),
                              static_cast<std::uint64_t>(status.st_mtim.tv_nsec)};
        if (version == version_) return;
        const auto text = read_plain_file(config().file, kMaxFileBytes);
        if (!text) return reject(text.error().message);
        version_ = version;
        read(*text);
    }

    void read(const std::string& text) {
        std::vector<EndpointConfig> endpoints;
        std::istringstream lines(text);
        std::string line;
        for (int number = 1; std::getline(lines, line); ++number) {
            const std::string_view url = trim(std::string_view(line).substr(0, line.find('#')), " \t\r");
            if (url.empty()) continue;
            auto reading = policy::kEndpoint.parse(url);
            // As with a policy: one that has a mistake changes nothing.
            if (!reading.value) return reject(fmt::format("line {} {}", number, reading.fault.message));
            endpoints.push_back(std::move(*reading.value));
        }
        if (endpoints.empty()) return reject("has no endpoints");
        found(std::move(endpoints));
    }

    void reject(std::string_view why) { complain(fmt::format("{} {}", config().file, why)); }

    using Version = std::array<std::uint64_t, 4>;
    Version version_{};
};

Discovery::Discovery(net::EventLoop& loop, net::Dns& dns, std::function<void()> on_change, IsDown is_down)
    : loop_(loop), dns_(dns), on_change_(std::move(on_change)), is_down_(std::move(is_down)) {}

Discovery::~Discovery() = default;

void Discovery::watch(const std::vector<upstream::BackendConfig>& backends) {
    std::map<std::string, std::unique_ptr<Source>> sources;
    for (const upstream::BackendConfig& backend : backends) {
        if (!backend.discovery) continue;
        std::unique_ptr<Source>& source = sources[backend.name];
        const auto known = sources_.find(backend.name);
        if (known != sources_.end() && known->second->config() == *backend.discovery) {
            source = std::move(known->second);
        } else if (backend.discovery->dns) {
            source = std::make_unique<DnsSource>(loop_, dns_, backend.name, *backend.discovery, on_change_, is_down_);
        } else {
            source = std::make_unique<FileSource>(loop_, backend.name, *backend.discovery, on_change_);
        }
    }
    sources_ = std::move(sources);
}

void Discovery::fill(policy::Policy& policy) const {
    for (upstream::BackendConfig& backend : policy.backends) {
        if (!backend.discovery) continue;
        const auto source = sources_.find(backend.name);
        const bool known = source != sources_.end() && source->second->config() == *backend.discovery;
        backend.endpoints = known ? source->second->endpoints() : std::vector<EndpointConfig>{};
    }
}

}  // namespace weir::gateway
