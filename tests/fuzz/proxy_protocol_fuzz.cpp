// The PROXY protocol's header: no crash, nothing beyond the bytes given, and the same verdict however they arrive.

#include "fuzz/input.hpp"
#include "net/proxy_protocol.hpp"

using namespace weir;
using net::ProxyHeader;
using test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    const ProxyHeader whole = net::parse_proxy_header(input.bytes);
    require(whole.size <= input.bytes.size());
    if (whole.status == ProxyHeader::Status::need_more) require(input.bytes.size() < net::kMaxProxyHeader);
    if (whole.status != ProxyHeader::Status::complete) return 0;
    require(whole.size > 0 && whole.size <= net::kMaxProxyHeader);
    require(net::parse_proxy_header(input.bytes.substr(0, whole.size - 1)).status == ProxyHeader::Status::need_more);
    require(net::parse_proxy_header(input.bytes.substr(0, whole.size)).source == whole.source);
    return 0;
}
