#include "cubeloom/exthost/npy.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/base/status.h"
#include "cubeloom/exthost/file.h"

namespace cubeloom::exthost {
namespace {

constexpr absl::string_view kMagic = absl::string_view("\x93NUMPY", 6);
constexpr uint32_t kLongestHeader = 1 << 16;

const struct {
  DType dtype;
  const char* text;
} kTypes[] = {{DType::kBool, "|b1"}, {DType::kU8, "|u1"},  {DType::kI8, "|i1"},  {DType::kU16, "<u2"},
              {DType::kI16, "<i2"},  {DType::kU32, "<u4"}, {DType::kI32, "<i4"}, {DType::kU64, "<u8"},
              {DType::kI64, "<i8"},  {DType::kF32, "<f4"}, {DType::kF64, "<f8"}, {DType::kC64, "<c8"},
              {DType::kC128, "<c16"}};

std::string HeaderOf(DType dtype, const Shape& shape) {
  std::string type, extents;
  for (const auto& t : kTypes) {
    if (t.dtype == dtype) type = t.text;
  }
  for (int64_t extent : shape) absl::StrAppend(&extents, extent, ", ");
  if (shape.rank() > 1) extents.resize(extents.size() - 2);
  if (shape.rank() == 1) extents.resize(extents.size() - 1);
  std::string text =
      absl::StrCat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", extents, "), }");
  const size_t length = (10 + text.size() + 1 + 63) / 64 * 64 - 10;
  text.resize(length - 1, ' ');
  text += '\n';
  std::string head(kMagic);
  head += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  return head + text;
}

// The text behind 'key': up to the next comma that is outside parentheses and quotes.
absl::StatusOr<absl::string_view> Field(absl::string_view header, absl::string_view key) {
  const size_t at = header.find(absl::StrCat("'", key, "':"));
  if (at == absl::string_view::npos)
    return absl::InvalidArgumentError(absl::StrCat(".npy header without '", key, "'"));
  absl::string_view rest = header.substr(at + key.size() + 3);
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\'') quoted = !quoted;
    if (quoted) continue;
    if (rest[i] == '(') ++depth;
    if (rest[i] == ')') --depth;
    if (depth == 0 && (rest[i] == ',' || rest[i] == '}'))
      return absl::StripAsciiWhitespace(rest.substr(0, i));
  }
  return absl::InvalidArgumentError(absl::StrCat(".npy header is cut in '", key, "'"));
}

absl::StatusOr<Shape> ParseShape(absl::string_view text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')')
    return absl::InvalidArgumentError(absl::StrCat(".npy header: shape is ", text));
  Shape shape;
  for (absl::string_view part : absl::StrSplit(text.substr(1, text.size() - 2), ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.empty()) continue;
    int64_t extent = 0;
    if (!absl::SimpleAtoi(part, &extent) || extent < 0)
      return absl::InvalidArgumentError(absl::StrCat(".npy header: shape is ", text));
    if (shape.rank() == kMaxRank)
      return absl::InvalidArgumentError(absl::StrCat(".npy header: more than ", kMaxRank, " axes"));
    shape.push_back(extent);
  }
  return shape;
}

// Zeroes the invalid elements of a contiguous chunk.
absl::StatusOr<Chunk> WithoutInvalid(Chunk chunk, Allocator& allocator) {
  if (!chunk.validity) return chunk;
  const size_t size = DTypeSize(chunk.dtype);
  const auto bytes = static_cast<size_t>(chunk.box.elements()) * size;
  CL_ASSIGN_OR_RETURN(MutableBuffer copy, allocator.Allocate(bytes));
  std::memcpy(copy.data(), chunk.data.data(), bytes);
  ForEachZeroBit(reinterpret_cast<const uint8_t*>(chunk.validity.data()), 0, chunk.box.elements(),
                 [&](int64_t i) { std::memset(copy.data() + static_cast<size_t>(i) * size, 0, size); });
  chunk.data = std::move(copy).Publish();
  return chunk;
}

absl::StatusOr<NpyHeader> ReadHeader(File& file, const std::string& path, int64_t* data_at) {
  unsigned char head[12] = {};
  CL_RETURN_IF_ERROR(file.ReadAt(0, head, 10));
  if (!IsNpy(absl::string_view(reinterpret_cast<char*>(head), 10)))
    return absl::InvalidArgumentError(absl::StrCat(path, " is no .npy file"));
  uint32_t length = head[8] | head[9] << 8;
  int64_t at = 10;
  if (head[6] >= 2) {
    CL_RETURN_IF_ERROR(file.ReadAt(8, head + 8, 4));
    length = static_cast<uint32_t>(head[8]) | head[9] << 8 | head[10] << 16 |
             static_cast<uint32_t>(head[11]) << 24;
    at = 12;
  }
  if (head[6] < 1 || head[6] > 3 || length > kLongestHeader)
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": .npy version ", head[6], " with a header of ", length, " bytes"));
  std::string text(length, '\0');
  CL_RETURN_IF_ERROR(file.ReadAt(at, text.data(), length));
  *data_at = at + length;
  CL_ASSIGN_OR_RETURN_IN(NpyHeader header, ParseNpyHeader(text), path);
  return header;
}

}  // namespace

bool IsNpy(absl::string_view first_bytes) { return absl::StartsWith(first_bytes, kMagic); }

absl::StatusOr<NpyHeader> ParseNpyHeader(absl::string_view header) {
  NpyHeader parsed;
  CL_ASSIGN_OR_RETURN(const absl::string_view order, Field(header, "fortran_order"));
  CL_ASSIGN_OR_RETURN(const absl::string_view descr, Field(header, "descr"));
  CL_ASSIGN_OR_RETURN(const absl::string_view extents, Field(header, "shape"));
  CL_ASSIGN_OR_RETURN(parsed.shape, ParseShape(extents));
  if (order != "False" && parsed.shape.rank() > 1)
    return absl::InvalidArgumentError(".npy array in Fortran order: save numpy.ascontiguousarray(x) instead");
  bool known = false;
  for (const auto& type : kTypes) {
    if (descr != absl::StrCat("'", type.text, "'")) continue;
    parsed.dtype = type.dtype;
    known = true;
  }
  if (!known)
    return absl::InvalidArgumentError(
        absl::StrCat(".npy array of dtype ", descr, ": little-endian numbers and bool are understood"));
  CL_RETURN_IF_ERROR(CheckedElements(parsed.shape, parsed.dtype).status());
  return parsed;
}

absl::Status WriteNpy(const std::string& path, const Array& array, const ReadContext& context) {
  const ArrayDesc& desc = array.desc();
  CL_RETURN_IF_ERROR(CheckedElements(desc.shape, desc.dtype).status());
  CL_ASSIGN_OR_RETURN(File file, File::Create(path));
  const std::string header = HeaderOf(desc.dtype, desc.shape);
  CL_RETURN_IF_ERROR(file.Write(header.data(), header.size()));
  const ChunkGrid leaves = CanonicalLeaves(desc.shape, desc.dtype);
  for (int64_t i = 0; i < leaves.size(); ++i) {
    if (context.cancel.cancelled()) return context.cancel.status();
    CL_ASSIGN_OR_RETURN(Chunk chunk, array.Read(leaves.BoxOf(i), context));
    CL_ASSIGN_OR_RETURN(chunk, MakeContiguous(chunk, *context.allocator));
    CL_ASSIGN_OR_RETURN(chunk, WithoutInvalid(std::move(chunk), *context.allocator));
    CL_RETURN_IF_ERROR(
        file.Write(chunk.data.data(), static_cast<size_t>(chunk.box.elements()) * DTypeSize(desc.dtype)));
  }
  return file.Close();
}

absl::StatusOr<ArrayPtr> ReadNpy(const std::string& path, const ReadContext& context) {
  CL_ASSIGN_OR_RETURN(File file, File::Open(path));
  int64_t at = 0;
  CL_ASSIGN_OR_RETURN(const NpyHeader header, ReadHeader(file, path, &at));
  const int64_t bytes = header.shape.elements() * static_cast<int64_t>(DTypeSize(header.dtype));
  if (file.size() - at != bytes)
    return absl::DataLossError(absl::StrCat(path, ": ", header.shape.ToString(), " ", DTypeName(header.dtype),
                                            " needs ", bytes, " bytes, the file has ", file.size() - at));
  CL_ASSIGN_OR_RETURN(MutableBuffer data, context.allocator->Allocate(static_cast<size_t>(bytes)));
  CL_RETURN_IF_ERROR(file.ReadAt(at, data.data(), static_cast<size_t>(bytes)));
  ArrayDesc desc;
  desc.dtype = header.dtype;
  desc.shape = header.shape;
  Chunk whole{
      header.dtype, Box::Whole(header.shape), ContiguousStrides(header.shape), std::move(data).Publish(),
      Buffer(),     ScaleState::kPhysical};
  return MakeMemoryArray(std::move(desc), std::move(whole));
}

}  // namespace cubeloom::exthost
