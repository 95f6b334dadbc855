#pragma once
// Every key that a policy can have, one source file per part. See visitor.hpp for how they are declared.

#include "policy/keys/visitor.hpp"
#include "policy/policy.hpp"

namespace weir::policy {

void describe(Visitor& v, Policy& c);
void describe(Visitor& v, downstream::ListenerConfig& c);
void describe(Visitor& v, upstream::BackendConfig& c);
void describe(Visitor& v, admission::ClassConfig& c);
void describe(Visitor& v, admission::TokenRange& c);
void describe(Visitor& v, admission::DegradeConfig& c);
void describe(Visitor& v, PolicyTest& c);

// The file behind `clients.api_keys_file`.
void describe_keys_file(Visitor& v, Policy& c);

}  // namespace weir::policy
