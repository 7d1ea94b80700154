#include "cubeloom/engine/capacity.h"

#include "gtest/gtest.h"

namespace cubeloom::engine {
namespace {

constexpr char kMeminfo[] = "MemTotal:       8000000 kB\nMemFree:  10 kB\nMemAvailable:    1000000 kB\n";

TEST(CapacityTest, TheTightestLimitCounts) {
  struct Case {
    const char* what;
    CapacityFiles files;
    int32_t cores;
    int64_t memory;
  };
  const int64_t available = static_cast<int64_t>(0.7 * 1024000000);
  const Case cases[] = {
      {"no cgroup", {4, kMeminfo, "", "", "", ""}, 4, available},
      {"v2 unlimited", {4, kMeminfo, "max 100000\n", "max\n", "", ""}, 4, available},
      {"v2 quota of 1.5 cores", {4, kMeminfo, "150000 100000\n", "536870912\n", "", ""}, 2, 375809638},
      {"v1 quota", {8, kMeminfo, "", "9223372036854771712\n", "200000\n", "100000\n"}, 2, available},
      {"v1 unlimited", {8, kMeminfo, "", "", "-1\n", "100000\n"}, 8, available},
      {"tiny limit", {1, kMeminfo, "1000 100000", "1000\n", "", ""}, 1, 64 << 20},
      {"nothing readable", {1, "", "", "", "", ""}, 1, static_cast<int64_t>(0.7 * 2147483648)},
  };
  for (const Case& c : cases) {
    const Capacity got = CapacityFrom(c.files);
    EXPECT_EQ(got.cores, c.cores) << c.what;
    EXPECT_EQ(got.memory, c.memory) << c.what;
  }
}

TEST(CapacityTest, AGraphMayTakeASmallPartOfTheMemory) {
  EXPECT_EQ(LargestGraphBytes({1, int64_t{6} << 30}), int64_t{1} << 30);
}

TEST(CapacityTest, ThisMachineHasSome) {
  const Capacity capacity = ReadCapacity();
  EXPECT_GE(capacity.cores, 1);
  EXPECT_GE(capacity.memory, 64 << 20);
}

}  // namespace
}  // namespace cubeloom::engine
