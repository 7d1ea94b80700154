// Speed of the cube and stack kernels on data in memory. Every result is checked before it is timed; bytes
// are those of the input. Two threads, as the engine would use on a machine of two cores.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "benchmark/benchmark.h"
#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/image/image.h"

namespace cubeloom {
namespace {

constexpr int64_t kDepth = 256, kSide = 1024;

Executor& TwoThreads() {
  static Executor* const pool = MakeThreadPool(2, "bench").release();
  return *pool;
}

const Kernel& Find(const char* name) {
  static const KernelCatalogue* const catalogue = [] {
    auto* made = new KernelCatalogue();
    if (!RegisterImageKernels(*made).ok()) std::abort();
    return made;
  }();
  return *catalogue->Find(name);
}

// Value of pixel i of channel k: (7 i + 13 k) mod 64.
float CubeValue(int64_t k, int64_t i) { return static_cast<float>((7 * i + 13 * k) & 63); }

Payload Values(const Shape& shape) {
  const int64_t plane = shape[shape.rank() - 1] * shape[shape.rank() - 2];
  const size_t bytes = static_cast<size_t>(shape.elements()) * sizeof(float);
  MutableBuffer memory = Allocator::Heap().Allocate(bytes).value();
  auto* p = reinterpret_cast<float*>(memory.data());
  for (int64_t i = 0; i < shape.elements(); ++i) p[i] = CubeValue(i / plane, i % plane);
  ArrayDesc desc;
  desc.shape = shape;
  Chunk chunk{DType::kF32, Box::Whole(shape), ContiguousStrides(shape), std::move(memory).Publish(bytes), {},
              {}};
  return Payload(MakeMemoryArray(std::move(desc), std::move(chunk)).value());
}

const Payload& Cube() {
  static const Payload* const cube = new Payload(Values({kDepth, kSide, kSide}));
  return *cube;
}

Payload RunOnce(const char* name, const std::vector<PortPayloads>& inputs, const Value::Map& given) {
  const Kernel& kernel = Find(name);
  ExecuteOptions options;
  options.executor = &TwoThreads();
  auto results = Execute(kernel, BindArgs(kernel.info(), given).value(), inputs, options);
  if (!results.ok()) {
    std::fprintf(stderr, "%s\n", results.status().ToString().c_str());
    std::abort();
  }
  return (*results)[0];
}

double First(const Payload& payload) {
  const Chunk chunk = payload.array()->Read(Box::Whole(payload.array()->desc().shape), ReadContext()).value();
  return chunk.dtype == DType::kF64 ? chunk.as<double>()[0] : static_cast<double>(chunk.as<float>()[0]);
}

void Time(benchmark::State& state, const char* name, std::vector<PortPayloads> inputs, const Value::Map& args,
          double want) {
  int64_t bytes = 0;
  for (const PortPayloads& port : inputs) {
    for (const Payload& payload : port) bytes += payload.array()->desc().shape.elements() * 4;
  }
  inputs.resize(Find(name).info().inputs.size());
  const double got = First(RunOnce(name, inputs, args));
  if (!(std::fabs(got - want) <= 1e-6 * std::fabs(want))) {
    state.SkipWithError("wrong result");
    std::fprintf(stderr, "%s: got %.17g, want %.17g\n", name, got, want);
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(RunOnce(name, inputs, args));
  state.SetBytesProcessed(bytes * static_cast<int64_t>(state.iterations()));
}

double SpectrumSum() {
  double sum = 0;
  for (int64_t k = 0; k < kDepth; ++k) sum += CubeValue(k, 0);
  return sum;
}

void Moment0(benchmark::State& state) { Time(state, "image.collapse", {{Cube()}}, {}, SpectrumSum()); }
void Moments012(benchmark::State& state) { Time(state, "image.moments", {{Cube()}}, {}, SpectrumSum()); }

void SpectralProfilePlane(benchmark::State& state) {
  Time(state, "image.spectral_profile", {{Cube()}}, {}, 31.5);
}
void SpectralProfileHalfSides(benchmark::State& state) {
  const Value::Map args = {{"centre", Value::List{511.5, 511.5}}, {"size", Value::List{511.0, 511.0}}};
  Time(state, "image.spectral_profile", {{Cube()}}, args, 31.5);
}

void Gaussian(benchmark::State& state) {
  static const Payload* const image = new Payload(Values({4096, 4096}));
  // Reflected border and sigma 2: the first value against the sum of the definition.
  double want = 0, norm = 0;
  for (int64_t y = -8; y <= 8; ++y) {
    for (int64_t x = -8; x <= 8; ++x) {
      const double w = std::exp(-static_cast<double>(x * x + y * y) / 8);
      const int64_t iy = y < 0 ? -1 - y : y, ix = x < 0 ? -1 - x : x;
      want += w * CubeValue(0, iy * 4096 + ix);
      norm += w;
    }
  }
  Time(state, "image.gaussian", {{*image}}, {{"sigma", 2.0}, {"border", "reflect"}}, want / norm);
}

void Combine(benchmark::State& state, const char* method) {
  static PortPayloads* const images = [] {
    auto* made = new PortPayloads();
    for (int i = 0; i < 12; ++i) made->push_back(Values({kSide, kSide}));
    return made;
  }();
  Time(state, "image.combine", {*images}, {{"method", method}, {"iterations", 2}}, 0);
}

BENCHMARK(Moment0)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(Moments012)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(SpectralProfilePlane)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(SpectralProfileHalfSides)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(Gaussian)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK_CAPTURE(Combine, meanclip, "meanclip")
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(Combine, median, "median")
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(Combine, clip_median, "clip_median")
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace cubeloom

BENCHMARK_MAIN();
