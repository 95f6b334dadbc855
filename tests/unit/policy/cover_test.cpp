#include "policy/checks/cover.hpp"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

using admission::MatchConfig;

const admission::ClientsConfig kKeys{
    {{"acme", "team", {}}, {"zeta", "team", {}}, {"siri", "bulk", {}}}, {{"robot", "fleet", "CN=robot"}}, {}};

MatchConfig sources(std::initializer_list<const char*> networks) {
    MatchConfig match;
    for (const char* network : networks) match.sources.push_back(*IpNetwork::parse(network));
    return match;
}

MatchConfig only(auto member, std::initializer_list<const char*> values) {
    MatchConfig match;
    for (const char* value : values) (match.*member).emplace_back(value);
    return match;
}

MatchConfig paths(std::initializer_list<const char*> values) { return only(&MatchConfig::paths, values); }
MatchConfig plans(std::initializer_list<const char*> values) { return only(&MatchConfig::plans, values); }
MatchConfig keys(std::initializer_list<const char*> values) { return only(&MatchConfig::api_keys, values); }

MatchConfig certificates(std::initializer_list<const char*> values) { return only(&MatchConfig::certificates, values); }

MatchConfig except(const MatchConfig& excluded) {
    MatchConfig match;
    match.none_of.push_back(excluded);
    return match;
}

TEST(Covers, CertificatesAndTheirPlans) {
    EXPECT_TRUE(covers(certificates({"robot", "other"}), certificates({"robot"}), kKeys));
    EXPECT_FALSE(covers(certificates({"robot"}), {}, kKeys));
    EXPECT_FALSE(covers(certificates({"robot"}), keys({"siri"}), kKeys));
    // A caller that has the plan by a certificate presents none of the keys.
    EXPECT_TRUE(covers(plans({"fleet", "team"}), plans({"fleet"}), kKeys));
    EXPECT_FALSE(covers(keys({"acme", "zeta", "siri"}), plans({"fleet", "team"}), kKeys));
    EXPECT_FALSE(covers(plans({"team"}), plans({"fleet", "team"}), kKeys));
    EXPECT_TRUE(needs_proof(certificates({"robot"})));
}

TEST(Covers, NoConditionsCoverEverything) {
    MatchConfig narrow = sources({"10.0.0.0/8"});
    EXPECT_TRUE(covers({}, narrow, kKeys));
    EXPECT_FALSE(covers(narrow, {}, kKeys));
    EXPECT_TRUE(covers({}, {}, kKeys));
}

TEST(Covers, NetworksByContainment) {
    EXPECT_TRUE(covers(sources({"10.0.0.0/8", "fd00::/8"}), sources({"10.1.0.0/16", "fd00:1::/32"}), kKeys));
    EXPECT_FALSE(covers(sources({"10.1.0.0/16"}), sources({"10.0.0.0/8"}), kKeys));
    EXPECT_FALSE(covers(sources({"10.0.0.0/8"}), sources({"10.1.0.0/16", "11.0.0.0/8"}), kKeys));
}

TEST(Covers, PathsByPrefix) {
    const MatchConfig prefix = paths({"/v1/*"});
    const MatchConfig exact = paths({"/v1/models"});
    const MatchConfig deeper = paths({"/v1/chat/*"});
    EXPECT_TRUE(covers(prefix, exact, kKeys));
    EXPECT_TRUE(covers(prefix, deeper, kKeys));
    EXPECT_FALSE(covers(exact, prefix, kKeys));
}

TEST(Covers, AKeyByItsPlanAndAPlanByItsKeys) {
    const MatchConfig team = plans({"team"});
    const MatchConfig acme = keys({"acme"});
    const MatchConfig both = keys({"acme", "zeta"});
    EXPECT_TRUE(covers(team, acme, kKeys));
    EXPECT_FALSE(covers(acme, team, kKeys));
    EXPECT_TRUE(covers(both, team, kKeys));
    EXPECT_FALSE(covers(team, keys({"siri"}), kKeys));
}

TEST(Covers, MoreHeadersAreNarrower) {
    MatchConfig one;
    one.headers = {{"x-a", "1"}};
    MatchConfig two;
    two.headers = {{"x-b", "2"}, {"x-a", "1"}};
    EXPECT_TRUE(covers(one, two, kKeys));
    EXPECT_FALSE(covers(two, one, kKeys));
}

TEST(Covers, TheNarrowerMustExcludeWhatTheWiderExcludes) {
    const MatchConfig not_models = except(paths({"/v1/models"}));
    const MatchConfig not_v1 = except(paths({"/v1/*"}));
    EXPECT_TRUE(covers(not_models, not_v1, kKeys));
    EXPECT_FALSE(covers(not_v1, not_models, kKeys));
    EXPECT_FALSE(covers(not_models, sources({"10.0.0.0/8"}), kKeys));
}

TEST(Covers, ConditionsOnTheBodyNarrow) {
    MatchConfig llamas = only(&MatchConfig::models, {"llama*"});
    MatchConfig small = only(&MatchConfig::models, {"llama-8b"});
    EXPECT_TRUE(covers(llamas, small, kKeys));
    EXPECT_FALSE(covers(small, llamas, kKeys));
    EXPECT_TRUE(covers({}, small, kKeys));
    EXPECT_FALSE(covers(small, {}, kKeys));
    small.stream = true;
    EXPECT_TRUE(covers(llamas, small, kKeys));
    llamas.stream = false;
    EXPECT_FALSE(covers(llamas, small, kKeys));
    llamas.stream.reset();
    llamas.prompt = admission::TokenRange{0, 100};
    EXPECT_FALSE(covers(llamas, small, kKeys));
    small.prompt = admission::TokenRange{1, 100};
    EXPECT_TRUE(covers(llamas, small, kKeys));
    small.prompt = admission::TokenRange{1, {}};
    EXPECT_FALSE(covers(llamas, small, kKeys));
}

TEST(TrustsBody, AnyClaimInTheBodyButNotItsSize) {
    EXPECT_TRUE(trusts_body(only(&MatchConfig::service_tiers, {"flex"})));
    EXPECT_TRUE(trusts_body(except(only(&MatchConfig::models, {"m"}))));
    MatchConfig size;
    size.prompt = admission::TokenRange{0, 100};
    EXPECT_FALSE(trusts_body(size));
    size.stream = true;
    EXPECT_TRUE(trusts_body(size));
    EXPECT_FALSE(trusts_body(without_claims(size)));
}

TEST(NeedsProof, TheWholeInternetIsNotATrustedNetwork) {
    EXPECT_FALSE(needs_proof({}));
    EXPECT_FALSE(needs_proof(sources({"0.0.0.0/0"})));
    EXPECT_FALSE(needs_proof(sources({"10.0.0.0/8", "::/0"})));
    EXPECT_TRUE(needs_proof(sources({"10.0.0.0/8"})));
    EXPECT_TRUE(needs_proof(plans({"team"})));
}

}  // namespace
}  // namespace weir::policy
