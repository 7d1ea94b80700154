// image.spectral_profile. One channel is the region's runs, row by row, cut or gathered into blocks of at
// most kBlockElements; their moments (kernel/stats/block_moments.h) merge in that order. Which runs form a
// block depends on the region and mask alone, and so do the bits of the result.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/axis_keywords.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"
#include "cubeloom/kernel/region/region.h"
#include "cubeloom/kernel/stats/block_moments.h"
#include "cubeloom/kernel/stats/moments.h"

namespace cubeloom {
namespace {

constexpr int64_t kLongRun = 512;  // elements, from which on a run is worth a block of its own

KernelInfo SpectralProfileInfo() {
  KernelInfo info;
  info.name = "image.spectral_profile";
  info.shape = KernelShape::kMap;
  info.summary = "a statistic of a region, channel by channel";
  info.doc =
      "Of each plane of a cube: `statistic` over the pixels inside the region (the whole plane when neither "
      "centre nor "
      "points are given) that the mask uses and that are not NaN or blank. rms = sqrt(sum(v^2) / n), sigma = "
      "sqrt(sum((v - mean)^2) / (n - 1)), 0 for one pixel. Without any pixel: count 0, all others NaN. "
      "Infinities count and "
      "make sum, mean, rms and sigma non-finite unless finite_only is set. `coordinate` is CRVAL3 + (k + 1 - "
      "CRPIX3) "
      "CDELT3 (or CD3_3) of channel k in unit CUNIT3, or k where the header has none.";
  info.reference = "CARTA region spectral profiles (casacore ImageStatistics)";
  info.tolerance = "count, min, max exact; sum, mean, rms, sigma 1e-10 relative";
  info.inputs = {FloatPort("cube", "nz x ny x nx; slower axes of extent 1 may lead"),
                 OptionalMaskPort("mask", "ny x nx; pixels where it is not 0 are used")};
  info.outputs = {ArrayPort("profile", "nz f64, in the cube's unit (count: none)"),
                  ArrayPort("coordinate", "nz f64: the channels' coordinates")};
  info.params = RegionParams();
  ParamSpec statistic, finite;
  statistic.name = "statistic";
  statistic.type = ParamType::kString;
  statistic.default_value = Value("mean");
  statistic.doc = "what is taken of each channel";
  statistic.choices = {"mean", "sum", "rms", "sigma", "min", "max", "count"};
  finite.name = "finite_only";
  finite.type = ParamType::kBool;
  finite.default_value = Value(false);
  finite.doc = "skip infinities as NaN is skipped";
  info.params.push_back(statistic);
  info.params.push_back(finite);
  info.ns_per_element = 0.3;
  return info;
}

bool HasRegion(const Args& args) { return args.has("centre") || args.has("points"); }

// The region's box {y, x} on a plane of the cube.
absl::StatusOr<Box> BoundsOf(const Args& args, const Shape& plane) {
  if (!HasRegion(args)) return Box::Whole(plane);
  CL_ASSIGN_OR_RETURN(const Region region, RegionFromArgs(args));
  return RegionBounds(region, plane);
}

absl::Status CheckCovers(const Args& args, const Shape& plane) {
  if (!HasRegion(args)) return absl::OkStatus();
  CL_ASSIGN_OR_RETURN(const Region region, RegionFromArgs(args));
  const Box bounds = RegionBounds(region, plane);
  for (int64_t y = bounds.origin[0]; y < bounds.end(0); ++y) {
    if (!RegionRow(region, y, plane[1]).empty()) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("the ", args.string("type"),
                                                 " covers no pixel of the plane (", plane[1], " wide, ",
                                                 plane[0], " high)"));
}

Shape PlaneShape(const Shape& cube) { return Shape{cube[cube.rank() - 2], cube[cube.rank() - 1]}; }

class ProfilePlan : public MapKernel::Plan {
 public:
  Box bounds;                           // {y, x}
  std::vector<std::vector<Span>> rows;  // the region's runs in each row of the bounds
  std::vector<uint8_t> mask;            // of the bounds, row-major, 1 = use; empty: all
  LinearAxis axis;
};

// The moments of one channel with its infinities.
struct ChannelSum {
  Moments moments;

  void Add(const BlockMoments& block) {
    moments.AddSums(block);
    moments.min = std::min(moments.min, block.min);
    moments.max = std::max(moments.max, block.max);
  }
  template <typename T>
  void CountInfinities(const T* p, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      moments.positive_infinities += p[i] == std::numeric_limits<T>::infinity();
      moments.negative_infinities += p[i] == -std::numeric_limits<T>::infinity();
    }
  }
};

double Statistic(const std::string& name, const Moments& m, bool finite_only) {
  const int64_t infinities = finite_only ? 0 : m.positive_infinities + m.negative_infinities;
  const double n = static_cast<double>(m.finite);
  if (name == "count") return n + static_cast<double>(infinities);
  if (m.finite + infinities == 0) return kNan;
  if (name == "min") return infinities > 0 && m.negative_infinities > 0 ? -kInf : m.finite > 0 ? m.min : kInf;
  if (name == "max") return infinities > 0 && m.positive_infinities > 0 ? kInf : m.finite > 0 ? m.max : -kInf;
  if (infinities > 0) {
    if (name == "rms") return kInf;
    if (name == "sigma" || m.positive_infinities * m.negative_infinities > 0) return kNan;
    return m.positive_infinities > 0 ? kInf : -kInf;
  }
  if (name == "sum") return m.sum.high;
  if (name == "rms") return std::sqrt(m.sumsq / n);
  if (name == "sigma") return m.finite > 1 ? std::sqrt(m.m2 / (n - 1)) : 0;
  return m.sum.high / n;
}

void BlockSums(const float* p, int64_t n, bool masked, BlockMoments* out) {
  ActiveBlockFunctions().moments_f32(p, n, masked, out);
}
void BlockSums(const double* p, int64_t n, bool masked, BlockMoments* out) {
  ActiveBlockFunctions().moments_f64(p, n, masked, out);
}

// One channel.
template <typename T>
class ChannelScan {
 public:
  ChannelScan(const ProfilePlan& plan, T* scratch) : plan_(plan), scratch_(scratch) {}

  // `plane` is the bounds of the channel.
  absl::StatusOr<Moments> Run(const T* plane, int64_t row_stride, const CancelToken& cancel) {
    sum_ = ChannelSum();
    filled_ = 0;
    for (int64_t row = 0; row < plan_.bounds.extent[0]; ++row) {
      if (cancel.cancelled()) return cancel.status();
      for (const Span& run : plan_.rows[row]) {
        for (int64_t x = run.begin; x < run.end; x += kBlockElements) {
          AddRun(plane + row * row_stride, row, Span{x, std::min(run.end, x + kBlockElements)});
        }
      }
    }
    Flush();
    return sum_.moments;
  }

 private:
  // Long runs are taken where they are, short ones and masked ones are gathered into blocks.
  void AddRun(const T* line, int64_t row, Span run) {
    const uint8_t* use = plan_.mask.empty() ? nullptr : plan_.mask.data() + row * plan_.bounds.extent[1];
    line -= plan_.bounds.origin[1];
    if (use == nullptr && run.end - run.begin >= kLongRun) {
      Flush();
      AddBlock(line + run.begin, run.end - run.begin);
      return;
    }
    while (run.begin < run.end) {
      const int64_t n = std::min(run.end - run.begin, kBlockElements - filled_);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t x = run.begin + i;
        const bool keep = use == nullptr || use[x - plan_.bounds.origin[1]] != 0;
        scratch_[filled_ + i] = keep ? line[x] : std::numeric_limits<T>::quiet_NaN();
      }
      filled_ += n;
      run.begin += n;
      if (filled_ == kBlockElements) Flush();
    }
  }
  void Flush() {
    if (filled_ > 0) AddBlock(scratch_, std::exchange(filled_, 0));
  }
  void AddBlock(const T* p, int64_t n) {
    BlockMoments block;
    BlockSums(p, n, masked_ || !plan_.mask.empty(), &block);
    masked_ = block.finite < n;
    sum_.Add(block);
    if (block.infinite > 0) sum_.CountInfinities(p, n);
  }

  const ProfilePlan& plan_;
  T* const scratch_;  // kBlockElements
  int64_t filled_ = 0;
  ChannelSum sum_;
  bool masked_ = false;
};

class SpectralProfile : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* cube, in.Array("cube"));
    CL_RETURN_IF_ERROR(CheckCube(in, "cube"));
    const Shape plane = PlaneShape(cube->shape);
    if (in.Has("mask")) {
      CL_ASSIGN_OR_RETURN(const ArrayDesc* mask, in.Array("mask"));
      if (mask->shape != plane) {
        return InputError("mask", absl::StrCat("has shape ", mask->shape.ToString(),
                                               ", a plane of the cube has ", plane.ToString()));
      }
    }
    CL_RETURN_IF_ERROR(CheckCovers(args, plane));
    ArrayDesc profile;
    profile.dtype = DType::kF64;
    profile.shape = Shape{cube->shape[cube->shape.rank() - 3]};
    ArrayDesc coordinate = profile;
    if (args.string("statistic") != "count") profile.unit = cube->unit;
    coordinate.unit = ReadAxis(*cube, 3).unit;
    return std::vector<OutputDesc>{ArrayOutput(std::move(profile)), ArrayOutput(std::move(coordinate))};
  }

  absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                const KernelContext& context) const override {
    const Args& args = *invocation.args;
    auto plan = std::make_unique<ProfilePlan>();
    const ArrayDesc& cube = DescOf(invocation, 0);
    const Shape plane = PlaneShape(cube.shape);
    CL_ASSIGN_OR_RETURN(plan->bounds, BoundsOf(args, plane));
    plan->axis = ReadAxis(cube, 3);
    plan->rows.assign(static_cast<size_t>(plan->bounds.extent[0]), {Span{0, plane[1]}});
    if (HasRegion(args)) {
      CL_ASSIGN_OR_RETURN(const Region region, RegionFromArgs(args));
      for (int64_t row = 0; row < plan->bounds.extent[0]; ++row) {
        if (context.cancel.cancelled()) return context.cancel.status();
        plan->rows[row] = RegionRow(region, plan->bounds.origin[0] + row, plane[1]);
      }
    }
    if (invocation.inputs[1].empty()) return plan;
    CL_ASSIGN_OR_RETURN(const Chunk mask,
                        invocation.inputs[1][0].array()->Read(plan->bounds, context.read()));
    plan->mask.resize(static_cast<size_t>(mask.box.elements()));
    ForEachRow(mask, [&](int64_t offset, int64_t linear) {
      for (int64_t i = 0; i < mask.box.extent[1]; ++i) {
        plan->mask[linear + i] = mask.as<uint8_t>()[offset + i] != 0 && mask.valid(linear + i) ? 1 : 0;
      }
    });
    return plan;
  }

  Box InputBox(const Invocation& invocation, int port, int, const Box& out) const override {
    if (port == 1) return {Shape{0, 0}, Shape{0, 0}};  // read once, by Prepare
    const Shape& shape = DescOf(invocation, 0).shape;
    const absl::StatusOr<Box> bounds = BoundsOf(*invocation.args, PlaneShape(shape));
    Box box = Box::Whole(shape);
    const int z = shape.rank() - 3;
    box.origin[z] = out.origin[0];
    box.extent[z] = out.extent[0];
    for (int a = 0; bounds.ok() && a < 2; ++a) {
      box.origin[z + 1 + a] = bounds->origin[a];
      box.extent[z + 1 + a] = bounds->extent[a];
    }
    return box;
  }
  int64_t ScratchBytes(const Invocation&, const Box&) const override { return kBlockElements * 8; }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const Chunk& cube = (*call.in)[0][0];
    return ForFloat(cube.dtype, [&](auto zero) { return RunAs<decltype(zero)>(call, cube, context); });
  }

 private:
  template <typename T>
  absl::Status RunAs(const Call& call, const Chunk& cube, const KernelContext& context) const {
    const auto& plan = *static_cast<const ProfilePlan*>(call.plan);
    const Args& args = *call.invocation->args;
    const std::string& statistic = args.string("statistic");
    CL_ASSIGN_OR_RETURN(MutableBuffer scratch, context.allocator->Allocate(kBlockElements * sizeof(T)));
    ChannelScan<T> scan(plan, reinterpret_cast<T*>(scratch.data()));
    auto* profile = reinterpret_cast<double*>(call.data[0]);
    auto* coordinate = reinterpret_cast<double*>(call.data[1]);
    for (int64_t i = 0; i < call.out.extent[0]; ++i) {
      const Plane plane = PlaneOf(cube, i);
      CL_ASSIGN_OR_RETURN(const Moments moments,
                          scan.Run(cube.as<T>() + plane.offset, plane.row_stride, context.cancel));
      profile[i] = Statistic(statistic, moments, args.boolean("finite_only"));
      coordinate[i] = plan.axis.At(static_cast<double>(call.out.origin[0] + i));
    }
    return absl::OkStatus();
  }

  const KernelInfo info_ = SpectralProfileInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeSpectralProfileKernel() { return std::make_unique<SpectralProfile>(); }

}  // namespace cubeloom
