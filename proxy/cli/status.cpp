// `weir status`: shows the state of a running Weir.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/admin_client.hpp"
#include "cli/verbs.hpp"

namespace weir::cli {
namespace {

std::string duration_text(std::int64_t seconds) {
    if (seconds < 120) return fmt::format("{}s", seconds);
    if (seconds < 2 * 3600) return fmt::format("{}m", seconds / 60);
    if (seconds < 2 * 86400) return fmt::format("{}h", seconds / 3600);
    return fmt::format("{}d", seconds / 86400);
}

void print_process(const boost::json::object& status) {
    std::cout << fmt::format("up {}", duration_text(status.at("uptime_seconds").to_number<std::int64_t>()));
    const boost::json::value& last = status.at("last_reload");
    if (last.is_null()) {
        std::cout << "  never reloaded";
    } else {
        const auto& reload = last.as_object();
        std::cout << fmt::format(
            "  reloaded {} ago: {}", duration_text(reload.at("seconds_ago").to_number<std::int64_t>()),
            reload.at("successful").as_bool() ? "good" : "REFUSED, the previous policy is in force");
    }
    if (const auto dropped = status.at("log_lines_dropped").to_number<std::uint64_t>(); dropped > 0) {
        std::cout << fmt::format("  {} log lines dropped", dropped);
    }
    std::cout << "\n";
    if (!last.is_null() && !last.as_object().at("successful").as_bool()) {
        std::cout << last.as_object().at("error").as_string().c_str() << "\n";
    }
}

// What an endpoint that is up takes, if that is not everything.
std::string intake_text(const boost::json::object& endpoint) {
    if (endpoint.at("trial").as_bool()) return "  on trial";
    const double share = endpoint.at("share").to_number<double>();
    return share < 1 ? fmt::format("  {:.0f}% of its share", 100 * share) : std::string();
}

std::string hand_text(const boost::json::value& hand) {
    if (hand.is_null()) return {};
    return fmt::format("  by hand: {} for another {}", hand.at("action").as_string().c_str(),
                       duration_text(hand.at("seconds_left").to_number<std::int64_t>()));
}

// What has been learned of a quota; nothing where none is.
std::string quota_text(const boost::json::object& endpoint) {
    const auto* quota = endpoint.if_contains("quota");
    if (quota == nullptr) return {};
    const double rate = quota->as_object().at("rate").to_number<double>();
    const auto refused = quota->as_object().at("refused").to_number<std::uint64_t>();
    return fmt::format("  quota {}, {} refused", rate > 0 ? fmt::format("{:.3g}/s", rate) : "of requests at once",
                       refused);
}

void print(const boost::json::object& status) {
    std::cout << fmt::format("weir {}  policy {} ({})  {}{}\n", status.at("version").as_string().c_str(),
                             status.at("policy").as_string().c_str(), status.at("policy_hash").as_string().c_str(),
                             status.at("mode").as_string().c_str(),
                             status.at("ready").as_bool() ? "" : "  NOT READY: draining");
    print_process(status);
    for (const auto& entry : status.at("backends").as_array()) {
        const auto& backend = entry.as_object();
        std::cout << fmt::format("backend {}  pressure {:.2f}{}\n", backend.at("backend").as_string().c_str(),
                                 backend.at("pressure").to_number<double>(),
                                 backend.at("panic").as_bool() ? "  PANIC: no endpoint is thought to work" : "");
        for (const auto& row : backend.at("endpoints").as_array()) {
            const auto& endpoint = row.as_object();
            const std::string why = endpoint.at("reason").as_string().c_str();
            std::cout << fmt::format("  {:4} {}  {}/{} in flight{}{}{}{}\n",
                                     endpoint.at("available").as_bool() ? "up" : "DOWN",
                                     endpoint.at("url").as_string().c_str(), endpoint.at("inflight").to_number<int>(),
                                     endpoint.at("limit").to_number<int>(), intake_text(endpoint), quota_text(endpoint),
                                     why.empty() ? "" : "  " + why, hand_text(endpoint.at("by_hand")));
        }
        for (const auto& row : backend.at("classes").as_array()) {
            const auto& cls = row.as_object();
            std::cout << fmt::format("  class {:20} {:5} in flight  {:5}/{} queued\n",
                                     cls.at("class").as_string().c_str(), cls.at("inflight").to_number<int>(),
                                     cls.at("waiting").to_number<int>(), cls.at("queue").to_number<int>());
        }
    }
}

int show_status(const std::string& admin_address) {
    const auto text = ask_status(admin_address);
    if (!text) {
        std::cerr << "weir: " << text.error().message << "\n";
        return kErrors;
    }
    boost::system::error_code error;
    const boost::json::value status = boost::json::parse(*text, error);
    if (error || !status.is_object()) {
        std::cerr << "weir: the answer is not JSON\n";
        return kErrors;
    }
    print(status.as_object());
    return status.as_object().at("ready").as_bool() ? kSuccess : kNotReady;
}

}  // namespace

void add_status(CLI::App& app, int& code) {
    const auto admin = std::make_shared<std::string>("127.0.0.1:9901");
    CLI::App* verb = app.add_subcommand(
        "status", "Show the state of a running Weir. Exit code 3 if it is not ready, 1 if none answers.");
    verb->add_option("--admin", *admin, "address of its admin listener: HOST:PORT or unix:/PATH")
        ->capture_default_str();
    verb->callback([admin, &code] { code = show_status(*admin); });
}

}  // namespace weir::cli
