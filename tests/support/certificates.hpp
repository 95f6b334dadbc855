#pragma once
// Certificates made for the moment, so that none lies in the tree to expire.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace weir::test {

// A folder with self-signed pairs: `NAME.pem` for localhost and 127.0.0.1, and `NAME.key`.
class Certificates {
public:
    Certificates() {
        std::string pattern = (std::filesystem::temp_directory_path() / "weir-certs-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        make("first");
        make("second");
    }
    ~Certificates() { std::filesystem::remove_all(folder_); }
    Certificates(const Certificates&) = delete;
    Certificates& operator=(const Certificates&) = delete;

    [[nodiscard]] std::string cert(const std::string& name) const { return (folder_ / (name + ".pem")).string(); }
    [[nodiscard]] std::string key(const std::string& name) const { return (folder_ / (name + ".key")).string(); }

private:
    void make(const std::string& name) const {
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
            " -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout '" +
            key(name) + "' -out '" + cert(name) + "' 2>/dev/null";
        EXPECT_EQ(std::system(command.c_str()), 0);
    }

    std::filesystem::path folder_;
};

}  // namespace weir::test
