// The policies in config/ against the keys of this code: they check clean, the reference shows every key, and the
// schema in git matches the code.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "policy/load.hpp"
#include "policy/show/print.hpp"
#include "policy/show/schema.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {
namespace {

const std::filesystem::path kConfig = std::filesystem::path(WEIR_SOURCE_DIR) / "config";

std::string contents(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// `classes[].limits.requests`: every key below a node.
void collect_written(const Node& node, const std::string& path, std::set<std::string>& written) {
    for (const Node& item : node.items) collect_written(item, path + "[]", written);
    for (const Entry& entry : node.entries) {
        const std::string here = path.empty() ? entry.key : path + "." + entry.key;
        written.insert(here);
        collect_written(entry.value, here, written);
    }
}

// The same for the schema, which holds the keys of this code; `see` gets each key with its schema. The keys of `not`
// are those of `match`, and are not visited twice.
void visit(const boost::json::object& schema, const std::string& path, const auto& see) {
    if (const auto* choices = schema.if_contains("oneOf")) {
        for (const auto& choice : choices->as_array()) visit(choice.as_object(), path, see);
    }
    if (const auto* items = schema.if_contains("items")) visit(items->as_object(), path + "[]", see);
    const auto* properties = schema.if_contains("properties");
    if (properties == nullptr) return;
    for (const auto& [key, property] : properties->as_object()) {
        const std::string here = path.empty() ? std::string(key) : path + "." + std::string(key);
        see(here, property.as_object());
        if (key != "not") visit(property.as_object(), here, see);
    }
}

TEST(Config, EveryStartingPolicyChecksClean) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kConfig)) {
        if (entry.path().extension() != ".yaml") continue;
        const LoadedPolicy loaded = load_policy(entry.path(), {.file_descriptors = 1'000'000, .secrets = false});
        EXPECT_EQ(to_text(loaded.diagnostics, loaded.sources), "") << entry.path();
        EXPECT_TRUE(loaded.policy.has_value());
        ++count;
    }
    EXPECT_GE(count, 4);
}

TEST(Config, ReferenceShowsEveryKey) {
    Diagnostics diagnostics;
    const auto root = parse_yaml("reference.yaml", contents(kConfig / "reference.yaml"), diagnostics);
    ASSERT_TRUE(root);
    std::set<std::string> written;
    collect_written(*root, "", written);
    std::size_t known = 0;
    visit(boost::json::parse(json_schema()).as_object(), "", [&](const std::string& key, const auto&) {
        EXPECT_TRUE(written.contains(key)) << key << " is missing";
        ++known;
    });
    EXPECT_GT(known, 100U);
}

TEST(Config, EveryKeyIsDocumented) {
    visit(boost::json::parse(json_schema()).as_object(), "", [](const std::string& key, const auto& property) {
        EXPECT_FALSE(property.at("description").as_string().empty()) << key;
    });
}

TEST(Config, SchemaInGitIsTheSchemaOfThisCode) {
    const auto file = kConfig / "weir.schema.json";
    if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << json_schema();
    EXPECT_EQ(json_schema(), contents(file)) << "run `weir schema > config/weir.schema.json`";
    EXPECT_TRUE(boost::json::parse(json_schema()).is_object());
}

TEST(Print, ShowsDefaultsAndHidesSecrets) {
    const LoadedPolicy loaded =
        load_policy(kConfig / "reference.yaml", {.file_descriptors = 1'000'000, .secrets = false});
    ASSERT_TRUE(loaded.policy);
    const std::string text = to_json(*loaded.policy);
    EXPECT_EQ(text.find("only-for-this-reference"), std::string::npos);
    EXPECT_EQ(text.find("856eb711"), std::string::npos);
    const auto json = boost::json::parse(text);
    EXPECT_EQ(json.at("admin").at("token"), "***");
    EXPECT_EQ(json.at("backends").at(0).at("capacity").at("requests").at("start"), 32);
    EXPECT_EQ(json.at("backends").at(0).at("capacity").at("context_tokens"), 400'000);
    const LoadedPolicy minimal = load_policy(kConfig / "minimal.yaml");
    const auto small = boost::json::parse(to_json(*minimal.policy)).at("backends").at(0).at("capacity");
    EXPECT_TRUE(small.at("requests").is_int64());
    EXPECT_TRUE(small.at("context_tokens").is_null());
    EXPECT_EQ(json.at("classes").at(0).at("limits").at("requests").at("rate"), "1200/min");
    EXPECT_EQ(json.at("classes").at(1).at("refusal").at("retry_after").at("max"), "50s");
    EXPECT_EQ(json.at("classes").at(2).at("match"), "any");
}

}  // namespace
}  // namespace weir::policy
