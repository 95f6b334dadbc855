#pragma once
// The table of every key a policy can have. See field.hpp for what a row says.

#include "policy/keys/field.hpp"

namespace weir::policy {

extern const Shape kPolicyShape;    // fills Policy
extern const Shape kKeysFileShape;  // the file behind `clients.api_keys_file`; fills Policy

// The parts, one file each.
extern const Shape kProcessLimitsShape;
extern const Shape kListenerShape;
extern const Shape kAdminShape;
extern const Shape kLoggingShape;
extern const Shape kClientsShape;
extern const Shape kBackendShape;
extern const Shape kClassShape;
extern const Shape kDegradeShape;
extern const Shape kTestShape;

}  // namespace weir::policy
