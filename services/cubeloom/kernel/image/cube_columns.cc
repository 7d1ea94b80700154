#include "cubeloom/kernel/image/cube_columns.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

absl::Status CheckInclude(const Args& args) {
  if (!args.has("include")) return absl::OkStatus();
  const std::vector<double> range = args.reals("include");
  if (range.size() != 2)
    return ParamError("include", absl::StrCat("needs 2 numbers (min, max), got ", range.size()));
  if (range[0] <= range[1]) return absl::OkStatus();
  return ParamError("include", absl::StrCat("is the empty range from ", range[0], " to ", range[1]));
}

absl::Status CheckChannels(const Args& args, int64_t depth) {
  if (!args.has("channels")) return absl::OkStatus();
  const std::vector<int64_t> range = args.integers("channels");
  if (range.size() != 2)
    return ParamError("channels", absl::StrCat("needs 2 numbers (begin, end), got ", range.size()));
  if (range[0] < range[1] && range[1] <= depth) return absl::OkStatus();
  return ParamError("channels",
                    absl::StrCat("is [", range[0], ", ", range[1], "), not a part of [0, ", depth, ")"));
}

}  // namespace

PortSpec CubePort() {
  return FloatPort("cube",
                   "nz x ny x nx; slower axes of extent 1 may lead; NaN and blank pixels are skipped");
}

std::vector<ParamSpec> ColumnParams() {
  ParamSpec include, channels;
  include.name = "include";
  include.type = ParamType::kRealList;
  include.doc = "[min, max]: only values v with min <= v <= max count";
  channels.name = "channels";
  channels.type = ParamType::kIntegerList;
  channels.doc = "[begin, end): the channels to use, 0-based; default all";
  channels.min = 0;
  return {include, channels};
}

absl::StatusOr<ArrayDesc> InferMap(const KernelInfo& info, const Args& args,
                                   absl::Span<const InputDesc> inputs) {
  InferInputs in(info, inputs);
  CL_ASSIGN_OR_RETURN(const ArrayDesc* cube, in.Array("cube"));
  CL_RETURN_IF_ERROR(CheckCube(in, "cube"));
  const int z = cube->shape.rank() - 3;
  CL_RETURN_IF_ERROR(CheckInclude(args));
  CL_RETURN_IF_ERROR(CheckChannels(args, cube->shape[z]));
  ArrayDesc map = LikeArray(*cube, cube->dtype);
  map.shape = Shape{cube->shape[z + 1], cube->shape[z + 2]};
  KeepAxes(&map.attributes, 2);
  return map;
}

ColumnChoice ChoiceOf(const Args& args, const ArrayDesc& cube) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  ColumnChoice choice{0, cube.shape[cube.shape.rank() - 3], -kInf, kInf, ReadAxis(cube, 3)};
  if (args.has("channels")) {
    const std::vector<int64_t> range = args.integers("channels");
    choice.begin = range[0];
    choice.end = range[1];
  }
  if (args.has("include")) {
    const std::vector<double> range = args.reals("include");
    choice.low = range[0];
    choice.high = range[1];
  }
  return choice;
}

Box ColumnBox(const Invocation& invocation, const Box& out) {
  const ArrayDesc& cube = DescOf(invocation, 0);
  const ColumnChoice choice = ChoiceOf(*invocation.args, cube);
  Box box = Box::Whole(cube.shape);
  const int z = cube.shape.rank() - 3;
  box.origin[z] = choice.begin;
  box.extent[z] = choice.end - choice.begin;
  for (int a = 0; a < 2; ++a) {
    box.origin[z + 1 + a] = out.origin[a];
    box.extent[z + 1 + a] = out.extent[a];
  }
  return box;
}

std::string UnitProduct(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? "" : absl::StrCat(a, " ", b);
}

}  // namespace cubeloom
