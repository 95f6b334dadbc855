// The policies people start from, held against the table of fields: they check clean, the reference shows every key,
// and the schema in git is the schema of this code.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "policy/keys/keys.hpp"
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

// The same of the table. The keys of `not` are those of `match`, and are not asked for twice.
void collect_known(const Shape& shape, const std::string& path, std::set<std::string>& known) {
    for (const Field& field : shape.fields) {
        if (field.need == Need::later) continue;
        const std::string here = path.empty() ? std::string(field.key) : path + "." + std::string(field.key);
        known.insert(here);
        if (field.shape == nullptr || field.key == "not") continue;
        collect_known(*field.shape, field.layout == Layout::maps ? here + "[]" : here, known);
    }
}

void visit(const Shape& shape, const auto& see) {
    for (const Field& field : shape.fields) {
        if (field.need == Need::later) continue;
        see(shape, field);
        if (field.shape != nullptr) visit(*field.shape, see);
    }
}

TEST(Config, EveryStartingPolicyChecksClean) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kConfig)) {
        if (entry.path().extension() != ".yaml") continue;
        const LoadedPolicy loaded = load_policy(entry.path(), {.file_descriptors = 1'000'000});
        EXPECT_EQ(to_text(loaded.diagnostics, loaded.sources), "") << entry.path();
        EXPECT_TRUE(loaded.policy.has_value());
        ++count;
    }
    EXPECT_GE(count, 4);
}

TEST(Config, ReferenceShowsEveryKeyOfTheTable) {
    Diagnostics diagnostics;
    const auto root = parse_yaml("reference.yaml", contents(kConfig / "reference.yaml"), diagnostics);
    ASSERT_TRUE(root);
    std::set<std::string> written;
    std::set<std::string> known;
    collect_written(*root, "", written);
    collect_known(kPolicyShape, "", known);
    for (const std::string& key : known) EXPECT_TRUE(written.contains(key)) << key << " is missing";
}

TEST(Config, SchemaInGitIsTheSchemaOfThisCode) {
    const auto file = kConfig / "weir.schema.json";
    if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << json_schema();
    EXPECT_EQ(json_schema(), contents(file)) << "run `weir schema > config/weir.schema.json`";
    EXPECT_TRUE(boost::json::parse(json_schema()).is_object());
}

// The default that the table tells people is the one in the struct.
TEST(Table, DefaultsAreThoseOfTheStructs) {
    visit(kPolicyShape, [](const Shape& shape, const Field& field) {
        if (field.fallback.empty() || field.print == nullptr || field.layout != Layout::scalar) return;
        const auto fresh = shape.fresh();
        const auto before = field.print(fresh.get());
        ASSERT_EQ(before.size(), 1U) << field.key;
        const auto fault = field.set(fresh.get(), field.fallback);
        ASSERT_FALSE(fault) << field.key << " " << fault->message;
        EXPECT_EQ(field.print(fresh.get()), before) << field.key;
    });
}

TEST(Table, EveryKeyIsExplained) {
    visit(kPolicyShape, [](const Shape&, const Field& field) { EXPECT_FALSE(field.doc.empty()) << field.key; });
}

TEST(Print, ShowsDefaultsAndHidesSecrets) {
    const LoadedPolicy loaded = load_policy(kConfig / "reference.yaml", {.file_descriptors = 1'000'000});
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
