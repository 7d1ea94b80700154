// image.region_mask and image.bit_mask.
#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/infer_helpers.h"
#include "cubeloom/kernel/region/region.h"

namespace cubeloom {
namespace {

KernelInfo RegionMaskInfo() {
  KernelInfo info;
  info.name = "image.region_mask";
  info.shape = KernelShape::kMap;
  info.summary = "a mask that is 1 inside a region";
  info.doc =
      "A pixel is inside when its centre lies within the region or on its border. Of a cube the last two "
      "axes count; "
      "the mask is 2-D. Regions that cover no pixel of the image are refused. Only the shape of `like` is "
      "used.";
  info.reference = "CARTA back-end's region masks (casacore)";
  info.tolerance =
      "exact; rotated rectangles and ellipses may differ in edge pixels, as casacore uses float32";
  info.inputs = {
      {"like", PayloadKind::kArray, "the image, ny x nx, or a cube of such planes", false, false, {}}};
  info.outputs = {{"mask", PayloadKind::kArray, "u8, ny x nx: 1 inside, 0 outside", false, false, {}}};
  info.params = RegionParams();
  info.ns_per_element = 0.3;
  return info;
}

class RegionPlan : public MapKernel::Plan {
 public:
  Region region;
};

class RegionMask : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* like, in.Array("like"));
    CL_RETURN_IF_ERROR(in.Rank("like", 2, kMaxRank));
    ArrayDesc mask;
    mask.dtype = DType::kU8;
    mask.shape = Shape{like->shape[like->shape.rank() - 2], like->shape[like->shape.rank() - 1]};
    CL_ASSIGN_OR_RETURN(const Region region, RegionFromArgs(args));
    const Box bounds = RegionBounds(region, mask.shape);
    for (int64_t y = bounds.origin[0]; y < bounds.end(0); ++y) {
      if (!RegionRow(region, y, mask.shape[1]).empty())
        return std::vector<OutputDesc>{ArrayOutput(std::move(mask))};
    }
    return absl::InvalidArgumentError(absl::StrCat("the ", args.string("type"),
                                                   " covers no pixel of the image (", mask.shape[1],
                                                   " wide, ", mask.shape[0], " high)"));
  }

  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext&) const override {
    auto plan = std::make_unique<RegionPlan>();
    CL_ASSIGN_OR_RETURN(plan->region, RegionFromArgs(*invocation.args));
    return plan;
  }

  // Nothing is read: the mask depends on the shape alone.
  Box InputBox(const Invocation& invocation, int, int, const Box&) const override {
    const int rank = invocation.inputs[0][0].array()->desc().shape.rank();
    return {Shape::Filled(rank, 0), Shape::Filled(rank, 0)};
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const Region& region = static_cast<const RegionPlan*>(call.plan)->region;
    auto* out = reinterpret_cast<uint8_t*>(call.data[0]);
    const int64_t nx = call.invocation->outputs[0].array.shape[1];
    const int64_t x0 = call.out.origin[1], width = call.out.extent[1];
    std::memset(out, 0, static_cast<size_t>(call.out.elements()));
    for (int64_t row = 0; row < call.out.extent[0]; ++row) {
      if (context.cancel.cancelled()) return context.cancel.status();
      for (const Span& run : RegionRow(region, call.out.origin[0] + row, nx)) {
        const int64_t begin = std::max(run.begin, x0), end = std::min(run.end, x0 + width);
        if (begin < end) std::memset(out + row * width + begin - x0, 1, static_cast<size_t>(end - begin));
      }
    }
    return absl::OkStatus();
  }

 private:
  const KernelInfo info_ = RegionMaskInfo();
};

KernelInfo BitMaskInfo() {
  KernelInfo info;
  info.name = "image.bit_mask";
  info.shape = KernelShape::kMap;
  info.summary = "a mask of good pixels from a data-quality plane";
  info.doc =
      "1 where none of the bits `bad` is set in the data-quality value, else 0; with `invert`, the other way "
      "round. "
      "Pixels without a value count as bad. The default looks at every bit.";
  info.reference = "numpy: (dq & bad) == 0";
  info.tolerance = "exact";
  info.inputs = {{"flags",
                  PayloadKind::kArray,
                  "integer data-quality flags, any shape",
                  false,
                  false,
                  {DType::kU8, DType::kI16, DType::kU16, DType::kI32, DType::kU32, DType::kI64}}};
  info.outputs = {{"mask", PayloadKind::kArray, "u8, same shape: 1 good, 0 bad", false, false, {}}};
  info.params = {{"bad",
                  ParamType::kInteger,
                  Value(int64_t{0xffffffff}),
                  false,
                  "",
                  "bits that make a pixel bad",
                  0,
                  4294967295.0,
                  {}},
                 {"invert", ParamType::kBool, Value(false), false, "", "1 for bad pixels instead"}};
  info.ns_per_element = 0.5;
  return info;
}

class BitMask : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* flags, in.Array("flags"));
    if (IsFloat(flags->dtype) || flags->dtype == DType::kC64 || flags->dtype == DType::kC128) {
      return InputError("flags", absl::StrCat("must hold integers, holds ", DTypeName(flags->dtype)));
    }
    ArrayDesc mask;
    mask.dtype = DType::kU8;
    mask.shape = flags->shape;
    return std::vector<OutputDesc>{ArrayOutput(std::move(mask))};
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const Chunk& flags = (*call.in)[0][0];
    switch (flags.dtype) {
      case DType::kU8:
        return RunAs<uint8_t>(call, flags, context);
      case DType::kI16:
        return RunAs<int16_t>(call, flags, context);
      case DType::kU16:
        return RunAs<uint16_t>(call, flags, context);
      case DType::kI32:
        return RunAs<int32_t>(call, flags, context);
      case DType::kU32:
        return RunAs<uint32_t>(call, flags, context);
      default:
        return RunAs<int64_t>(call, flags, context);
    }
  }

 private:
  template <typename T>
  static absl::Status RunAs(const Call& call, const Chunk& flags, const KernelContext& context) {
    const auto bad = static_cast<uint64_t>(call.invocation->args->integer("bad"));
    const uint8_t good = call.invocation->args->boolean("invert") ? 0 : 1;
    auto* out = reinterpret_cast<uint8_t*>(call.data[0]);
    const int64_t length = flags.box.rank() == 0 ? 1 : flags.box.extent[flags.box.rank() - 1];
    bool cancelled = false;
    ForEachRow(flags, [&](int64_t offset, int64_t linear) {
      cancelled = cancelled || context.cancel.cancelled();
      if (cancelled) return;
      const T* in = flags.as<T>() + offset;
      for (int64_t i = 0; i < length; ++i) {
        const bool hit =
            (static_cast<uint64_t>(static_cast<int64_t>(in[i])) & bad) != 0 || !flags.valid(linear + i);
        out[linear + i] = hit ? static_cast<uint8_t>(1 - good) : good;
      }
    });
    return cancelled ? context.cancel.status() : absl::OkStatus();
  }
  const KernelInfo info_ = BitMaskInfo();
};

}  // namespace

absl::Status RegisterRegionKernels(KernelCatalogue& catalogue) {
  CL_RETURN_IF_ERROR(catalogue.Add(std::make_unique<RegionMask>()));
  return catalogue.Add(std::make_unique<BitMask>());
}

}  // namespace cubeloom
