#include "http/field.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

namespace weir::http {
namespace {

struct Row {
    std::string_view name;
    FieldId id;
};

constexpr Row kTable[] = {
    {"Host", FieldId::host},
    {"Content-Length", FieldId::content_length},
    {"Transfer-Encoding", FieldId::transfer_encoding},
    {"Expect", FieldId::expect},
    {"Max-Forwards", FieldId::max_forwards},
    {"Via", FieldId::via},
    {"Connection", FieldId::connection},
    {"Keep-Alive", FieldId::hop_by_hop},
    {"Proxy-Connection", FieldId::hop_by_hop},
    {"Proxy-Authenticate", FieldId::hop_by_hop},
    {"Proxy-Authorization", FieldId::hop_by_hop},
    {"Trailer", FieldId::hop_by_hop},
    {"HTTP2-Settings", FieldId::hop_by_hop},
    {"TE", FieldId::te},
    {"Upgrade", FieldId::upgrade},
    {"X-Forwarded-For", FieldId::forwarded_for},
    {"X-Forwarded-Host", FieldId::identity},
    {"X-Forwarded-Proto", FieldId::identity},
    {"X-Forwarded-Anything-At-All-However-Long-It-May-Be", FieldId::identity},
    {"X-Forwarded", FieldId::identity},
    {"Forwarded", FieldId::identity},
    {"X-Real-IP", FieldId::identity},
    {"X-Weir-Class", FieldId::identity},
    {"X-Weir-", FieldId::identity},
    {"X-Weir-Something-That-Is-Longer-Than-Any-Known-Name", FieldId::identity},
    {"Proxy", FieldId::claim},
    {"X-Original-URL", FieldId::claim},
    {"X-Original-Host", FieldId::claim},
    {"X-Rewrite-URL", FieldId::claim},
    {"X-Host", FieldId::claim},
    {"X-HTTP-Method", FieldId::claim},
    {"X-HTTP-Method-Override", FieldId::claim},
    {"X-Method-Override", FieldId::claim},
    {"True-Client-IP", FieldId::claim},
    {"Client-IP", FieldId::claim},
    {"X-Client-IP", FieldId::claim},
    {"X-Cluster-Client-IP", FieldId::claim},
    {"CF-Connecting-IP", FieldId::claim},
    {"CF-Connecting-IPv6", FieldId::claim},
    {"Fastly-Client-IP", FieldId::claim},
    {"X-SSL-Client-CN", FieldId::claim},
    {"X-SSL-Cert", FieldId::claim},
    {"SSL-Client-Verify", FieldId::claim},
    {"X-Client-Cert-Chain", FieldId::claim},
    {"Client-Cert", FieldId::claim},
    {"X-ARR-ClientCert", FieldId::claim},
    {"X-ARR-SSL", FieldId::claim},
    {"X-Dynamo-Request-Priority", FieldId::engine_hint},
    {"X-SMG-Priority", FieldId::engine_hint},
    {"X-LLM-D-Anything", FieldId::engine_hint},
    {"X-Gateway-Inference-Objective", FieldId::engine_hint},
    {"X-Prefiller-Host-Port", FieldId::engine_hint},
    {"Authorization", FieldId::authorization},
    {"X-Api-Key", FieldId::api_key},
    {"Api-Key", FieldId::api_key},
    {"Content-Type", FieldId::content_type},
    {"X-Request-Id", FieldId::request_id},
    {"Traceparent", FieldId::traceparent},
    {"X-Stainless-Retry-Count", FieldId::retry_count},
    {"X-Stainless-Read-Timeout", FieldId::read_timeout},
    {"Date", FieldId::date},
    {"X-Weird", FieldId::other},
    {"Forwarded-For", FieldId::other},
    {"X", FieldId::other},
    {"X-", FieldId::other},
    {"Proxying", FieldId::other},
    {"X-Client-IPs", FieldId::other},
    {"X-Hosted", FieldId::other},
    {"X-Stainless-Arch", FieldId::other},
    {"CF-Ray", FieldId::other},
    {"Client", FieldId::other},
    {"_", FieldId::other},
    {"", FieldId::other},
    {"Hosts", FieldId::other},
    {"ContentLength", FieldId::other},
};

TEST(Identify, KnowsEveryNameInEveryCase) {
    for (const Row& row : kTable) {
        std::string lower(row.name);
        std::string upper(row.name);
        for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        EXPECT_EQ(identify(row.name), row.id) << row.name;
        EXPECT_EQ(identify(lower), row.id) << lower;
        EXPECT_EQ(identify(upper), row.id) << upper;
    }
}

// Backends that follow CGI read `_` and `-` as one.
TEST(Identify, RecognisesAnIdentityFieldWithUnderscores) {
    for (const auto* name : {"X_Forwarded_For", "X-Forwarded_For", "x_forwarded-host", "X_Real_IP", "X-Real_IP",
                             "X_Weir_Class", "X-Weir_Class", "X_WEIR-CLASS"}) {
        EXPECT_EQ(identify(name), FieldId::identity) << name;
    }
    for (const auto* name : {"x_original_url", "X-Original_URL", "True_Client_IP", "true-client_ip", "ssl_client_s_dn",
                             "X_HTTP_Method_Override", "X_Ssl-Client_Cn", "CF_Connecting_IP", "x_arr_clientcert"}) {
        EXPECT_EQ(identify(name), FieldId::claim) << name;
    }
}

TEST(Identify, RecognisesFramingFieldsWithUnderscores) {
    EXPECT_EQ(identify("Content_Length"), FieldId::hop_by_hop);
    EXPECT_EQ(identify("transfer_encoding"), FieldId::hop_by_hop);
}

TEST(Identify, RecognisesNoOtherNamesWithUnderscores) {
    EXPECT_EQ(identify("x_api_key"), FieldId::other);
    EXPECT_EQ(identify("content_type"), FieldId::other);
}

TEST(Trim, RemovesSpacesAndTabsFromBothEnds) {
    EXPECT_EQ(trim(" \t a b\t "), "a b");
    EXPECT_EQ(trim(" \t"), "");
    EXPECT_EQ(trim(""), "");
}

TEST(EqualsIgnoringCase, FoldsLettersOnly) {
    EXPECT_TRUE(equals_ignoring_case("aBz-1", "AbZ-1"));
    EXPECT_FALSE(equals_ignoring_case("@", "`"));
    EXPECT_FALSE(equals_ignoring_case("[", "{"));
    EXPECT_FALSE(equals_ignoring_case("a", "ab"));
}

TEST(ForEachMember, SkipsEmptyOnes) {
    std::vector<std::string> members;
    for_each_member(", a ,,\tb c, ", [&](std::string_view member) { members.emplace_back(member); });
    EXPECT_THAT(members, testing::ElementsAre("a", "b c"));
}

TEST(FieldTable, FindsTheOnlyFieldOfAName) {
    FieldTable fields;
    for (const auto& [name, value] : {std::pair("A", "1"), std::pair("B", "2"), std::pair("b", "3")}) {
        ASSERT_TRUE(fields.add({name, value, FieldId::other}));
    }
    EXPECT_EQ(fields.find_single("a")->value, "1");
    EXPECT_EQ(fields.find_single("B"), nullptr);
    EXPECT_EQ(fields.find_single("C"), nullptr);
    EXPECT_EQ(fields.find(FieldId::other)->value, "1");
    EXPECT_EQ(fields.find(FieldId::host), nullptr);
}

TEST(FieldTable, KnowsItsIds) {
    FieldTable fields;
    for (const FieldId id : {FieldId::other, FieldId::date}) {
        EXPECT_FALSE(fields.has(id));
        ASSERT_TRUE(fields.add({"A", "1", id}));
        EXPECT_TRUE(fields.has(id));
    }
    EXPECT_FALSE(fields.has(FieldId::host));
    EXPECT_EQ(fields.find(FieldId::date), fields.end() - 1);
    fields.clear();
    EXPECT_FALSE(fields.has(FieldId::date));
    EXPECT_EQ(fields.find(FieldId::date), nullptr);
}

TEST(FieldTable, RefusesMoreFieldsThanItHolds) {
    FieldTable fields;
    for (std::size_t i = 0; i < FieldTable::kCapacity; ++i) ASSERT_TRUE(fields.add({"A", "1", FieldId::other}));
    EXPECT_FALSE(fields.add({"A", "1", FieldId::other}));
    EXPECT_EQ(fields.size(), FieldTable::kCapacity);
}

TEST(IsEncoded, ChecksEveryFieldOfThatName) {
    FieldTable fields;
    EXPECT_FALSE(is_encoded(fields));
    ASSERT_TRUE(fields.add({"Content-Encoding", "identity", FieldId::other}));
    EXPECT_FALSE(is_encoded(fields));
    ASSERT_TRUE(fields.add({"CONTENT-ENCODING", "gzip", FieldId::other}));
    EXPECT_TRUE(is_encoded(fields));
}

}  // namespace
}  // namespace weir::http
