#include "base/plain_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

class PlainFile : public testing::Test {
protected:
    PlainFile() : path_(std::filesystem::path(testing::TempDir()) / "weir-plain-file") {
        std::filesystem::remove(path_);
    }
    ~PlainFile() override { std::filesystem::remove(path_); }

    void write(std::string_view text) const { std::ofstream(path_) << text; }
    [[nodiscard]] std::string fault(std::size_t max = 1024) const {
        const auto text = read_plain_file(path_, max);
        return text ? std::string() : text.error().message;
    }

    std::filesystem::path path_;
};

TEST_F(PlainFile, IsReadWhole) {
    const std::string text(100'000, 'x');
    write(text);
    EXPECT_EQ(read_plain_file(path_, text.size()).value(), text);
    write("");
    EXPECT_EQ(read_plain_file(path_, 10).value(), "");
}

TEST_F(PlainFile, IsNotReadBeyondItsBound) {
    write("12345");
    EXPECT_EQ(fault(4), "is larger than 4 bytes");
}

TEST_F(PlainFile, IsNoFolderAndNoNamedPipeWhichWouldBlock) {
    EXPECT_NE(fault(), "");
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(why_not_plain_file(path_), "is not a regular file");
    EXPECT_EQ(fault(), "is not a regular file");
    std::filesystem::remove(path_);
    std::filesystem::create_directory(path_);
    EXPECT_EQ(fault(), "is not a regular file");
}

}  // namespace
}  // namespace weir
