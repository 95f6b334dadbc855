// `weir endpoint`: takes an endpoint of a running Weir out of service for a while, or changes its share of the load.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/admin_client.hpp"
#include "cli/verbs.hpp"

namespace weir::cli {
namespace {

struct Flags {
    std::string backend, endpoint, action, length, why;
    std::optional<double> weight;
    std::string admin = "127.0.0.1:9901";
};

int change(const Flags& flags) {
    boost::json::object request{{"backend", flags.backend}, {"endpoint", flags.endpoint}, {"action", flags.action}};
    if (flags.weight) request["weight"] = *flags.weight;
    if (!flags.length.empty()) request["for"] = flags.length;
    if (!flags.why.empty()) request["why"] = flags.why;
    // Not a flag: every user of the machine can read those.
    const char* token = std::getenv("WEIR_ADMIN_TOKEN");
    const auto answer = post(flags.admin, "/endpoints", boost::json::serialize(request), token != nullptr ? token : "");
    if (!answer) {
        std::cerr << "weir: " << answer.error().message << "\n";
        return kErrors;
    }
    boost::system::error_code error;
    const boost::json::value row = boost::json::parse(*answer, error);
    if (error || !row.is_object() || !row.as_object().contains("by_hand")) {
        std::cerr << "weir: the answer is not the state of an endpoint\n";
        return kErrors;
    }
    const boost::json::value& hand = row.as_object().at("by_hand");
    if (hand.is_null()) {
        std::cout << fmt::format("{}: nothing is set by hand\n", flags.endpoint);
    } else {
        std::cout << fmt::format("{}: {} for {} s\n", flags.endpoint, hand.as_object().at("action").as_string().c_str(),
                                 hand.as_object().at("seconds_left").to_number<std::int64_t>());
    }
    return kSuccess;
}

}  // namespace

void add_endpoint(CLI::App& app, int& code) {
    const auto flags = std::make_shared<Flags>();
    CLI::App* verb = app.add_subcommand("endpoint",
                                        "Take an endpoint of a running Weir out of service for a while, or change its "
                                        "share of the load. WEIR_ADMIN_TOKEN: the admin listener's token.");
    verb->add_option("BACKEND", flags->backend, "the backend's name")->required();
    verb->add_option("URL", flags->endpoint, "the endpoint, as the policy writes it")->required();
    verb->add_option("ACTION", flags->action,
                     "drain: no new requests; eject: the same, then one request at a time until one succeeds; weight: "
                     "a share of the load; clear: none of these any more")
        ->required()
        ->check(CLI::IsMember({"drain", "eject", "weight", "clear"}));
    verb->add_option("--weight", flags->weight, "percent of its share, 0 to 100, for the action weight");
    verb->add_option("--for", flags->length, "how long, such as 10m; without it, an hour");
    verb->add_option("--why", flags->why, "the reason, for the log and `weir status`");
    verb->add_option("--admin", flags->admin, "address of its admin listener: HOST:PORT or unix:/PATH")
        ->capture_default_str();
    verb->callback([flags, &code] { code = change(*flags); });
}

}  // namespace weir::cli
