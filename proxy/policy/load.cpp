#include "policy/load.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "base/plain_file.hpp"
#include "policy/checks/check.hpp"
#include "policy/checks/descriptors.hpp"
#include "policy/keys/keys.hpp"
#include "policy/keys/read.hpp"
#include "policy/yaml/expand.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {
namespace {

// The file's bytes; on failure, adds a diagnostic at `mark`.
std::optional<std::string> read_bytes(const std::string& file, const Mark& mark, Diagnostics& diagnostics) {
    const auto fail = [&](std::string_view id, std::string message) {
        refuse(diagnostics, mark, id, std::move(message));
        return std::nullopt;
    };
    if (const std::string why = why_not_plain_file(file); !why.empty()) {
        return fail("no-file", fmt::format("'{}' {}", file, why));
    }
    std::ifstream stream(file, std::ios::binary);
    std::string bytes(kMaxPolicyBytes + 1, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    if (!stream.is_open() || stream.bad()) return fail("no-file", fmt::format("'{}' cannot be read", file));
    if (bytes.size() > kMaxPolicyBytes) return fail("too-large", fmt::format("'{}' is larger than 1 MiB", file));
    return bytes;
}

std::uint64_t descriptor_limit() {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : RLIM_INFINITY;
}

class Loader {
public:
    explicit Loader(const LoadOptions& options) : options_(options) {}

    LoadedPolicy load(const std::filesystem::path& path) {
        const std::string file = options_.text ? "<stdin>" : path.string();
        loaded_.file = file;
        auto root = read_tree(file, Mark{file, 0, 0}, "", [this](Visitor& v) { describe(v, policy_); });
        if (root) {
            const std::size_t inline_keys = policy_.clients.api_keys.size();
            std::optional<Node> keys = read_keys(*root);
            place_tests(*root);
            hide_secrets(*root);
            stand_in_for_found();
            note_places(*root);
            check({policy_, *root, keys ? &*keys : nullptr, inline_keys, loaded_.diagnostics});
            // With parts unread, what is needed is unknown.
            if (!root->broken) fit(*root);
        }
        policy_.hash = sha256(hashed_);
        sort_by_place(loaded_.diagnostics, file);
        if (!has_errors(loaded_.diagnostics)) loaded_.policy = std::move(policy_);
        return std::move(loaded_);
    }

private:
    // Reads one file into the policy by its keys; returns its tree. `reason` marks where the file is named.
    std::optional<Node> read_tree(const std::string& file, const Mark& reason, const std::string& prefix,
                                  const Description& root_keys) {
        const bool given = options_.text && reason.line == 0;
        const auto bytes = given ? options_.text : read_bytes(file, reason, loaded_.diagnostics);
        if (!bytes) return std::nullopt;
        if (bytes->size() > kMaxPolicyBytes) {
            refuse(loaded_.diagnostics, reason, "too-large", "it is larger than 1 MiB");
            return std::nullopt;
        }
        hashed_ += *bytes;
        loaded_.sources[file] = *bytes;
        auto root = parse_yaml(file, *bytes, loaded_.diagnostics);
        if (!root) return std::nullopt;
        warn_of_truncation(file, *bytes);
        const std::filesystem::path folder = std::filesystem::path(file).parent_path();
        expand(*root, {folder, options_.secrets}, loaded_.diagnostics);
        read(*root, root_keys, prefix, {folder, policy_.secrets, loaded_.diagnostics});
        return root;
    }

    // A copy truncated at `250m` of `250ms` still reads as a policy. Editors end the last line.
    void warn_of_truncation(const std::string& file, const std::string& bytes) {
        if (bytes.empty() || bytes.back() == '\n') return;
        const auto lines = static_cast<int>(std::count(bytes.begin(), bytes.end(), '\n')) + 1;
        warn(loaded_.diagnostics, Mark{file, lines, 1}, "no-last-newline",
             "the last line does not end with a newline: the file may be truncated", "end it with a newline");
    }

    void note_places(const Node& root) {
        const auto note = [&](const std::string& prefix, const Node& node, const std::string& path) {
            if (const Node* value = node.find(path)) loaded_.places[prefix + path] = value->mark;
        };
        for (const std::string list : {"listeners", "backends"}) {
            const auto items = root.items_of(list);
            for (std::size_t i = 0; i < items.size(); ++i) {
                for (const char* key : {"bind", "tls"}) note(fmt::format("{}[{}].", list, i), items[i], key);
            }
        }
        note("", root, "admin.bind");
        note("", root, "logging.access.to");
    }

    std::optional<Node> read_keys(Node& root) {
        if (policy_.api_keys_file.empty()) return std::nullopt;
        Node* clients = root.find("clients");
        const Node* named = clients->find("api_keys_file");
        auto keys = read_tree(policy_.api_keys_file, named->mark, "clients.api_keys_file",
                              [this](Visitor& v) { describe_keys_file(v, policy_); });
        // The names of its keys are unknown, so nothing may be concluded from their absence.
        if (!keys || keys->broken) clients->broken = true;
        return keys;
    }

    void fit(const Node& root) {
        const std::uint64_t descriptors =
            options_.file_descriptors > 0 ? options_.file_descriptors : descriptor_limit();
        fit_connections(policy_, root, descriptors, options_.served, loaded_.diagnostics);
    }

    void place_tests(const Node& root) {
        for (std::size_t i = 0; i < policy_.tests.size(); ++i) {
            const Node& node = root.items_of("tests")[i];
            policy_.tests[i].mark = node.mark;
            policy_.tests[i].expect_mark = node.mark_at("expect");
        }
    }

    // Until endpoints are found, checks and tests take one in their place.
    void stand_in_for_found() {
        for (upstream::BackendConfig& backend : policy_.backends) {
            if (!backend.discovery || !backend.endpoints.empty()) continue;
            const upstream::EndpointConfig unknown{.url = "http://endpoint.internal", .host = "endpoint.internal"};
            backend.endpoints.push_back(backend.discovery->dns.value_or(unknown));
        }
    }

    // Carets show lines of the file, but must not show the secrets that may be there in plain text.
    void hide_secrets(const Node& root) {
        hide(root.find("admin.token"));
        for (const Node& backend : root.items_of("backends")) {
            hide(backend.find("auth.bearer"));
            hide(backend.find("auth.api_key"));
            const Node* fields = backend.find("auth.header");
            if (fields == nullptr) continue;
            for (const Entry& entry : fields->entries) hide(&entry.value);
        }
    }

    void hide(const Node* secret) {
        if (secret == nullptr || secret->kind != Node::Kind::scalar || secret->text.empty()) return;
        if (secret->secret || secret->broken) return;  // the file holds a reference
        std::string& source = loaded_.sources[secret->mark.file];
        std::size_t at = 0;
        for (int line = 1; line < secret->mark.line; ++line) at = source.find('\n', at) + 1;
        at = source.find(secret->text, at + static_cast<std::size_t>(secret->mark.column - 1));
        if (at != std::string::npos) source.replace(at, secret->text.size(), secret->text.size(), '*');
    }

    const LoadOptions& options_;
    LoadedPolicy loaded_;
    Policy policy_;
    std::string hashed_;
};

}  // namespace

LoadedPolicy load_policy(const std::filesystem::path& path, const LoadOptions& options) {
    return Loader(options).load(path);
}

}  // namespace weir::policy
