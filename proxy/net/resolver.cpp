#include "net/resolver.hpp"

#include <netdb.h>
#include <pthread.h>

#include <csignal>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace weir::net {
namespace {

std::vector<SocketAddress> look_up(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    std::vector<SocketAddress> addresses;
    if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        SocketAddress& address = addresses.emplace_back();
        address.size = entry->ai_addrlen;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    }
    freeaddrinfo(found);
    return addresses;
}

}  // namespace

struct Resolver::Shared {
    std::mutex mutex;   // guards `loop`: a look-up that ends must not use one that is being destroyed
    EventLoop* loop;    // null: the answer is no longer wanted
    bool busy = false;  // the loop's thread only, as is the next member
    OnResolved on_resolved;
};

Resolver::Resolver(EventLoop& loop) : shared_(std::make_shared<Shared>()) { shared_->loop = &loop; }

Resolver::~Resolver() {
    const std::lock_guard lock(shared_->mutex);
    shared_->loop = nullptr;
}

void Resolver::resolve(const std::string& host, std::uint16_t port, OnResolved on_resolved) {
    if (const auto literal = IpAddress::parse(host)) {
        shared_->loop->post([address = SocketAddress::of(*literal, port), on_resolved = std::move(on_resolved)] {
            on_resolved({address});
        });
        return;
    }
    if (std::exchange(shared_->busy, true)) return;
    shared_->on_resolved = std::move(on_resolved);
    const auto finish = [](const std::shared_ptr<Shared>& shared, std::vector<SocketAddress> addresses) {
        const std::lock_guard lock(shared->mutex);
        if (shared->loop == nullptr) return;
        shared->loop->post([shared, addresses = std::move(addresses)] {
            shared->busy = false;
            if (const OnResolved notify = std::exchange(shared->on_resolved, nullptr)) notify(addresses);
        });
    };
    // Signals belong to the control loop: the new thread starts with all of them blocked.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool begun = true;
    try {
        std::thread([shared = shared_, host, port, finish] {
            finish(shared, look_up(host, std::to_string(port)));
        }).detach();
    } catch (const std::exception&) {  // out of threads or memory
        begun = false;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!begun) finish(shared_, {});  // as if the name did not exist
}

}  // namespace weir::net
