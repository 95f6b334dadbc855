#pragma once
// The forms that keys use, by name: how durations, sizes, rates, addresses and words are written.

#include "admission/config.hpp"
#include "base/dialect.hpp"
#include "base/ip.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "downstream/config.hpp"
#include "net/config.hpp"
#include "policy/forms/form.hpp"
#include "policy/policy.hpp"
#include "upstream/config.hpp"

namespace weir::policy {

// Digits with an optional k or M suffix become a number; no sign, no leading zero.
extern const Scalar<std::uint64_t> kCount, kPositive;
extern const Scalar<double> kBurst;
extern const Scalar<upstream::ContextTokens> kContextTokens;  // a number of LLM tokens, or `read`
extern const Scalar<upstream::HeadroomSetting> kHeadroom;     // 0 to 1, or `auto`
extern const Scalar<bool> kBool;
extern const Scalar<Duration> kDuration, kDurationOrZero;
extern const Scalar<std::uint64_t> kSize;  // bytes
extern const Scalar<double> kRate;         // `1200/min`, `20/s`, `5/h`: a number a second
extern const Scalar<double> kPercent;      // a share, 0 to 1
extern const Scalar<double> kRatio;        // 0 to 2

// A rate alone is a whole bucket. It prints nothing, because it is shown as the map that it stands for. Its burst is a
// tenth of a minute's worth of requests, at least one; for LLM tokens, `600k/min` or `600k tokens/min`, it is a
// minute's worth.
extern const Scalar<admission::RateConfig> kBucket, kTokenBucket;
extern const Scalar<admission::TokenLimitConfig> kTokens;  // of prompts and answers together
[[nodiscard]] double default_burst(double per_second);
[[nodiscard]] double default_token_burst(double per_second);

extern const Scalar<std::string> kText, kName, kModel, kMethod, kUrlPath, kOrigin;
extern const Scalar<std::string> kFile;        // a relative path is relative to the policy's folder
extern const Scalar<std::string> kHeaderName;  // becomes lower case
extern const Scalar<std::string> kFieldValue, kQueryText, kAuthority;
extern const Scalar<IpNetwork> kNetwork;
extern const Scalar<IpAddress> kAddress;
extern const Scalar<net::BindAddress> kBind;
extern const Scalar<upstream::EndpointConfig> kEndpoint;
extern const Scalar<Sha256> kSha256;

// Closed sets of words.
extern const Scalar<admission::Mode> kMode;
extern const Scalar<admission::Priority> kPriority;
extern const Scalar<admission::Shed> kShed;
extern const Scalar<admission::WhenDown> kWhenDown;
extern const Scalar<upstream::EndpointConfig> kDnsName;
extern const Scalar<std::string> kNameServer;
extern const Scalar<upstream::TryCause> kTryCause;
extern const Scalar<admission::MatchConfig> kAny;
extern const Scalar<Dialect> kDialect;
extern const Scalar<Balance> kBalance;
extern const Scalar<upstream::EnginePriority> kEnginePriority;
extern const Scalar<upstream::LearnedFrom> kLearnedFrom;
extern const Scalar<net::ClientCertificate> kClientCertificate;
extern const Scalar<upstream::ClientCredentials> kClientCredentials;
extern const Scalar<bool> kNoCredentials;              // none
extern const Scalar<upstream::StatusRange> kStatuses;  // one, or a range
extern const Scalar<downstream::PathForm> kPathForm;
extern const Scalar<PolicyTest::Situation> kFull;
extern const Scalar<std::string> kLevel, kDecision, kReason, kVersion, kTrue, kLogTarget;

}  // namespace weir::policy
