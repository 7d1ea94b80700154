#include "bench/engine/noise_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/base/portable_math.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/synth/synth.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/blob/unique_fd.h"

namespace cubeloom::bench {
namespace {

constexpr int64_t kBlock = 1 << 20;  // elements made or read at once
constexpr int64_t kFitsBlock = 2880;
constexpr uint64_t kSeed = 20240914;

int64_t Elements(const NoiseSpec& spec) {
  int64_t n = 1;
  for (const int64_t extent : spec.shape) n *= extent;
  return n;
}
int64_t Bytes(const NoiseSpec& spec) { return std::abs(spec.bitpix) / 8; }

std::string Header(const NoiseSpec& spec) {
  const int rank = static_cast<int>(spec.shape.size());
  std::string text = absl::StrFormat("%-80s", absl::StrFormat("%-8s= %20s", "SIMPLE", "T"));
  const auto add = [&](const std::string& key, auto value) {
    text += absl::StrFormat("%-80s", absl::StrFormat("%-8s= %20s", key, absl::StrCat(value)));
  };
  add("BITPIX", spec.bitpix);
  add("NAXIS", rank);
  for (int a = 0; a < rank; ++a) add(absl::StrCat("NAXIS", a + 1), spec.shape[rank - 1 - a]);
  if (spec.bitpix > 0) {
    add("BSCALE", absl::StrFormat("%.15f", kScale));
    add("BZERO", absl::StrFormat("%.1f", kZero));
  }
  if (rank > 2) add("CDELT3", absl::StrFormat("%.1f", kChannelWidth));
  text += absl::StrFormat("%-80s", "END");
  text.resize((text.size() + kFitsBlock - 1) / kFitsBlock * kFitsBlock, ' ');
  return text;
}

// The elements from `first` on as they are stored, big-endian.
void Make(const NoiseSpec& spec, int64_t first, int64_t count, char* out) {
  for (int64_t i = 0; i < count; ++i) {
    const double draw = NormalQuantile(UniformAt(kSeed, 0, static_cast<uint64_t>(first + i)));
    if (spec.bitpix == -32) {
      const float value = static_cast<float>(draw);
      uint32_t bits;
      std::memcpy(&bits, &value, sizeof(bits));
      bits = __builtin_bswap32(bits);
      std::memcpy(out + i * 4, &bits, sizeof(bits));
    } else {
      const double stored = std::clamp(std::round((draw - kZero) / kScale), -32768.0, 32767.0);
      const uint16_t bits = __builtin_bswap16(static_cast<uint16_t>(static_cast<int16_t>(stored)));
      std::memcpy(out + i * 2, &bits, sizeof(bits));
    }
  }
}

absl::Status WriteAll(int fd, int64_t offset, const char* data, int64_t size) {
  for (int64_t done = 0; done < size;) {
    const ssize_t n = pwrite(fd, data + done, static_cast<size_t>(size - done), offset + done);
    if (n < 0) return ErrnoStatus(errno, "write", "the noise file");
    done += n;
  }
  return absl::OkStatus();
}

absl::Status ReadAll(int fd, int64_t offset, char* data, int64_t size) {
  for (int64_t done = 0; done < size;) {
    const ssize_t n = pread(fd, data + done, static_cast<size_t>(size - done), offset + done);
    if (n <= 0) return ErrnoStatus(n < 0 ? errno : EIO, "read", "the noise file");
    done += n;
  }
  return absl::OkStatus();
}

absl::Status Generate(const NoiseSpec& spec, const std::string& path) {
  const std::string staged = path + ".tmp";
  const UniqueFd fd(open(staged.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) return ErrnoStatus(errno, "create", staged);
  const std::string header = Header(spec);
  const int64_t start = static_cast<int64_t>(header.size()), end = start + Elements(spec) * Bytes(spec);
  CL_RETURN_IF_ERROR(WriteAll(fd.get(), 0, header.data(), start));
  const std::unique_ptr<Executor> pool = MakeThreadPool(2, "noise");
  const int64_t blocks = (Elements(spec) + kBlock - 1) / kBlock;
  CL_RETURN_IF_ERROR(ParallelFor(*pool, blocks, CancelToken(), [&](int64_t block) {
    const int64_t first = block * kBlock, count = std::min(kBlock, Elements(spec) - first);
    std::vector<char> data(static_cast<size_t>(count * Bytes(spec)));
    Make(spec, first, count, data.data());
    return WriteAll(fd.get(), start + first * Bytes(spec), data.data(), static_cast<int64_t>(data.size()));
  }));
  const int64_t whole = (end + kFitsBlock - 1) / kFitsBlock * kFitsBlock;
  if (ftruncate(fd.get(), whole) != 0 || fsync(fd.get()) != 0) return ErrnoStatus(errno, "finish", staged);
  return rename(staged.c_str(), path.c_str()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "rename", staged);
}

// Brings the file into the page cache by reading it in order. It is dropped from there first: the size of the
// cache's pages, and with it the speed of every later read, depends on how they came there, and here that is
// the same each time.
absl::Status WarmUp(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return ErrnoStatus(errno, "open", path);
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  std::vector<char> data(kBlock);
  ssize_t n = 1;
  while (n > 0) n = read(fd.get(), data.data(), data.size());
  return n == 0 ? absl::OkStatus() : ErrnoStatus(errno, "read", path);
}

double Physical(const NoiseSpec& spec, const char* at) {
  if (spec.bitpix == -32) {
    uint32_t bits;
    std::memcpy(&bits, at, sizeof(bits));
    bits = __builtin_bswap32(bits);
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return static_cast<double>(value);
  }
  uint16_t bits;
  std::memcpy(&bits, at, sizeof(bits));
  return kZero + kScale * static_cast<int16_t>(__builtin_bswap16(bits));
}

}  // namespace

std::string DataFolder() { return CL_BINARY_DIR "/../bench-data"; }
std::string ProgramPath(absl::string_view name) { return absl::StrCat(CL_BINARY_DIR "/bin/", name); }

absl::StatusOr<std::string> NoiseFile(const NoiseSpec& spec) {
  if (mkdir(DataFolder().c_str(), 0777) != 0 && errno != EEXIST)
    return ErrnoStatus(errno, "make", DataFolder());
  const std::string path =
      absl::StrCat(DataFolder(), "/noise", spec.bitpix, "-", absl::StrJoin(spec.shape, "x"), ".fits");
  if (access(path.c_str(), R_OK) != 0) {
    std::fprintf(stderr, "making %s\n", path.c_str());
    CL_RETURN_IF_ERROR(Generate(spec, path));
  }
  CL_RETURN_IF_ERROR(WarmUp(path));
  return path;
}

absl::Status ForEachValue(const NoiseSpec& spec, const std::string& path,
                          absl::FunctionRef<void(int64_t, const double*, int64_t)> f) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return ErrnoStatus(errno, "open", path);
  constexpr int64_t kStep = 1 << 16;
  std::vector<char> raw(kStep * 4);
  std::vector<double> values(kStep);
  const int64_t start = static_cast<int64_t>(Header(spec).size()), total = Elements(spec);
  for (int64_t first = 0; first < total; first += kStep) {
    const int64_t count = std::min(kStep, total - first);
    CL_RETURN_IF_ERROR(ReadAll(fd.get(), start + first * Bytes(spec), raw.data(), count * Bytes(spec)));
    for (int64_t i = 0; i < count; ++i) values[i] = Physical(spec, raw.data() + i * Bytes(spec));
    f(first, values.data(), count);
  }
  return absl::OkStatus();
}

}  // namespace cubeloom::bench
