#include "lab/mock/mock_backend.hpp"

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "lab/mock/server.hpp"
#include "net/socket.hpp"

namespace weir::mock {
namespace {

// Every connection is a descriptor, and the usual soft limit is 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_mock_backend(const MockConfig& config) {
    if (config.engine.max_num_seqs >= config.engine.max_num_batched_tokens) {
        std::cerr << "weir: the engine takes " << config.engine.max_num_batched_tokens
                  << " tokens a step and needs fewer slots than that\n";
        return 1;
    }
    raise_descriptor_limit();
    const auto fd = net::listen_on(config.listen, false);
    if (!fd) {
        std::cerr << "weir: " << fd.error().message << "\n";
        return 1;
    }
    boost::asio::io_context io(1);
    Server server(io, *fd, config);
    boost::asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&server](const boost::system::error_code&, int) { server.stop(); });
    std::cout << "ready: mock-backend " << net::local_address(*fd).to_string() << std::endl;
    io.run();
    return 0;
}

}  // namespace weir::mock
