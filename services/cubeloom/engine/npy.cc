#include "cubeloom/engine/npy.h"

#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom::engine {
namespace {

const char* Descr(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return "|b1";
    case DType::kU8:
      return "|u1";
    case DType::kI8:
      return "|i1";
    case DType::kU16:
      return "<u2";
    case DType::kI16:
      return "<i2";
    case DType::kU32:
      return "<u4";
    case DType::kI32:
      return "<i4";
    case DType::kU64:
      return "<u8";
    case DType::kI64:
      return "<i8";
    case DType::kF32:
      return "<f4";
    case DType::kF64:
      return "<f8";
    case DType::kC64:
      return "<c8";
    case DType::kC128:
      return "<c16";
  }
  return "";
}

}  // namespace

std::string NpyHeader(DType dtype, const Shape& shape) {
  std::string dictionary = absl::StrCat("{'descr': '", Descr(dtype), "', 'fortran_order': False, 'shape': (");
  for (int a = 0; a < shape.rank(); ++a)
    absl::StrAppend(&dictionary, shape[a], shape.rank() == 1 ? "," : a + 1 < shape.rank() ? ", " : "");
  absl::StrAppend(&dictionary, "), }");
  constexpr size_t kPrefix = 10;
  while ((kPrefix + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xff);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

absl::Status WriteNpy(Store& store, const std::string& uri, const Array& array, const ReadContext& context) {
  const ArrayDesc& desc = array.desc();
  CL_ASSIGN_OR_RETURN(const std::unique_ptr<StagedWriter> writer, store.OpenWrite(uri));
  const std::string header = NpyHeader(desc.dtype, desc.shape);
  CL_RETURN_IF_ERROR(writer->Append({reinterpret_cast<const std::byte*>(header.data()), header.size()}));
  const size_t size = DTypeSize(desc.dtype);
  const ChunkGrid leaves = CanonicalLeaves(desc.shape, desc.dtype);
  for (int64_t leaf = 0; leaf < leaves.size(); ++leaf) {
    if (context.cancel.cancelled()) return context.cancel.status();
    CL_ASSIGN_OR_RETURN(const Chunk read, array.Read(leaves.BoxOf(leaf), context));
    CL_ASSIGN_OR_RETURN(const Chunk chunk, MakeContiguous(read, *context.allocator));
    const auto bytes = static_cast<size_t>(chunk.box.elements()) * size;
    if (!chunk.validity) {
      CL_RETURN_IF_ERROR(writer->Append({chunk.data.data(), bytes}));
      continue;
    }
    std::vector<std::byte> copy(chunk.data.data(), chunk.data.data() + bytes);
    for (int64_t i = 0; i < chunk.box.elements(); ++i) {
      if (!chunk.valid(i)) std::memset(copy.data() + static_cast<size_t>(i) * size, 0, size);
    }
    CL_RETURN_IF_ERROR(writer->Append(copy));
  }
  return writer->Commit();
}

}  // namespace cubeloom::engine
