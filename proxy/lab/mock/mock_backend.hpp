#pragma once
// `weir mock-backend`: a stand-in AI server that can be overloaded honestly.
//
// It speaks OpenAI's and Anthropic's APIs and shows vLLM's metrics, and behind them is the engine model of simulate/ in
// real time: slots, prompt work, tokens that come slower the fuller the batch, and a queue without a bound. It says
// words without sense, in exactly the number that was asked for.

#include "lab/mock/config.hpp"

namespace weir::mock {

// Serves until SIGTERM or SIGINT; prints `ready: mock-backend ADDRESS:PORT` once it listens. The process's exit code.
int run_mock_backend(const MockConfig& config);

}  // namespace weir::mock
