#include "policy/load.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

#include "policy/check.hpp"
#include "policy/descriptors.hpp"
#include "policy/expand.hpp"
#include "policy/read.hpp"
#include "policy/table.hpp"
#include "policy/yaml_tree.hpp"

namespace weir::policy {
namespace {

// The file's bytes; without them, `mark` says in `diagnostics` why.
std::optional<std::string> read_bytes(const std::string& file, const Mark& mark, Diagnostics& diagnostics) {
    const auto refuse = [&](std::string id, std::string message) {
        diagnostics.push_back({Severity::error, mark, std::move(id), std::move(message), {}, {}});
        return std::nullopt;
    };
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return refuse("no-file", fmt::format("'{}' does not exist", file));
    if (std::filesystem::is_directory(file, error)) return refuse("no-file", fmt::format("'{}' is a folder", file));
    std::ifstream stream(file, std::ios::binary);
    std::string bytes(kMaxPolicyBytes + 1, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    if (!stream.is_open() || stream.bad()) return refuse("no-file", fmt::format("'{}' cannot be read", file));
    if (bytes.size() > kMaxPolicyBytes) return refuse("too-large", fmt::format("'{}' is larger than 1 MiB", file));
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
        const std::string file = path.string();
        auto root = read_tree(file, Mark{file, 0, 0}, kPolicyShape, "");
        if (root) {
            const std::size_t inline_keys = policy_.clients.api_keys.size();
            std::optional<Node> keys = read_keys(*root);
            place_tests(*root);
            hide_token(*root);
            check({policy_, *root, keys ? &*keys : nullptr, inline_keys}, loaded_.diagnostics);
            // What could not be read says nothing of how much is needed.
            if (!root->broken) fit(*root);
        }
        policy_.hash = sha256(hashed_);
        sort_by_place(loaded_.diagnostics, file);
        if (!has_errors(loaded_.diagnostics)) loaded_.policy = std::move(policy_);
        return std::move(loaded_);
    }

private:
    // Reads one file into the policy by `shape`; returns its tree. `reason` marks what asked for the file.
    std::optional<Node> read_tree(const std::string& file, const Mark& reason, const Shape& shape,
                                  const std::string& prefix) {
        const auto bytes = read_bytes(file, reason, loaded_.diagnostics);
        if (!bytes) return std::nullopt;
        hashed_ += *bytes;
        loaded_.sources[file] = *bytes;
        auto root = parse_yaml(file, *bytes, loaded_.diagnostics);
        if (!root) return std::nullopt;
        const std::filesystem::path folder = std::filesystem::path(file).parent_path();
        expand(*root, folder, loaded_.diagnostics);
        read(shape, *root, &policy_, folder, prefix, policy_.secrets, loaded_.diagnostics);
        return root;
    }

    std::optional<Node> read_keys(Node& root) {
        if (policy_.api_keys_file.empty()) return std::nullopt;
        Node* clients = root.find("clients");
        const Node* named = clients->find("api_keys_file");
        auto keys = read_tree(policy_.api_keys_file, named->mark, kKeysFileShape, "clients.api_keys_file");
        // Names of keys are unknown now, so nothing may be concluded from their absence.
        if (!keys || keys->broken) clients->broken = true;
        return keys;
    }

    void fit(const Node& root) {
        const std::uint64_t descriptors =
            options_.file_descriptors > 0 ? options_.file_descriptors : descriptor_limit();
        fit_connections(policy_, root, descriptors, options_.served, loaded_.diagnostics);
    }

    void place_tests(const Node& root) {
        const Node* tests = root.find("tests");
        for (std::size_t i = 0; i < policy_.tests.size(); ++i) {
            const Node& node = tests->items[i];
            const Node* expect = node.find("expect");
            policy_.tests[i].mark = node.mark;
            policy_.tests[i].expect_mark = expect != nullptr ? expect->mark : node.mark;
        }
    }

    // Carets show lines of the file: not the one secret that may stand there in plain text.
    void hide_token(const Node& root) {
        const Node* token = value_at(root, "admin.token");
        if (token == nullptr || token->kind != Node::Kind::scalar) return;
        if (token->secret || token->broken) return;  // the file holds a reference
        std::string& source = loaded_.sources[token->mark.file];
        std::size_t at = 0;
        for (int line = 1; line < token->mark.line; ++line) at = source.find('\n', at) + 1;
        at = source.find(token->text, at + static_cast<std::size_t>(token->mark.column - 1));
        if (at != std::string::npos) source.replace(at, token->text.size(), token->text.size(), '*');
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
