// `weir reload`: makes a running process reload its policy, and waits for the outcome, which a signal alone does not
// report.

#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>

#include "base/time.hpp"
#include "cli/admin_client.hpp"
#include "cli/verbs.hpp"
#include "trials/load_and_test.hpp"

namespace weir::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kMaxWait = 30s;  // a policy is read, tested and put in force within milliseconds
constexpr int kLookEveryMs = 50;

int fail(const std::string& message) {
    std::cerr << "weir: " << message << "\n";
    return 1;
}

struct Reloads {
    std::int64_t count = 0;  // in total, successful or not
    bool successful = true;
    std::string error;
    std::string policy;  // the hash of the one in force
};

std::optional<Reloads> read(const std::string& status) {
    boost::system::error_code error;
    const boost::json::value json = boost::json::parse(status, error);
    if (error || !json.is_object() || !json.as_object().contains("reloads")) return std::nullopt;
    Reloads reloads;
    reloads.count = json.as_object().at("reloads").to_number<std::int64_t>();
    reloads.policy = json.as_object().at("policy_hash").as_string().c_str();
    const boost::json::value& last = json.as_object().at("last_reload");
    if (last.is_null()) return reloads;
    reloads.successful = last.as_object().at("successful").as_bool();
    reloads.error = last.as_object().at("error").as_string().c_str();
    return reloads;
}

int wait_for_outcome(const std::string& admin, std::int64_t before) {
    for (const TimePoint end = Clock::now() + kMaxWait; Clock::now() < end; ::poll(nullptr, 0, kLookEveryMs)) {
        const auto status = ask_status(admin);
        if (!status) return fail(status.error().message);
        const auto reloads = read(*status);
        if (!reloads || reloads->count == before) continue;
        if (!reloads->successful) return fail("reload refused, the old policy stays in force: " + reloads->error);
        std::cout << fmt::format("reloaded: policy {}\n", reloads->policy);
        return 0;
    }
    return fail(fmt::format("the outcome of the reload is unknown after {} s", seconds(kMaxWait)));
}

// 0 once the policy is in force, 1 when it was refused or the outcome is unknown. The process is signalled even if the
// policy has errors, because the signal also reopens the log. `admin` may be empty: the policy's address is used.
int reload_and_wait(const std::string& policy_file, int pid, const std::string& admin) {
    // The running process may see other things, such as files that only it may read: its own result counts.
    const policy::LoadedPolicy loaded = trials::load_and_test(policy_file, {.files = false});
    std::cerr << policy::to_text(loaded.diagnostics, loaded.sources);
    const bool good = loaded.policy && !policy::has_errors(loaded.diagnostics);
    const std::string address = !admin.empty() ? admin : good ? admin_address_of(loaded.policy->admin.bind) : "";
    const auto status = address.empty() ? Result<std::string>(Error{}) : ask_status(address);
    const auto before = status ? read(*status) : std::nullopt;
    if (pid <= 1 || ::kill(pid, SIGHUP) != 0) {
        return fail(fmt::format("cannot signal process {}: {}", pid, pid <= 1 ? "no such Weir" : std::strerror(errno)));
    }
    if (!good) return fail("the policy has errors, the old one stays in force");
    if (!status) return fail("the process was signalled, but the outcome is unknown: " + status.error().message);
    if (!before) return fail(fmt::format("what answers at {} is not Weir's admin listener", address));
    return wait_for_outcome(address, before->count);
}

}  // namespace

void add_reload(CLI::App& app, int& code) {
    struct Flags {
        std::string policy, admin;
        int pid = 0;
    };
    const auto flags = std::make_shared<Flags>();
    CLI::App* verb = app.add_subcommand(
        "reload",
        "Make a running Weir reload its policy, and wait for the outcome. Exit code 1 if the policy is refused.");
    verb->add_option("POLICY", flags->policy, "the policy file that it serves")->required();
    verb->add_option("--pid", flags->pid, "its process id")->required();
    verb->add_option("--admin", flags->admin, "address of its admin listener; default: the policy's");
    verb->callback([flags, &code] { code = reload_and_wait(flags->policy, flags->pid, flags->admin); });
}

}  // namespace weir::cli
