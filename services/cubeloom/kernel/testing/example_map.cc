// example.blur, example.threshold, example.project and example.add.
#include <algorithm>
#include <cmath>
#include <limits>

#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/testing/example_kernels.h"

namespace cubeloom {
namespace {

const Chunk& Input(const MapKernel::Call& call, int port) { return (*call.in)[port][0]; }

// Element of a chunk at an absolute position.
float At(const Chunk& chunk, const Shape& at) {
  int64_t offset = 0;
  for (int a = 0; a < at.rank(); ++a) offset += (at[a] - chunk.box.origin[a]) * chunk.strides[a];
  return chunk.as<float>()[offset];
}

// Calls f(position, linear) for each element of a box.
template <typename F>
void ForEachElement(const Box& box, F&& f) {
  Shape at = box.origin;
  for (int64_t linear = 0; linear < box.elements(); ++linear) {
    f(at, linear);
    for (int a = box.rank() - 1; a >= 0; --a) {
      if (++at[a] < box.end(a)) break;
      at[a] = box.origin[a];
    }
  }
}

KernelInfo MapInfo(const char* name, const char* summary) {
  KernelInfo info;
  info.name = name;
  info.shape = KernelShape::kMap;
  info.summary = summary;
  info.inputs = {{"array", PayloadKind::kArray, "numbers", false, false, {DType::kF32}}};
  info.outputs = {{"array", PayloadKind::kArray, "of the same shape", false, false, {}}};
  return info;
}

class ExampleBlur : public MapKernel {
 public:
  ExampleBlur() {
    ParamSpec radius;
    radius.name = "radius";
    radius.type = ParamType::kInteger;
    radius.default_value = 1;
    radius.unit = "pixel";
    radius.min = 0;
    radius.max = 100;
    info_.params = {radius};
    info_.ns_per_element = 50;
  }
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    const InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* array, in.Array("array"));
    CL_RETURN_IF_ERROR(in.Rank("array", 2, kMaxRank));
    return std::vector<OutputDesc>{ArrayOutput(LikeArray(*array, DType::kF32))};
  }
  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    return Grow(out, Halo(invocation, out.rank()), invocation.outputs[0].array.shape);
  }
  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const Shape& shape = call.invocation->outputs[0].array.shape;
    const Shape halo = Halo(*call.invocation, shape.rank());
    float* out = reinterpret_cast<float*>(call.data[0]);
    absl::Status status;
    ForEachElement(call.out, [&](const Shape& at, int64_t linear) {
      if (linear % 4096 == 0 && status.ok()) status = context.cancel.status();
      if (!status.ok()) return;
      double sum = 0;
      int64_t count = 0;
      ForEachElement(Grow({at, Shape::Filled(at.rank(), 1)}, halo, shape), [&](const Shape& near, int64_t) {
        const float v = At(Input(call, 0), near);
        if (std::isnan(v)) return;
        sum += v;
        ++count;
      });
      out[linear] = count > 0 ? static_cast<float>(sum / static_cast<double>(count))
                              : std::numeric_limits<float>::quiet_NaN();
    });
    return status;
  }

 private:
  static Shape Halo(const Invocation& invocation, int rank) {
    Shape halo = Shape::Filled(rank, 0);
    halo[rank - 1] = halo[rank - 2] = invocation.args->integer("radius");
    return halo;
  }
  KernelInfo info_ = MapInfo("example.blur", "Mean over a square window.");
};

class ExampleThreshold : public MapKernel {
 public:
  ExampleThreshold() {
    ParamSpec limit;
    limit.name = "limit";
    limit.required = true;
    info_.params = {limit};
  }
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    CL_ASSIGN_OR_RETURN(const ArrayDesc* array, InferInputs(info_, inputs).Array("array"));
    return std::vector<OutputDesc>{ArrayOutput(LikeArray(*array, DType::kBool))};
  }
  absl::Status Run(const Call& call, const KernelContext&) const override {
    const double limit = call.invocation->args->real("limit");
    ForEachElement(call.out, [&](const Shape& at, int64_t linear) {
      const float v = At(Input(call, 0), at);
      call.data[0][linear] = std::byte{v > limit};
      if (std::isnan(v)) call.validity[0][linear >> 3] &= static_cast<uint8_t>(~(1u << (linear & 7)));
    });
    return absl::OkStatus();
  }

 private:
  KernelInfo info_ = MapInfo("example.threshold", "Which elements are larger than a limit.");
};

class ExampleProject : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    const InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* array, in.Array("array"));
    CL_RETURN_IF_ERROR(in.Rank("array", 3, 3));
    ArrayDesc desc = LikeArray(*array, DType::kF64);
    desc.shape = Shape{array->shape[1], array->shape[2]};
    return std::vector<OutputDesc>{ArrayOutput(std::move(desc))};
  }
  Box InputBox(const Invocation& invocation, int, int, const Box& out) const override {
    const int64_t planes = invocation.inputs[0][0].array()->desc().shape[0];
    return {{0, out.origin[0], out.origin[1]}, {planes, out.extent[0], out.extent[1]}};
  }
  absl::Status Run(const Call& call, const KernelContext& context) const override {
    double* out = reinterpret_cast<double*>(call.data[0]);
    const Chunk& cube = Input(call, 0);
    for (int64_t i = 0; i < call.out.elements(); ++i) out[i] = 0;
    for (int64_t z = 0; z < cube.box.extent[0]; ++z) {
      CL_RETURN_IF_ERROR(context.cancel.status());
      ForEachElement(call.out, [&](const Shape& at, int64_t linear) {
        const float v = At(cube, {z, at[0], at[1]});
        if (!std::isnan(v)) out[linear] += v;
      });
    }
    return absl::OkStatus();
  }

 private:
  KernelInfo info_ = MapInfo("example.project", "Sum along the slowest axis of a cube.");
};

class ExampleAdd : public MapKernel {
 public:
  ExampleAdd() {
    info_.inputs.push_back({"other", PayloadKind::kArray, "broadcast", false, false, {DType::kF32}});
  }
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    const InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* a, in.Array("array"));
    CL_ASSIGN_OR_RETURN(const ArrayDesc* b, in.Array("other"));
    CL_ASSIGN_OR_RETURN(const Shape shape, BroadcastShapes(a->shape, b->shape));
    ArrayDesc desc = LikeArray(*a, DType::kF32);
    desc.shape = shape;
    return std::vector<OutputDesc>{ArrayOutput(std::move(desc))};
  }
  absl::Status Run(const Call& call, const KernelContext&) const override {
    float* out = reinterpret_cast<float*>(call.data[0]);
    ForEachElement(call.out, [&](const Shape& at, int64_t linear) {
      out[linear] = AtBroadcast(Input(call, 0), at) + AtBroadcast(Input(call, 1), at);
    });
    return absl::OkStatus();
  }

 private:
  static float AtBroadcast(const Chunk& chunk, const Shape& at) {
    Shape own = chunk.box.origin;
    const int shift = at.rank() - own.rank();
    for (int a = 0; a < own.rank(); ++a) own[a] += chunk.box.extent[a] == 1 ? 0 : at[a + shift] - own[a];
    return At(chunk, own);
  }
  KernelInfo info_ = MapInfo("example.add", "Sum of two arrays.");
};

}  // namespace

std::unique_ptr<MapKernel> MakeExampleBlur() { return std::make_unique<ExampleBlur>(); }
std::unique_ptr<MapKernel> MakeExampleThreshold() { return std::make_unique<ExampleThreshold>(); }
std::unique_ptr<MapKernel> MakeExampleProject() { return std::make_unique<ExampleProject>(); }
std::unique_ptr<MapKernel> MakeExampleAdd() { return std::make_unique<ExampleAdd>(); }

}  // namespace cubeloom
