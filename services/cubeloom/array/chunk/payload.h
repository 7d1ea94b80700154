// What a data drop holds.
#ifndef CUBELOOM_ARRAY_CHUNK_PAYLOAD_H_
#define CUBELOOM_ARRAY_CHUNK_PAYLOAD_H_

#include <string>
#include <variant>

#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/array/chunk/table.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/base/sha256.h"

namespace cubeloom {

// Bytes with a media type, e.g. a PNG picture.
struct Blob {
  Buffer bytes;
  std::string media_type;
};

// A payload that is legitimately absent: its producer failed within the error threshold, or was skipped.
struct Hole {
  std::string reason;
};

// Numbers are part of the manifest format: never renumber.
enum class PayloadKind : uint8_t { kNone = 0, kArray = 1, kTable = 2, kValue = 3, kBlob = 4, kHole = 5 };
const char* PayloadKindName(PayloadKind kind);  // "array", "table", ...

// Cheap to copy: arrays, tables and blobs are shared.
class Payload {
 public:
  Payload() = default;
  Payload(ArrayPtr array) : v_(std::move(array)) {}                              // NOLINT
  Payload(TablePtr table) : v_(std::move(table)) {}                              // NOLINT
  Payload(Value value) : v_(std::make_shared<const Value>(std::move(value))) {}  // NOLINT
  Payload(Blob blob) : v_(std::make_shared<const Blob>(std::move(blob))) {}      // NOLINT
  Payload(Hole hole) : v_(std::make_shared<const Hole>(std::move(hole))) {}      // NOLINT

  PayloadKind kind() const { return static_cast<PayloadKind>(v_.index()); }
  const ArrayPtr& array() const { return std::get<1>(v_); }
  const TablePtr& table() const { return std::get<2>(v_); }
  const Value& value() const { return *std::get<3>(v_); }
  const Blob& blob() const { return *std::get<4>(v_); }
  const Hole& hole() const { return *std::get<5>(v_); }

 private:
  std::variant<std::monostate, ArrayPtr, TablePtr, std::shared_ptr<const Value>, std::shared_ptr<const Blob>,
               std::shared_ptr<const Hole>>
      v_;
};

// SHA-256 over canonical content, for the manifest: kind, dtype, shape, unit, ordered attributes, then
// elements in row-major order as little-endian (NaNs as one quiet NaN, invalid elements as zero with the
// validity bits behind them), as a Merkle tree over the canonical leaves; payload.cc states the bytes.
// Independent of chunking, file format, compression and executor. Arrays are read leaf by leaf, several at
// once when the executor has threads. A hole's reason is not content. Fails as the reads do, when cancelled,
// and for an empty payload.
absl::StatusOr<Digest> ContentDigest(const Payload& payload, const ReadContext& context,
                                     Executor& executor = InlineExecutor());

}  // namespace cubeloom

#endif  // CUBELOOM_ARRAY_CHUNK_PAYLOAD_H_
