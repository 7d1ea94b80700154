// ContentDigest. The bytes hashed are part of the manifest format; a change needs a new kFormat. With
// u8, u64, i64, f64 little-endian, str = u64 length and the bytes, and all NaNs as the one quiet NaN:
//
//   digest = SHA-256(kFormat | u8 kind | content)
//   array  = u8 dtype | u8 rank | i64 extents | str unit | u64 n | n x (str name | value | str comment) |
//   root root   = MerkleRoot over the canonical leaves of SHA-256(u8 0 | elements | validity bits if any is
//   0) table  = u64 n | n x (str name | str unit | str description | u8 type | u64 rows | rows | u8 any |
//            if any missing: u8 a row); a missing row is 0, NaN or ""; type 0 i64, 1 f64, 2 str
//   value  = u8 type (null bool integer real string list map) | its content; lists u64 n, maps u64 n x (str,
//   value) blob   = str media type | str bytes hole   = nothing: its reason may name machines
#include "cubeloom/array/chunk/payload.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/array/chunk/bits.h"
#include "cubeloom/array/chunk/coalesce.h"
#include "cubeloom/array/chunk/convert_run.h"
#include "cubeloom/base/cpu.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

static_assert(std::endian::native == std::endian::little, "digests hash little-endian memory as it is");

constexpr absl::string_view kFormat = "cubeloom.content.v1";
constexpr size_t kScratchBytes = size_t{16} << 10;
constexpr int64_t kLeavesPerTask = 8;  // 2 MiB of elements
constexpr int64_t kLeavesPerWindow = 1024;

// Appends the canonical forms of small things to a hash.
class Writer {
 public:
  explicit Writer(Sha256* hash) : hash_(hash) {}
  void U8(uint8_t v) { hash_->Update(&v, 1); }
  void U64(uint64_t v) { hash_->Update(&v, sizeof v); }
  void I64(int64_t v) { hash_->Update(&v, sizeof v); }
  void F64(double v) {
    if (std::isnan(v)) v = std::numeric_limits<double>::quiet_NaN();
    hash_->Update(&v, sizeof v);
  }
  void Str(absl::string_view v) {
    U64(v.size());
    hash_->Update(v);
  }
  void Any(const Value& v) {
    if (v.is_null()) return U8(0);
    if (v.is_bool()) return U8(1), U8(v.boolean());
    if (v.is_int()) return U8(2), I64(v.integer());
    if (v.is_real()) return U8(3), F64(v.real());
    if (v.is_string()) return U8(4), Str(v.string());
    if (v.is_list()) {
      U8(5), U64(v.list().size());
      for (const Value& item : v.list()) Any(item);
      return;
    }
    U8(6), U64(v.map().size());
    for (const auto& [key, item] : v.map()) Str(key), Any(item);
  }

 private:
  Sha256* hash_;
};

// Hashes the elements of one leaf; canonical runs go to the hash without a copy.
class LeafHasher {
 public:
  Digest Hash(const Chunk& leaf) {
    const uint8_t* bits = reinterpret_cast<const uint8_t*>(leaf.validity.data());
    const int64_t elements = leaf.box.elements();
    if (bits != nullptr && CountBits(bits, 0, elements) == elements) bits = nullptr;
    const uint8_t tag = 0;
    hash_.Update(&tag, 1);
    const Chunk flat = Coalesced(leaf);
    const int64_t length = flat.box.extent[flat.box.rank() - 1];
    const size_t size = DTypeSize(leaf.dtype);
    ForEachRow(flat, [&](int64_t offset, int64_t linear) {
      const std::byte* run = leaf.data.data() + offset * size;
      if (bits == nullptr && is_canonical_(leaf.dtype, run, length)) {
        hash_.Update(run, static_cast<size_t>(length) * size);
      } else {
        HashCopied(leaf.dtype, run, length, bits, linear);
      }
    });
    if (bits != nullptr) HashBits(bits, elements);
    return hash_.Finish();
  }

 private:
  void HashCopied(DType dtype, const std::byte* run, int64_t length, const uint8_t* bits, int64_t linear) {
    const size_t size = DTypeSize(dtype);
    const int64_t step = static_cast<int64_t>(kScratchBytes / size);
    for (int64_t done = 0; done < length; done += step) {
      const int64_t count = std::min(step, length - done);
      make_canonical_(dtype, run + done * size, count, scratch_);
      if (bits != nullptr) {
        ForEachZeroBit(bits, linear + done, count,
                       [&](int64_t i) { std::memset(scratch_ + i * size, 0, size); });
      }
      hash_.Update(scratch_, static_cast<size_t>(count) * size);
    }
  }
  void HashBits(const uint8_t* bits, int64_t elements) {
    hash_.Update(bits, static_cast<size_t>(elements / 8));
    if (elements % 8 == 0) return;
    const uint8_t rest = bits[elements / 8] & static_cast<uint8_t>((1 << (elements % 8)) - 1);
    hash_.Update(&rest, 1);
  }

  Sha256 hash_;
  const IsCanonicalFn is_canonical_ = CL_SIMD_DISPATCH(IsCanonical);
  const MakeCanonicalFn make_canonical_ = CL_SIMD_DISPATCH(MakeCanonical);
  alignas(64) std::byte scratch_[kScratchBytes];
};

// What the parts of one digest share.
struct Job {
  ReadContext context;
  Executor* executor;
  Sha256* hash;
};

absl::StatusOr<Digest> HashLeaf(const Array& array, const Box& box, const ReadContext& context,
                                LeafHasher& hasher) {
  CL_ASSIGN_OR_RETURN(const Chunk chunk, array.Read(box, context));
  if (chunk.dtype != array.desc().dtype || chunk.box != box) {
    return absl::InternalError(absl::StrCat("read of ", box.ToString(), " gave ", chunk.box.ToString(),
                                            " of ", DTypeName(chunk.dtype)));
  }
  return hasher.Hash(chunk);
}

// The Merkle root of the leaves [first, first + count).
absl::StatusOr<Digest> HashLeaves(const Array& array, const ChunkGrid& leaves, int64_t first,
                                  const Job& job) {
  const int64_t last = std::min(leaves.size(), first + kLeavesPerWindow);
  std::vector<Digest> digests(static_cast<size_t>(last - first));
  const int64_t tasks = (last - first + kLeavesPerTask - 1) / kLeavesPerTask;
  CL_RETURN_IF_ERROR(ParallelFor(*job.executor, tasks, job.context.cancel, [&](int64_t task) -> absl::Status {
    LeafHasher hasher;
    const int64_t begin = first + task * kLeavesPerTask;
    for (int64_t i = begin; i < std::min(last, begin + kLeavesPerTask); ++i) {
      CL_RETURN_IF_ERROR(job.context.cancel.status());
      CL_ASSIGN_OR_RETURN(digests[static_cast<size_t>(i - first)],
                          HashLeaf(array, leaves.BoxOf(i), job.context, hasher));
    }
    return absl::OkStatus();
  }));
  return MerkleRoot(std::move(digests));
}

// Windows hold a power of two of leaves, so the root over their roots is the root over all leaves; memory
// follows the work done, not the shape claimed.
absl::StatusOr<Digest> HashElements(const Array& array, const Job& job) {
  const ArrayDesc& desc = array.desc();
  CL_RETURN_IF_ERROR(CheckedElements(desc.shape, desc.dtype).status());
  const ChunkGrid leaves = CanonicalLeaves(desc.shape, desc.dtype);
  std::vector<Digest> roots;
  for (int64_t first = 0; first < leaves.size(); first += kLeavesPerWindow) {
    CL_ASSIGN_OR_RETURN(const Digest root, HashLeaves(array, leaves, first, job));
    roots.push_back(root);
  }
  return MerkleRoot(std::move(roots));
}

absl::Status WriteArray(const Array& array, const Job& job, Writer writer) {
  const ArrayDesc& desc = array.desc();
  writer.U8(static_cast<uint8_t>(desc.dtype));
  writer.U8(static_cast<uint8_t>(desc.shape.rank()));
  for (int64_t extent : desc.shape) writer.I64(extent);
  writer.Str(desc.unit);
  writer.U64(desc.attributes.size());
  for (const Attribute& attribute : desc.attributes) {
    writer.Str(attribute.name);
    writer.Any(attribute.value);
    writer.Str(attribute.comment);
  }
  CL_ASSIGN_OR_RETURN(const Digest root, HashElements(array, job));
  job.hash->Update(root.data(), root.size());
  return absl::OkStatus();
}

void WriteColumn(const Column& column, Writer writer) {
  writer.Str(column.name);
  writer.Str(column.unit);
  writer.Str(column.description);
  writer.U8(static_cast<uint8_t>(column.values.index()));
  const int64_t rows = column.size();
  writer.U64(static_cast<uint64_t>(rows));
  const auto missing = [&](int64_t row) { return !column.missing.empty() && column.missing[row] != 0; };
  bool any = false;
  for (int64_t row = 0; row < rows; ++row) {
    any |= missing(row);
    if (const auto* integers = std::get_if<0>(&column.values)) {
      writer.I64(missing(row) ? 0 : (*integers)[row]);
    } else if (const auto* reals = std::get_if<1>(&column.values)) {
      writer.F64(missing(row) ? std::numeric_limits<double>::quiet_NaN() : (*reals)[row]);
    } else {
      writer.Str(missing(row) ? absl::string_view() : std::get<2>(column.values)[row]);
    }
  }
  writer.U8(any);
  for (int64_t row = 0; row < rows && any; ++row) writer.U8(missing(row));
}

}  // namespace

const char* PayloadKindName(PayloadKind kind) {
  static constexpr const char* kNames[] = {"none", "array", "table", "value", "blob", "hole"};
  const size_t i = static_cast<size_t>(kind);
  return i < sizeof(kNames) / sizeof(kNames[0]) ? kNames[i] : "?";
}

absl::StatusOr<Digest> ContentDigest(const Payload& payload, const ReadContext& context, Executor& executor) {
  Sha256 hash;
  hash.Update(kFormat);
  Writer writer(&hash);
  writer.U8(static_cast<uint8_t>(payload.kind()));
  switch (payload.kind()) {
    case PayloadKind::kNone:
      return absl::InvalidArgumentError("digest of an empty payload");
    case PayloadKind::kArray:
      if (payload.array() == nullptr) return absl::InvalidArgumentError("digest of no array");
      CL_RETURN_IF_ERROR_IN(WriteArray(*payload.array(), {context, &executor, &hash}, writer),
                            "digest of an array");
      break;
    case PayloadKind::kTable:
      if (payload.table() == nullptr) return absl::InvalidArgumentError("digest of no table");
      CL_RETURN_IF_ERROR_IN(payload.table()->Check(), "digest of a table");
      writer.U64(payload.table()->columns.size());
      for (const Column& column : payload.table()->columns) WriteColumn(column, writer);
      break;
    case PayloadKind::kValue:
      writer.Any(payload.value());
      break;
    case PayloadKind::kBlob: {
      const Buffer& bytes = payload.blob().bytes;
      writer.Str(payload.blob().media_type);
      writer.Str(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
      break;
    }
    case PayloadKind::kHole:
      break;
  }
  return hash.Finish();
}

}  // namespace cubeloom
