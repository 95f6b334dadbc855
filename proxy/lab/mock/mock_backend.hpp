#pragma once
// `weir mock-backend`: a stand-in AI server that can be overloaded honestly.
//
// It speaks OpenAI's and Anthropic's APIs and shows vLLM's metrics. Behind them the engine model of simulate/ runs in
// real time: slots, prompt work, tokens that slow down as the batch fills, and an unbounded queue. Its words make no
// sense, but there are exactly as many as were asked for.

#include "lab/mock/config.hpp"

namespace weir::mock {

// Serves until SIGTERM or SIGINT; prints `ready: mock-backend ADDRESS:PORT` once it listens. The process's exit code.
int run_mock_backend(const MockConfig& config);

}  // namespace weir::mock
