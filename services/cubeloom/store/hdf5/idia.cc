// WriteIdiaHdf5: an image or cube in the IDIA schema 0.3, as fits2idia makes it for CARTA.
//
//   /0                          group; attributes: schema, converter, FITS cards that are scalars
//   /0/DATA                     f32, chunks of 512 x 512 where both sides reach 512, else contiguous;
//   attributes: the
//                               cards that CARTA cannot take in the group (COMMENT, HISTORY, lists)
//   /0/MipMaps/DATA/DATA_XY_2   and _4, _8 ... until both sides are at most 128
//   /0/Statistics/XY/...        of each plane: MIN, MAX, SUM, SUM_SQ (f32), NAN_COUNT, HISTOGRAM (i64)
//   /0/Statistics/XYZ/...       of each cube, when there is more than one plane
//   /0/SwizzledData/ZYX         the cube with the spectral axis fastest (ZYXW for four axes), chunked
//
// Two passes over the planes (elements and statistics; histograms and mip-maps, which need the range) and a
// third over columns for the swizzled cube. Memory: some tens of MiB whatever the size, plus the histograms
// of the cubes.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/card.h"
#include "cubeloom/store/hdf5/file_writer.h"
#include "cubeloom/store/hdf5/hdf5.h"
#include "cubeloom/store/hdf5/idia_mips.h"
#include "cubeloom/store/hdf5/idia_stats.h"
#include "cubeloom/store/hdf5/pieces.h"

namespace cubeloom {
namespace {

constexpr int64_t kPiecePixels = 1 << 20;           // of a contiguous plane, read at once
constexpr int64_t kColumns = 16, kChannels = 1024;  // sides of a chunk of the swizzled cube: 1 MiB

template <typename T>
absl::Span<const std::byte> BytesOf(const std::vector<T>& values) {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(values.data()), values.size() * sizeof(T));
}

// A dataset whose chunks are written in any order, one by one.
class ChunkedOutput {
 public:
  ChunkedOutput(std::string path, DType dtype, const Shape& shape, const Shape& chunk)
      : path_(std::move(path)),
        dtype_(dtype),
        grid_(shape, chunk),
        entries_(static_cast<size_t>(grid_.size())) {}

  const ChunkGrid& grid() const { return grid_; }

  // Writes the chunk from the dense elements of its part inside the array.
  template <typename T>
  absl::Status Write(Hdf5FileWriter& out, int64_t index, const T* elements) {
    const Box box = grid_.BoxOf(index);
    std::vector<T> whole(static_cast<size_t>(grid_.chunk().elements()));
    Chunk view;
    view.box = box;
    view.strides = ContiguousStrides(grid_.chunk());
    const int64_t length = box.extent[box.rank() - 1];
    ForEachRow(view,
               [&](int64_t to, int64_t from) { std::copy_n(elements + from, length, whole.data() + to); });
    CL_ASSIGN_OR_RETURN(entries_[index], out.AppendBlock(BytesOf(whole)));
    return absl::OkStatus();
  }

  absl::Status Finish(Hdf5FileWriter& out, std::vector<Hdf5WriteAttribute> attributes = {}) {
    Hdf5FileWriter::Dataset dataset;
    dataset.dtype = dtype_;
    dataset.shape = grid_.array();
    dataset.storage.chunk = grid_.chunk();
    CL_ASSIGN_OR_RETURN(dataset.storage.address, out.AppendChunkTree(grid_, entries_));
    dataset.attributes = std::move(attributes);
    dataset.style = Hdf5AttributeStyle::kIdia;
    return out.AddDataset(path_, std::move(dataset));
  }

 private:
  std::string path_;
  DType dtype_;
  ChunkGrid grid_;
  std::vector<Hdf5ChunkEntry> entries_;
};

class IdiaWriter {
 public:
  IdiaWriter(ArrayPtr array, Hdf5FileWriter& out, const ReadContext& context)
      : array_(std::move(array)),
        out_(out),
        context_(context),
        shape_(array_->desc().shape),
        rank_(shape_.rank()) {
    height_ = shape_[rank_ - 2];
    width_ = shape_[rank_ - 1];
    depth_ = rank_ > 2 ? shape_[rank_ - 3] : 1;
    cubes_ = rank_ > 3 ? shape_[rank_ - 4] : 1;
    bins_ = std::max<int64_t>(2, static_cast<int64_t>(std::sqrt(static_cast<double>(height_ * width_))));
  }

  absl::Status Write() {
    SplitAttributes();
    CL_RETURN_IF_ERROR(out_.SetGroupAttributes("/0", std::move(cards_), Hdf5AttributeStyle::kIdia));
    CL_RETURN_IF_ERROR(height_ >= kIdiaTile && width_ >= kIdiaTile ? WriteChunkedData()
                                                                   : WriteContiguousData());
    CL_RETURN_IF_ERROR(WriteHistogramsAndMips());
    CL_RETURN_IF_ERROR(WriteStatistics("XY", PlaneShape(), plane_stats_));
    if (depth_ > 1) {
      CL_RETURN_IF_ERROR(WriteStatistics("XYZ", CubeShape(), cube_stats_));
      CL_RETURN_IF_ERROR(WriteSwizzled());
    }
    return out_.Finish();
  }

 private:
  class MipIo;

  Shape PlaneShape() const {
    return Shape(absl::MakeConstSpan(shape_.begin(), static_cast<size_t>(rank_ - 2)));
  }
  Shape CubeShape() const {
    return Shape(absl::MakeConstSpan(shape_.begin(), static_cast<size_t>(std::max(rank_ - 3, 0))));
  }

  // `leading` axes of extent 1 (the plane is one of many), then these.
  Shape InPlane(const Shape& last) const {
    Shape out = Shape::Filled(rank_ - last.rank(), 1);
    for (const int64_t v : last) out.push_back(v);
    return out;
  }

  // The box of rows and columns in a plane.
  Box BoxIn(int64_t plane, int64_t y, int64_t x, const Shape& extent) const {
    Box box{Shape::Filled(rank_, 0), InPlane(extent)};
    if (rank_ > 2) box.origin[rank_ - 3] = plane % depth_;
    if (rank_ > 3) box.origin[rank_ - 4] = plane / depth_;
    box.origin[rank_ - 2] = y;
    box.origin[rank_ - 1] = x;
    return box;
  }

  // Dense f32; what is not valid is NaN.
  absl::StatusOr<Buffer> Read(const Box& box) const {
    if (context_.cancel.cancelled()) return context_.cancel.status();
    CL_ASSIGN_OR_RETURN(const Chunk chunk, array_->Read(box, context_));
    CL_ASSIGN_OR_RETURN(const Chunk floats, ConvertChunk(chunk, DType::kF32, *context_.allocator));
    CL_ASSIGN_OR_RETURN(Chunk dense, MakeContiguous(floats, *context_.allocator));
    if (!dense.validity) return dense.data;
    const auto bytes = static_cast<size_t>(box.elements()) * sizeof(float);
    CL_ASSIGN_OR_RETURN(MutableBuffer out, context_.allocator->Allocate(bytes));
    std::memcpy(out.data(), dense.data.data(), bytes);
    for (int64_t i = 0; i < box.elements(); ++i) {
      if (!dense.valid(i)) reinterpret_cast<float*>(out.data())[i] = std::numeric_limits<float>::quiet_NaN();
    }
    return std::move(out).Publish();
  }

  // CARTA takes every attribute of the group as a card with one value; the others go to DATA.
  void SplitAttributes() {
    const auto add = [&](const char* name, Value value) {
      cards_.push_back({name, std::move(value), "", DType::kF64});
    };
    add("SCHEMA_VERSION", "0.3");
    add("HDF5_CONVERTER", "cubeloom");
    add("HDF5_CONVERTER_VERSION", "1");
    add("SIMPLE", true);
    add("BITPIX", -32);
    add("NAXIS", rank_);
    for (int i = 1; i <= rank_; ++i) add(absl::StrCat("NAXIS", i).c_str(), shape_[rank_ - i]);
    add("EXTEND", true);
    const ArrayDesc& desc = array_->desc();
    for (Hdf5WriteAttribute& a : Hdf5UniqueAttributes(desc.attributes)) {
      if (IsStructuralFitsKeyword(a.name) || a.name == "SCHEMA_VERSION" ||
          absl::StartsWith(a.name, "HDF5_CONVERTER")) {
        continue;
      }
      const bool card = a.value.is_bool() || a.value.is_number() || a.value.is_string();
      const bool commentary = a.name == "COMMENT" || a.name == "HISTORY";
      (card && !commentary ? cards_ : data_attributes_).push_back(std::move(a));
    }
    if (!desc.unit.empty() && desc.Find("BUNIT") == nullptr) add("BUNIT", desc.unit);
  }

  absl::Status WriteChunkedData() {
    ChunkedOutput data("/0/DATA", DType::kF32, shape_, InPlane({kIdiaTile, kIdiaTile}));
    plane_stats_.resize(static_cast<size_t>(cubes_ * depth_));
    const int64_t per_plane = data.grid().size() / std::max<int64_t>(1, cubes_ * depth_);
    for (int64_t i = 0; i < data.grid().size(); ++i) {
      const Box box = data.grid().BoxOf(i);
      CL_ASSIGN_OR_RETURN(const Buffer pixels, Read(box));
      const auto* values = reinterpret_cast<const float*>(pixels.data());
      plane_stats_[i / per_plane].Add(values, box.elements());
      CL_RETURN_IF_ERROR(data.Write(out_, i, values));
    }
    return data.Finish(out_, std::move(data_attributes_));
  }

  absl::Status WriteContiguousData() {
    Hdf5FileWriter::Dataset data;
    data.shape = shape_;
    data.storage.bytes = shape_.elements() * static_cast<int64_t>(sizeof(float));
    CL_ASSIGN_OR_RETURN(data.storage.address, out_.Begin());
    plane_stats_.resize(static_cast<size_t>(cubes_ * depth_));
    for (int64_t plane = 0; plane < cubes_ * depth_; ++plane) {
      const auto write = [&](const Box& piece) -> absl::Status {
        CL_ASSIGN_OR_RETURN(const Buffer pixels,
                            Read(BoxIn(plane, piece.origin[0], piece.origin[1], piece.extent)));
        plane_stats_[plane].Add(reinterpret_cast<const float*>(pixels.data()), piece.elements());
        return out_.Append(
            absl::MakeConstSpan(pixels.data(), static_cast<size_t>(piece.elements()) * sizeof(float)));
      };
      CL_RETURN_IF_ERROR(ForEachHdf5Piece(Shape{height_, width_}, kPiecePixels, write));
    }
    data.attributes = std::move(data_attributes_);
    data.style = Hdf5AttributeStyle::kIdia;
    return out_.AddDataset("/0/DATA", std::move(data));
  }

  absl::Status WriteHistogramsAndMips();
  absl::Status WriteStatistics(const std::string& name, const Shape& shape,
                               const std::vector<IdiaStats>& stats);
  absl::Status WriteSwizzled();
  absl::Status WriteColumns(ChunkedOutput& output, const Box& box);

  template <typename T>
  absl::Status WriteSmall(const std::string& path, const Shape& shape, const std::vector<T>& values) {
    Hdf5FileWriter::Dataset d;
    d.dtype = DTypeOf<T>::value;
    d.shape = shape;
    CL_ASSIGN_OR_RETURN(const Hdf5ChunkEntry entry, out_.AppendBlock(BytesOf(values)));
    d.storage.address = entry.offset;
    d.storage.bytes = static_cast<int64_t>(values.size() * sizeof(T));
    return out_.AddDataset(path, std::move(d));
  }

  const ArrayPtr array_;
  Hdf5FileWriter& out_;
  const ReadContext& context_;
  const Shape shape_;
  const int rank_;
  int64_t height_, width_, depth_, cubes_, bins_;
  std::vector<Hdf5WriteAttribute> cards_, data_attributes_;
  std::vector<IdiaStats> plane_stats_, cube_stats_;
};

// Loads level 0 into the histograms on the way, stores the other levels as chunks.
class IdiaWriter::MipIo : public IdiaMips::Io {
 public:
  MipIo(IdiaWriter& writer, std::vector<ChunkedOutput>& levels) : writer_(writer), levels_(levels) {}

  void StartPlane(int64_t plane, IdiaHistogram* plane_histogram, IdiaHistogram* cube_histogram) {
    plane_ = plane;
    plane_histogram_ = plane_histogram;
    cube_histogram_ = cube_histogram;
  }

  absl::Status Load(const IdiaTile& tile, std::vector<float>* pixels) override {
    const Box box =
        writer_.BoxIn(plane_, tile.row * kIdiaTile, tile.column * kIdiaTile, Shape{tile.height, tile.width});
    CL_ASSIGN_OR_RETURN(const Buffer data, writer_.Read(box));
    std::memcpy(pixels->data(), data.data(), pixels->size() * sizeof(float));
    plane_histogram_->Add(pixels->data(), static_cast<int64_t>(pixels->size()));
    if (cube_histogram_ != nullptr)
      cube_histogram_->Add(pixels->data(), static_cast<int64_t>(pixels->size()));
    return absl::OkStatus();
  }

  absl::Status Store(const IdiaTile& tile, const std::vector<float>& pixels) override {
    ChunkedOutput& level = levels_[static_cast<size_t>(tile.level) - 1];
    const Shape& counts = level.grid().counts();
    const int64_t rows = counts[writer_.rank_ - 2], columns = counts[writer_.rank_ - 1];
    return level.Write(writer_.out_, (plane_ * rows + tile.row) * columns + tile.column, pixels.data());
  }

 private:
  IdiaWriter& writer_;
  std::vector<ChunkedOutput>& levels_;
  int64_t plane_ = 0;
  IdiaHistogram* plane_histogram_ = nullptr;
  IdiaHistogram* cube_histogram_ = nullptr;
};

absl::Status IdiaWriter::WriteHistogramsAndMips() {
  const IdiaMips mips(height_, width_);
  std::vector<ChunkedOutput> levels;
  for (int level = 1; level <= mips.levels(); ++level) {
    Shape shape = shape_;
    shape[rank_ - 2] = mips.height(level);
    shape[rank_ - 1] = mips.width(level);
    const Shape tile = {std::min(mips.height(level), kIdiaTile), std::min(mips.width(level), kIdiaTile)};
    levels.emplace_back(absl::StrCat("/0/MipMaps/DATA/DATA_XY_", int64_t{1} << level), DType::kF32, shape,
                        InPlane(tile));
  }
  Shape histogram_shape = PlaneShape(), row = Shape::Filled(rank_ - 2, 1);
  histogram_shape.push_back(bins_);
  row.push_back(bins_);
  ChunkedOutput histograms("/0/Statistics/XY/HISTOGRAM", DType::kI64, histogram_shape, row);
  std::vector<int64_t> of_cubes;
  MipIo io(*this, levels);
  for (int64_t cube = 0; cube < cubes_; ++cube) {
    IdiaStats stats;
    for (int64_t z = 0; z < depth_; ++z) stats.Merge(plane_stats_[cube * depth_ + z]);
    IdiaHistogram of_cube(bins_, stats);
    cube_stats_.push_back(stats);
    for (int64_t plane = cube * depth_; plane < (cube + 1) * depth_; ++plane) {
      IdiaHistogram of_plane(bins_, plane_stats_[plane]);
      io.StartPlane(plane, &of_plane, depth_ > 1 ? &of_cube : nullptr);
      CL_RETURN_IF_ERROR(mips.Build(io));
      CL_RETURN_IF_ERROR(histograms.Write(out_, plane, of_plane.counts().data()));
    }
    of_cubes.insert(of_cubes.end(), of_cube.counts().begin(), of_cube.counts().end());
  }
  CL_RETURN_IF_ERROR(histograms.Finish(out_));
  for (ChunkedOutput& level : levels) CL_RETURN_IF_ERROR(level.Finish(out_));
  if (depth_ <= 1) return absl::OkStatus();
  Shape shape = CubeShape();
  shape.push_back(bins_);
  return WriteSmall("/0/Statistics/XYZ/HISTOGRAM", shape, of_cubes);
}

absl::Status IdiaWriter::WriteStatistics(const std::string& name, const Shape& shape,
                                         const std::vector<IdiaStats>& stats) {
  const std::string prefix = absl::StrCat("/0/Statistics/", name, "/");
  const auto floats = [&](const char* field, auto value) {
    std::vector<float> values;
    for (const IdiaStats& s : stats) values.push_back(static_cast<float>(value(s)));
    return WriteSmall(prefix + field, shape, values);
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CL_RETURN_IF_ERROR(floats("MIN", [&](const IdiaStats& s) { return s.any() ? s.min : nan; }));
  CL_RETURN_IF_ERROR(floats("MAX", [&](const IdiaStats& s) { return s.any() ? s.max : nan; }));
  CL_RETURN_IF_ERROR(floats("SUM", [](const IdiaStats& s) { return s.sum; }));
  CL_RETURN_IF_ERROR(floats("SUM_SQ", [](const IdiaStats& s) { return s.sum_sq; }));
  std::vector<int64_t> counts;
  for (const IdiaStats& s : stats) counts.push_back(s.not_finite);
  return WriteSmall(prefix + "NAN_COUNT", shape, counts);
}

// Reads boxes of many columns of pixels and some rows, and turns each into a line of chunks.
absl::Status IdiaWriter::WriteSwizzled() {
  Shape shape = CubeShape();
  for (const int64_t v : {width_, height_, depth_}) shape.push_back(v);
  const Shape chunk =
      InPlane({std::min(width_, kColumns), std::min(height_, kColumns), std::min(depth_, kChannels)});
  ChunkedOutput output(rank_ == 3 ? "/0/SwizzledData/ZYX" : "/0/SwizzledData/ZYXW", DType::kF32, shape,
                       chunk);
  for (int64_t cube = 0; cube < cubes_; ++cube) {
    for (int64_t z = 0; z < depth_; z += kChannels) {
      for (int64_t y = 0; y < height_; y += kColumns) {
        for (int64_t x = 0; x < width_; x += kIdiaTile) {
          const Shape extent = {std::min(kChannels, depth_ - z), std::min(kColumns, height_ - y),
                                std::min(kIdiaTile, width_ - x)};
          Box box = BoxIn(cube * depth_ + z, y, x, Shape{extent[1], extent[2]});
          box.extent[rank_ - 3] = extent[0];
          CL_RETURN_IF_ERROR(WriteColumns(output, box));
        }
      }
    }
  }
  return output.Finish(out_);
}

absl::Status IdiaWriter::WriteColumns(ChunkedOutput& output, const Box& box) {
  CL_ASSIGN_OR_RETURN(const Buffer data, Read(box));
  const auto* in = reinterpret_cast<const float*>(data.data());
  const int64_t nz = box.extent[rank_ - 3], ny = box.extent[rank_ - 2], nx = box.extent[rank_ - 1];
  const Shape& counts = output.grid().counts();
  std::vector<float> out;
  for (int64_t x0 = 0; x0 < nx; x0 += kColumns) {
    const int64_t columns = std::min(kColumns, nx - x0);
    out.resize(static_cast<size_t>(columns * ny * nz));
    for (int64_t z = 0; z < nz; ++z) {
      for (int64_t y = 0; y < ny; ++y) {
        const float* row = in + (z * ny + y) * nx + x0;
        for (int64_t x = 0; x < columns; ++x) out[(x * ny + y) * nz + z] = row[x];
      }
    }
    int64_t index = rank_ > 3 ? box.origin[rank_ - 4] : 0;
    index = index * counts[rank_ - 3] + (box.origin[rank_ - 1] + x0) / kColumns;
    index = index * counts[rank_ - 2] + box.origin[rank_ - 2] / kColumns;
    index = index * counts[rank_ - 1] + box.origin[rank_ - 3] / kChannels;
    CL_RETURN_IF_ERROR(output.Write(out_, index, out.data()));
  }
  return absl::OkStatus();
}

absl::Status CheckImage(const ArrayPtr& array) {
  if (array == nullptr) return absl::InvalidArgumentError("there is no array");
  const ArrayDesc& desc = array->desc();
  CL_RETURN_IF_ERROR(CheckedElements(desc.shape, DType::kF64).status());
  if (desc.shape.rank() < 2 || desc.shape.rank() > 4 || desc.shape.elements() == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the IDIA schema is for images of 2 to 4 axes with pixels, not for shape ", desc.shape.ToString()));
  }
  if (desc.dtype == DType::kC64 || desc.dtype == DType::kC128) {
    return absl::InvalidArgumentError("the IDIA schema has no complex pixels");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteIdiaHdf5(Store& store, absl::string_view uri, const ArrayPtr& array,
                           const ReadContext& context) {
  CL_RETURN_IF_ERROR_IN(CheckImage(array), absl::StrCat("write '", uri, "'"));
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5FileWriter> out, Hdf5FileWriter::Create(store, uri));
  CL_RETURN_IF_ERROR_IN(IdiaWriter(array, *out, context).Write(), absl::StrCat("write '", uri, "'"));
  return absl::OkStatus();
}

}  // namespace cubeloom
