#include "gateway/cores.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weir::gateway {
namespace {

namespace fs = std::filesystem;

class CoresTest : public testing::Test {
protected:
    CoresTest() {
        std::string name = (fs::temp_directory_path() / "weir-cores-XXXXXX").string();
        root_ = ::mkdtemp(name.data());
    }
    ~CoresTest() override { fs::remove_all(root_); }

    void write(const fs::path& file, const std::string& text) const {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text;
    }

    fs::path root_;
};

TEST_F(CoresTest, AreAllAllowedOnesWithoutAQuota) {
    EXPECT_EQ(cores_within_quota(8, root_), 8U);
    write("proc/self/cgroup", "0::/weir\n");
    write("sys/fs/cgroup/weir/cpu.max", "max 100000\n");
    EXPECT_EQ(cores_within_quota(8, root_), 8U);
    EXPECT_EQ(cores_within_quota(0, root_), 1U);
}

TEST_F(CoresTest, AreBoundByAContainersQuota) {
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/cpu.max", "200000 100000\n");
    EXPECT_EQ(cores_within_quota(64, root_), 2U);
    EXPECT_EQ(cores_within_quota(1, root_), 1U);
    write("sys/fs/cgroup/cpu.max", "150000 100000\n");
    EXPECT_EQ(cores_within_quota(64, root_), 2U);
    write("sys/fs/cgroup/cpu.max", "10000 100000\n");
    EXPECT_EQ(cores_within_quota(64, root_), 1U);
}

TEST_F(CoresTest, AreBoundByTheSmallestQuotaOfParentGroups) {
    write("proc/self/cgroup", "0::/kubepods/pod/weir\n");
    write("sys/fs/cgroup/kubepods/pod/cpu.max", "300000 100000\n");
    write("sys/fs/cgroup/kubepods/pod/weir/cpu.max", "max 100000\n");
    EXPECT_EQ(cores_within_quota(64, root_), 3U);
}

TEST_F(CoresTest, AreReadFromTheMountIfTheHostsPathIsMissing) {
    write("proc/self/cgroup", "0::/../../of-the-host\n");
    write("sys/fs/cgroup/cpu.max", "400000 100000\n");
    EXPECT_EQ(cores_within_quota(64, root_), 4U);
}

TEST_F(CoresTest, AreReadFromVersionOneOfControlGroups) {
    write("proc/self/cgroup", "12:cpuset:/x\n4:cpu,cpuacct:/docker/weir\n1:name=systemd:/x\n");
    write("sys/fs/cgroup/cpu,cpuacct/docker/weir/cpu.cfs_quota_us", "250000\n");
    write("sys/fs/cgroup/cpu,cpuacct/docker/weir/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(cores_within_quota(64, root_), 3U);
    write("sys/fs/cgroup/cpu,cpuacct/docker/weir/cpu.cfs_quota_us", "-1\n");
    EXPECT_EQ(cores_within_quota(64, root_), 64U);
}

}  // namespace
}  // namespace weir::gateway
