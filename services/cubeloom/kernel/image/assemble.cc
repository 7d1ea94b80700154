// array.assemble: the gather half of a scatter over a chunk grid.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"
#include "cubeloom/kernel/image/tile_copy.h"

namespace cubeloom {
namespace {

KernelInfo AssembleInfo() {
  KernelInfo info;
  info.name = "array.assemble";
  info.shape = KernelShape::kMap;
  info.summary = "tiles of a chunk grid back into one array";
  info.doc =
      "Tile i is chunk i, counted row-major, of the grid with chunks of shape `grid` over an array of the "
      "shape of `like`; "
      "the last chunk of an axis may be short. So a scatter over that grid of `like`, and kernels that keep "
      "the shape, are undone. "
      "Only shape and attributes of `like` are used. Every tile must be there.";
  info.reference = "numpy.block";
  info.tolerance = "exact";
  PortSpec tiles = ArrayPort("tiles", "the chunks in index order; all of one dtype");
  tiles.variadic = true;
  info.inputs = {tiles, ArrayPort("like", "an array of the whole shape, e.g. the one that was scattered")};
  info.outputs = {ArrayPort("array", "shape and attributes of `like`, dtype and unit of the tiles")};
  ParamSpec grid;
  grid.name = "grid";
  grid.type = ParamType::kIntegerList;
  grid.required = true;
  grid.doc = "shape of a chunk, slowest axis first, as given to the scatter";
  grid.min = 1;
  info.params = {grid};
  info.ns_per_element = 0.3;
  return info;
}

ChunkGrid GridOf(const Args& args, const Shape& shape) {
  const std::vector<int64_t> chunk = args.integers("grid");
  return ChunkGrid(shape, Shape(chunk));
}

class Assemble : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* like, in.Array("like"));
    CL_ASSIGN_OR_RETURN(const ArrayDesc* first, in.Array("tiles"));
    const size_t rank = static_cast<size_t>(like->shape.rank());
    if (args.integers("grid").size() != rank) {
      return ParamError("grid", absl::StrCat("needs ", rank, " numbers for an array of shape ",
                                             like->shape.ToString(), ", got ", args.integers("grid").size()));
    }
    const ChunkGrid grid = GridOf(args, like->shape);
    const std::vector<ArrayDesc>& tiles = inputs[0].arrays;
    if (static_cast<int64_t>(tiles.size()) != grid.size()) {
      return InputError(
          "tiles", absl::StrCat("has ", tiles.size(), " payloads; an array of shape ", like->shape.ToString(),
                                " in chunks of ", grid.chunk().ToString(), " has ", grid.size()));
    }
    for (size_t i = 0; i < tiles.size(); ++i) {
      const Shape want = grid.BoxOf(static_cast<int64_t>(i)).extent;
      if (tiles[i].shape != want || tiles[i].dtype != first->dtype) {
        return InputError("tiles", absl::StrCat("[", i, "] is ", tiles[i].shape.ToString(), " ",
                                                DTypeName(tiles[i].dtype), ", chunk ", i, " of the grid is ",
                                                want.ToString(), " ", DTypeName(first->dtype)));
      }
    }
    ArrayDesc out = LikeArray(*like, first->dtype);
    out.unit = first->unit;
    return std::vector<OutputDesc>{ArrayOutput(std::move(out))};
  }

  Box InputBox(const Invocation& invocation, int port, int index, const Box& out) const override {
    const Shape& shape = invocation.outputs[0].array.shape;
    if (port == 1) return {Shape::Filled(shape.rank(), 0), Shape::Filled(shape.rank(), 0)};
    const Box tile = GridOf(*invocation.args, shape).BoxOf(index);
    Box box = Intersect(tile, out);
    for (int a = 0; a < box.rank(); ++a)
      box.origin[a] = box.extent[a] == 0 ? 0 : box.origin[a] - tile.origin[a];
    return box;
  }

  Shape PreferredChunk(const Invocation& invocation) const override {
    return GridOf(*invocation.args, invocation.outputs[0].array.shape).chunk();
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const ChunkGrid grid = GridOf(*call.invocation->args, call.invocation->outputs[0].array.shape);
    const BlockTarget target{call.out, call.data[0], call.validity[0]};
    for (size_t i = 0; i < (*call.in)[0].size(); ++i) {
      if (context.cancel.cancelled()) return context.cancel.status();
      const Chunk& tile = (*call.in)[0][i];
      if (tile.box.empty()) continue;
      Shape at = grid.BoxOf(static_cast<int64_t>(i)).origin;
      for (int a = 0; a < at.rank(); ++a) at[a] += tile.box.origin[a];
      CopyInto(tile, at, target);
    }
    return absl::OkStatus();
  }

 private:
  const KernelInfo info_ = AssembleInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeAssembleKernel() { return std::make_unique<Assemble>(); }

}  // namespace cubeloom
