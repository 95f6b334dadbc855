#include "policy/forms/forms.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace weir::policy {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnit) {
    EXPECT_EQ(kDuration.parse("250ms").value, Duration(250ms));
    EXPECT_EQ(kDuration.parse("1.5s").value, Duration(1500ms));
    EXPECT_EQ(kDuration.parse("10m").value, Duration(10min));
    EXPECT_EQ(kDuration.parse("1h").value, Duration(1h));
}

TEST(Duration, NeedsAUnitAndALength) {
    EXPECT_EQ(kDuration.parse("2").fault.id, "missing-unit");
    EXPECT_EQ(kDuration.parse("2").fault.suggestion, "2s");
    EXPECT_EQ(kDuration.parse("2min").fault.id, "bad-unit");
    EXPECT_EQ(kDuration.parse("0s").fault.id, "out-of-range");
    EXPECT_EQ(kDuration.parse("0.0000000001s").fault.id, "out-of-range");
    EXPECT_EQ(kDuration.parse("400000h").fault.id, "out-of-range");
    EXPECT_EQ(kDurationOrZero.parse("0s").value, Duration::zero());
    for (const char* text :
         {"", "s", "-1s", "+1s", " 1s", "1 s", "1e3s", ".5s", "5.s", "1.2.3s", "0x10s", "inf", "nans"}) {
        EXPECT_FALSE(kDuration.parse(text).value) << text;
    }
}

TEST(Duration, PrintsWhatItReads) {
    for (const char* text : {"250ms", "1500ms", "2s", "90s", "10m", "1h", "0s"}) {
        EXPECT_EQ(kDuration.print(*kDurationOrZero.parse(text).value), text);
    }
}

TEST(Count, ReadsSuffixesAndRefusesTheRest) {
    EXPECT_EQ(kCount.parse("0").value, 0U);
    EXPECT_EQ(kCount.parse("400k").value, 400'000U);
    EXPECT_EQ(kCount.parse("2M").value, 2'000'000U);
    EXPECT_EQ(kCount.parse("010").fault.id, "leading-zero");
    EXPECT_EQ(kCount.parse("010").fault.suggestion, "10");
    EXPECT_EQ(kCount.parse("000").fault.suggestion, "0");
    EXPECT_EQ(kPositive.parse("0").fault.id, "out-of-range");
    EXPECT_EQ(kCount.parse("99999999999999999999").fault.id, "out-of-range");
    for (const char* text : {"", "-1", "1.5", "1_000", "0x10", "0o7", "1e3", "many"}) {
        EXPECT_FALSE(kCount.parse(text).value) << text;
    }
}

TEST(Size, DistinguishesBinaryFromDecimalUnits) {
    EXPECT_EQ(kSize.parse("32KiB").value, 32U * 1024);
    EXPECT_EQ(kSize.parse("8MiB").value, 8U * 1024 * 1024);
    EXPECT_EQ(kSize.parse("1MB").value, 1'000'000U);
    EXPECT_EQ(kSize.parse("1024").fault.id, "missing-unit");
    EXPECT_EQ(kSize.print(8U * 1024 * 1024), "8MiB");
    EXPECT_EQ(kSize.print(1'000'000), "1000000B");
}

TEST(Rate, IsANumberPerSecond) {
    EXPECT_DOUBLE_EQ(*kRate.parse("1200/min").value, 20);
    EXPECT_DOUBLE_EQ(*kRate.parse("20/s").value, 20);
    EXPECT_DOUBLE_EQ(*kRate.parse("3600/h").value, 1);
    EXPECT_DOUBLE_EQ(*kRate.parse("600k/min").value, 10'000);
    EXPECT_DOUBLE_EQ(*kRate.parse("1.5M/s").value, 1.5e6);
    EXPECT_FALSE(kRate.parse("k/s").value);
    EXPECT_EQ(kRate.parse("0/s").fault.id, "out-of-range");
    EXPECT_EQ(kRate.parse("20").fault.suggestion, "20/min");
    EXPECT_FALSE(kRate.parse("20/day").value);
    for (const char* text : {"1200/min", "90/min", "5/h", "7/min"})
        EXPECT_EQ(kRate.print(*kRate.parse(text).value), text);
}

TEST(Rate, OfTokensHasABurstOfAMinute) {
    EXPECT_DOUBLE_EQ(kTokenBucket.parse("600k/min").value->burst, 600'000);
    EXPECT_DOUBLE_EQ(kTokenBucket.parse("600k tokens/min").value->per_second, 10'000);
    EXPECT_DOUBLE_EQ(kTokenBucket.parse("1/h").value->burst, 1);
    EXPECT_FALSE(kTokenBucket.parse("600k words/min").value);
}

TEST(Rate, AloneHasABurstOfATenthOfAMinute) {
    EXPECT_DOUBLE_EQ(kBucket.parse("1200/min").value->burst, 120);
    EXPECT_DOUBLE_EQ(kBucket.parse("5/h").value->burst, 1);
    EXPECT_DOUBLE_EQ(kBucket.parse("20/min").value->burst, 2);
}

TEST(Percent, IsAShare) {
    EXPECT_DOUBLE_EQ(*kPercent.parse("99.5%").value, 0.995);
    EXPECT_DOUBLE_EQ(*kPercent.parse("0%").value, 0);
    EXPECT_EQ(kPercent.parse("99").fault.suggestion, "99%");
    EXPECT_EQ(kPercent.parse("101%").fault.id, "out-of-range");
    EXPECT_EQ(kPercent.parse("05%").fault.suggestion, "5%");
    for (const char* text : {"", "%", "many", "5 %", "%5"}) EXPECT_FALSE(kPercent.parse(text).value) << text;
    EXPECT_EQ(kPercent.print(0.995), "99.5%");
}

TEST(Bool, SuggestsTrueOrFalseForYamlsOtherWords) {
    EXPECT_EQ(kBool.parse("true").value, true);
    EXPECT_EQ(kBool.parse("off").fault.suggestion, "false");
    EXPECT_EQ(kBool.parse("Yes").fault.suggestion, "true");
    EXPECT_EQ(kBool.parse("Yes").fault.id, "yaml-boolean");
    EXPECT_EQ(kBool.parse("1").fault.id, "wrong-type");
}

TEST(Bind, ReadsAllThreeForms) {
    EXPECT_EQ(kBind.parse("127.0.0.1:8080").value, (net::BindAddress{"127.0.0.1", 8080, {}}));
    EXPECT_EQ(kBind.parse("[::1]:0").value, (net::BindAddress{"::1", 0, {}}));
    EXPECT_EQ(kBind.parse("unix:/run/weir.sock").value, (net::BindAddress{{}, 0, "/run/weir.sock"}));
    EXPECT_EQ(kBind.parse("localhost:80").fault.suggestion, "127.0.0.1:80");
    for (const char* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "::1:80", "[::1]", "[127.0.0.1]:80",
                             "1.2.3.4:65536", "1.2.3.4:080", "unix:relative", "host.name:80"}) {
        EXPECT_FALSE(kBind.parse(text).value) << text;
    }
}

TEST(Endpoint, IsAUrlWithoutQueryOrUser) {
    const auto plain = kEndpoint.parse("http://10.1.0.11:8000").value;
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->host, "10.1.0.11");
    EXPECT_EQ(plain->port, 8000);
    EXPECT_FALSE(plain->tls);
    const auto secure = kEndpoint.parse("https://[fd00::1]").value;
    ASSERT_TRUE(secure);
    EXPECT_EQ(secure->host, "fd00::1");
    EXPECT_EQ(secure->port, 443);
    EXPECT_TRUE(secure->tls);
    EXPECT_EQ(plain->path, "");
    EXPECT_EQ(kEndpoint.parse("http://a:1/v1/x").value->path, "/v1/x");
    EXPECT_EQ(kEndpoint.parse("http://a/v1/").fault.suggestion, "http://a/v1");
    for (const char* text :
         {"", "http://a/", "http://a/../b", "http://a//b", "10.0.0.1:80", "ftp://a", "http://", "http://u@a",
          "http://a:0", "http://a:b", "http://a b", "http://[::1", "http://[zz]:1", "http://::1", "http://a?x"}) {
        EXPECT_FALSE(kEndpoint.parse(text).value) << text;
    }
}

TEST(Network, SuggestsTheOneThatWasMeant) {
    EXPECT_EQ(kNetwork.parse("10.0.0.1/8").fault.suggestion, "10.0.0.0/8");
    EXPECT_EQ(kNetwork.parse("fd00::1/8").fault.suggestion, "fd00::/8");
    EXPECT_EQ(kNetwork.print(*kNetwork.parse("17.0.0.0/8").value), "17.0.0.0/8");
    EXPECT_EQ(kNetwork.print(*kNetwork.parse("fd00::/8").value), "fd00::/8");
}

TEST(Text, NamesPathsAndMethodsAreStrict) {
    EXPECT_TRUE(kName.parse("siri-bulk_2.x").value);
    EXPECT_FALSE(kName.parse("siri bulk").value);
    EXPECT_FALSE(kName.parse(std::string(65, 'a')).value);
    EXPECT_EQ(kMethod.parse("post").fault.suggestion, "POST");
    EXPECT_TRUE(kUrlPath.parse("/v1/*").value);
    EXPECT_FALSE(kUrlPath.parse("v1").value);
    EXPECT_FALSE(kUrlPath.parse("/v1/*/x").value);
    EXPECT_FALSE(kUrlPath.parse("/v1?x=1").value);
    EXPECT_EQ(kHeaderName.parse("X-Siri-Turn").value, "x-siri-turn");
    EXPECT_FALSE(kHeaderName.parse("x siri").value);
}

}  // namespace
}  // namespace weir::policy
