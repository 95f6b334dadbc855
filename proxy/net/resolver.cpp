#include "net/resolver.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <cstring>

namespace weir::net {

struct Resolver::Impl {
    explicit Impl(EventLoop& owner) : loop(owner), resolver(owner.io()) {}

    EventLoop& loop;
    boost::asio::ip::tcp::resolver resolver;
};

Resolver::Resolver(EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Resolver::~Resolver() = default;

void Resolver::resolve(const std::string& host, std::uint16_t port, OnResolved on_resolved) {
    if (const auto literal = IpAddress::parse(host)) {
        impl_->loop.post([address = SocketAddress::of(*literal, port), on_resolved = std::move(on_resolved)] {
            on_resolved({address});
        });
        return;
    }
    impl_->resolver.async_resolve(
        host, std::to_string(port),
        [on_resolved = std::move(on_resolved)](const boost::system::error_code& error, const auto& results) {
            std::vector<SocketAddress> addresses;
            if (!error) {
                for (const auto& entry : results) {
                    SocketAddress address;
                    address.size = static_cast<socklen_t>(entry.endpoint().size());
                    std::memcpy(&address.storage, entry.endpoint().data(), address.size);
                    addresses.push_back(address);
                }
            }
            on_resolved(std::move(addresses));
        });
}

}  // namespace weir::net
