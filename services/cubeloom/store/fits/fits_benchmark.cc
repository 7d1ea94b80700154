// Reading and writing of a 10^8-pixel image from and to the page cache. Every figure's result is checked
// first.
//
//   CUBELOOM_BENCH_PIXELS=1000000 smaller image;  CUBELOOM_BENCH_DIR=/path where the files go (default
//   $TMPDIR, /tmp)
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/store/fits/convert.h"
#include "cubeloom/store/fits/fits.h"
#include "cubeloom/store/fits/rice.h"

namespace cubeloom {
namespace {

int64_t Pixels() {
  const char* env = std::getenv("CUBELOOM_BENCH_PIXELS");
  int64_t n = 100000000;
  return env != nullptr && absl::SimpleAtoi(env, &n) && n > 0 ? n : 100000000;
}

std::string File(absl::string_view name) {
  const char* folder = std::getenv("CUBELOOM_BENCH_DIR");
  if (folder == nullptr) folder = std::getenv("TMPDIR");
  return absl::StrCat(folder != nullptr ? folder : "/tmp", "/cubeloom-bench-", ::getpid(), "-", name);
}

// One buffer of a leaf per thread, used again and again, as the runtime's allocator does.
class ReusingAllocator : public Allocator {
 public:
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    thread_local std::shared_ptr<void> memory;
    thread_local size_t size = 0;
    if (size < bytes || memory.use_count() > 1) {
      memory = std::shared_ptr<void>(std::aligned_alloc(64, (bytes + 63) / 64 * 64), &std::free);
      size = bytes;
    }
    return MutableBuffer(memory, memory.get(), bytes, MemorySpace::kHeap);
  }
};

template <typename T>
ArrayPtr Ramp(int64_t width, int64_t height) {
  std::vector<T> values(width * height);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(i % 1000);
  return ArrayFromVector({height, width}, values);
}

// A file of the wanted type; removed at the end of the program.
struct BenchFile {
  BenchFile(const char* name, DType dtype) : path(File(name)) {
    const int64_t width = 10000, height = std::max<int64_t>(1, Pixels() / width);
    FitsOutput out;
    out.array = dtype == DType::kF32 ? Ramp<float>(width, height) : Ramp<int16_t>(width, height);
    if (!WriteFits(LocalStore(), path, {out}).ok()) std::abort();
  }
  ~BenchFile() { std::filesystem::remove(path); }
  std::string path;
};

ProbeClient& TheProbe() {
  static const std::unique_ptr<ProbeClient> probe =
      MakeProbeClient({std::getenv("CUBELOOM_PROBE") ? "" : CL_PROBE});
  return *probe;
}

// All leaves by two threads; the sum of the first pixel of each leaf as a check.
void ReadLeaves(benchmark::State& state, const std::string& path) {
  static const std::unique_ptr<Executor> pool = MakeThreadPool(2, "bench");
  ReusingAllocator allocator;
  ReadContext context;
  context.allocator = &allocator;
  int64_t bytes = 0;
  for (auto _ : state) {
    const ArrayPtr array = OpenFits({LocalStore(), TheProbe()}, path).value();
    const ChunkGrid leaves = CanonicalLeaves(array->desc().shape, array->desc().dtype);
    const absl::Status status = ParallelFor(*pool, leaves.size(), {}, [&](int64_t i) {
      const absl::StatusOr<Chunk> chunk = array->Read(leaves.BoxOf(i), context);
      if (!chunk.ok()) return chunk.status();
      const int64_t first =
          (leaves.BoxOf(i).origin[0] * array->desc().shape[1] + leaves.BoxOf(i).origin[1]) % 1000;
      const double got = chunk->dtype == DType::kF32 ? chunk->as<float>()[0] : chunk->as<int16_t>()[0];
      return got == static_cast<double>(first) ? absl::OkStatus() : absl::InternalError("wrong pixel");
    });
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
    bytes += leaves.array().elements() * static_cast<int64_t>(DTypeSize(array->desc().dtype));
  }
  state.SetBytesProcessed(bytes);
}

void BM_ReadFloat32(benchmark::State& state) {
  static const BenchFile file("f32.fits", DType::kF32);
  ReadLeaves(state, file.path);
}
BENCHMARK(BM_ReadFloat32)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_ReadInt16(benchmark::State& state) {
  static const BenchFile file("i16.fits", DType::kI16);
  ReadLeaves(state, file.path);
}
BENCHMARK(BM_ReadInt16)->UseRealTime()->Unit(benchmark::kMillisecond);

// One open of an image of a running process: probe call, header, array.
void BM_OpenFits(benchmark::State& state) {
  static const BenchFile file("open.fits", DType::kI16);
  for (auto _ : state) {
    const auto array = OpenFits({LocalStore(), TheProbe()}, file.path);
    if (!array.ok()) state.SkipWithError(array.status().ToString().c_str());
  }
}
BENCHMARK(BM_OpenFits)->UseRealTime()->Unit(benchmark::kMicrosecond);

// From no helper to the first answer.
void BM_StartProbe(benchmark::State& state) {
  static const BenchFile file("open.fits", DType::kI16);
  for (auto _ : state) {
    const auto probe = MakeProbeClient({std::getenv("CUBELOOM_PROBE") ? "" : CL_PROBE});
    const auto array = OpenFits({LocalStore(), *probe}, file.path);
    if (!array.ok()) state.SkipWithError(array.status().ToString().c_str());
  }
}
BENCHMARK(BM_StartProbe)->UseRealTime()->Unit(benchmark::kMillisecond);

// Rice decoding of noise of a few bits, as a CCD frame has: a block of 32 differences with fs = 4.
void BM_DecodeRice(benchmark::State& state) {
  constexpr int64_t kBlocks = 2000;
  std::vector<uint8_t> bytes(2, 0);
  uint64_t bits = 0, random = 1;
  int held = 0;
  const auto put = [&](uint64_t value, int n) {
    for (int i = n - 1; i >= 0; --i) {
      bits = (bits << 1) | ((value >> i) & 1);
      if (++held == 8) bytes.push_back(static_cast<uint8_t>(bits)), held = 0;
    }
  };
  for (int64_t b = 0; b < kBlocks; ++b) {
    put(5, 4);
    for (int i = 0; i < 32; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      put(1, 1 + static_cast<int>((random >> 40) % 3));  // the high part: zeros and a one
      put(random >> 60, 4);
    }
  }
  put(0, 8);
  const size_t size = bytes.size();
  bytes.resize(size + kRicePadding);
  std::vector<int32_t> out(kBlocks * 32);
  for (auto _ : state) {
    const absl::Status status = DecodeRice({bytes.data(), size, 2, 32}, kBlocks * 32, out.data());
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations() * kBlocks * 32);
}
BENCHMARK(BM_DecodeRice);

// Conversion alone, of one leaf in the second-level cache.
void BM_Convert(benchmark::State& state) {
  FitsConversion c;
  c.bitpix = static_cast<int>(state.range(0));
  c.out = state.range(1) == 4 ? DType::kF32 : state.range(1) == 8 ? DType::kF64 : DType::kI16;
  c.scaled = state.range(2) != 0;
  c.scale = c.scaled ? 0.5 : 1;
  c.zero = c.scaled ? 3 : 0;
  const int64_t count = (256 << 10) / static_cast<int64_t>(DTypeSize(c.out));
  const std::unique_ptr<char, void (*)(void*)> data(static_cast<char*>(std::aligned_alloc(64, 256 << 10)),
                                                    &std::free);
  std::memset(data.get(), 0, 256 << 10);
  for (auto _ : state) {
    ConvertFits(c, data.get(), count);
    benchmark::DoNotOptimize(data.get());
  }
  state.SetBytesProcessed(state.iterations() * (256 << 10));
}
BENCHMARK(BM_Convert)
    ->ArgNames({"bitpix", "out", "scaled"})
    ->Args({-32, 4, 0})
    ->Args({16, 2, 0})
    ->Args({16, 4, 1})
    ->Args({8, 4, 1})
    ->Args({32, 8, 1})
    ->Args({-64, 8, 0})
    ->Args({-32, 4, 1});

// 400 MB by WriteFits, and the same bytes by write() and fsync(): the ratio of the two is the figure.
void BM_WriteFits(benchmark::State& state) {
  const int64_t width = 10000;
  const ArrayPtr array = Ramp<float>(width, std::max<int64_t>(1, Pixels() / width));
  const std::string path = File("write.fits");
  for (auto _ : state) {
    FitsOutput out;
    out.array = array;
    const absl::Status status = WriteFits(LocalStore(), path, {out});
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
  }
  state.SetBytesProcessed(state.iterations() * Pixels() * 4);
  std::filesystem::remove(path);
}
BENCHMARK(BM_WriteFits)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(5);

void BM_PlainWrite(benchmark::State& state) {
  const std::vector<char> data(Pixels() * 4, 1);
  const std::string path = File("plain"), staged = path + ".tmp";
  for (auto _ : state) {
    const int fd = ::open(staged.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    for (size_t at = 0; at < data.size();) {
      const ssize_t n = ::write(fd, data.data() + at, std::min<size_t>(data.size() - at, 1 << 20));
      if (n <= 0) return state.SkipWithError("write failed");
      at += static_cast<size_t>(n);
    }
    if (::fsync(fd) != 0) state.SkipWithError("fsync failed");
    ::close(fd);
    std::filesystem::rename(staged, path);
  }
  state.SetBytesProcessed(state.iterations() * Pixels() * 4);
  std::filesystem::remove(path);
}
BENCHMARK(BM_PlainWrite)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace cubeloom

BENCHMARK_MAIN();
