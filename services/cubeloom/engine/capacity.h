// What this process may use of its machine: cores and memory, by affinity mask and cgroup.
#ifndef CUBELOOM_ENGINE_CAPACITY_H_
#define CUBELOOM_ENGINE_CAPACITY_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace cubeloom::engine {

struct Capacity {
  int32_t cores = 1;   // >= 1; fractional quotas round up
  int64_t memory = 0;  // bytes that a run may plan with
};

// Reads the affinity mask, /proc/meminfo and the cgroup (v2 or v1) of this process. The memory is 70 % of the
// smaller of the cgroup's limit and what the machine has available, at least 64 MiB: the rest is for code,
// stacks and the page cache.
Capacity ReadCapacity();

// The largest physical graph, in bytes of its arrays, that a run can hold: with the state of its drops, sink
// names and manifest it takes about five times that much.
int64_t LargestGraphBytes(const Capacity& capacity);

// The pure half, for tests: contents of the files, "" where a file does not exist.
struct CapacityFiles {
  int affinity_cores = 1;
  std::string meminfo;     // /proc/meminfo
  std::string cpu_max;     // cgroup v2 cpu.max: "<quota|max> <period>"
  std::string memory_max;  // cgroup v2 memory.max, or v1 memory.limit_in_bytes
  std::string cpu_quota;   // cgroup v1 cpu.cfs_quota_us
  std::string cpu_period;  // cgroup v1 cpu.cfs_period_us
};
Capacity CapacityFrom(const CapacityFiles& files);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_CAPACITY_H_
