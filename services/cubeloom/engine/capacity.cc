#include "cubeloom/engine/capacity.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cubeloom::engine {
namespace {

constexpr int64_t kLeastMemory = int64_t{64} << 20;
constexpr double kShare = 0.7;

std::string ReadSmallFile(const std::string& path) {
  std::string text;
  if (FILE* file = std::fopen(path.c_str(), "re")) {
    char block[4096];
    size_t n = 0;
    while (text.size() < 65536 && (n = std::fread(block, 1, sizeof block, file)) > 0) text.append(block, n);
    std::fclose(file);
  }
  return text;
}

int64_t MemAvailable(absl::string_view meminfo) {
  for (absl::string_view line : absl::StrSplit(meminfo, '\n')) {
    int64_t kib = 0;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() >= 2 && words[0] == "MemAvailable:" && absl::SimpleAtoi(words[1], &kib))
      return kib * 1024;
  }
  return std::numeric_limits<int64_t>::max();
}

double QuotaCores(absl::string_view quota_text, absl::string_view period_text) {
  int64_t quota = 0, period = 0;
  if (!absl::SimpleAtoi(quota_text, &quota) || !absl::SimpleAtoi(period_text, &period) || quota <= 0 ||
      period <= 0) {
    return std::numeric_limits<double>::infinity();  // "max", -1 or absent
  }
  return static_cast<double>(quota) / static_cast<double>(period);
}

int AffinityCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

// The v2 path of this process ("0::/path") below the mount point.
std::string CgroupFolder() {
  for (absl::string_view line : absl::StrSplit(ReadSmallFile("/proc/self/cgroup"), '\n')) {
    if (line.substr(0, 3) == "0::") return absl::StrCat("/sys/fs/cgroup", line.substr(3));
  }
  return "/sys/fs/cgroup";
}

}  // namespace

Capacity CapacityFrom(const CapacityFiles& files) {
  Capacity capacity;
  double cores = files.affinity_cores;
  const std::vector<absl::string_view> cpu =
      absl::StrSplit(files.cpu_max, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (cpu.size() == 2) cores = std::min(cores, QuotaCores(cpu[0], cpu[1]));
  cores = std::min(cores, QuotaCores(files.cpu_quota, files.cpu_period));
  capacity.cores = std::max(1, static_cast<int32_t>(std::ceil(cores)));
  int64_t memory = MemAvailable(files.meminfo);
  int64_t limit = 0;
  if (absl::SimpleAtoi(files.memory_max, &limit) && limit > 0) memory = std::min(memory, limit);
  if (memory == std::numeric_limits<int64_t>::max()) memory = int64_t{2} << 30;  // nothing is known
  capacity.memory = std::max(kLeastMemory, static_cast<int64_t>(kShare * static_cast<double>(memory)));
  return capacity;
}

Capacity ReadCapacity() {
  CapacityFiles files;
  files.affinity_cores = AffinityCores();
  files.meminfo = ReadSmallFile("/proc/meminfo");
  std::string folder = CgroupFolder();
  files.cpu_max = ReadSmallFile(folder + "/cpu.max");
  files.memory_max = ReadSmallFile(folder + "/memory.max");
  if (files.memory_max.empty()) {
    files.memory_max = ReadSmallFile("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    files.cpu_quota = ReadSmallFile("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    files.cpu_period = ReadSmallFile("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  }
  return CapacityFrom(files);
}

int64_t LargestGraphBytes(const Capacity& capacity) { return capacity.memory / 6; }

}  // namespace cubeloom::engine
