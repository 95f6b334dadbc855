#include "base/plain_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace weir {
namespace {

Result<std::string> read_all(int file, std::size_t max) {
    struct stat status {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return Error{"is not a regular file"};
    std::string text;
    std::array<char, 16 * 1024> bytes{};
    for (;;) {
        const ssize_t got = ::read(file, bytes.data(), bytes.size());
        if (got < 0) return Error{"cannot be read: " + std::generic_category().message(errno)};
        if (got == 0) return Result<std::string>(boost::system::in_place_value, std::move(text));
        text.append(bytes.data(), static_cast<std::size_t>(got));
        if (text.size() > max) return Error{"is larger than " + std::to_string(max) + " bytes"};
    }
}

}  // namespace

std::string why_not_plain_file(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return "does not exist";
        return "cannot be read: " + std::generic_category().message(errno);
    }
    if (S_ISDIR(status.st_mode)) return "is a folder";
    if (!S_ISREG(status.st_mode)) return "is not a regular file";
    return {};
}

Result<std::string> read_plain_file(const std::string& path, std::size_t max) {
    const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return Error{"cannot be read: " + std::generic_category().message(errno)};
    auto text = read_all(file, max);
    ::close(file);
    return text;
}

}  // namespace weir
