#include "cubeloom/engine/text_formats.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom::engine {
namespace {

constexpr int64_t kMaxJsonElements = int64_t{1} << 20;

// Elements [*next, ...) of a contiguous f64 or i64 chunk, nested by axis from `axis` on.
Value Nest(const Chunk& chunk, bool integers, int axis, int64_t* next) {
  if (axis == chunk.box.rank()) {
    const int64_t at = (*next)++;
    if (!chunk.valid(at)) return Value();
    return integers ? Value(chunk.as<int64_t>()[at]) : Value(chunk.as<double>()[at]);
  }
  Value::List list;
  for (int64_t i = 0; i < chunk.box.extent[axis]; ++i) list.push_back(Nest(chunk, integers, axis + 1, next));
  return Value(std::move(list));
}

absl::StatusOr<Value> ArrayToValue(const Array& array, const ReadContext& context) {
  const ArrayDesc& desc = array.desc();
  const int64_t elements = desc.shape.elements();
  if (elements > kMaxJsonElements) {
    return absl::InvalidArgumentError(absl::StrCat("an array of ", desc.shape.ToString(),
                                                   " is too large for JSON (limit ", kMaxJsonElements,
                                                   " elements); write .fits, .h5 or .npy instead"));
  }
  if (desc.dtype == DType::kC64 || desc.dtype == DType::kC128) {
    return absl::InvalidArgumentError("complex arrays cannot be written as JSON; write .h5 or .npy instead");
  }
  const bool integers = !IsFloat(desc.dtype) && desc.dtype != DType::kU64;
  CL_ASSIGN_OR_RETURN(const Chunk read, array.Read(Box::Whole(desc.shape), context));
  CL_ASSIGN_OR_RETURN(const Chunk wide,
                      ConvertChunk(read, integers ? DType::kI64 : DType::kF64, *context.allocator));
  CL_ASSIGN_OR_RETURN(const Chunk chunk, MakeContiguous(wide, *context.allocator));
  Value::List shape;
  for (const int64_t extent : desc.shape) shape.push_back(Value(extent));
  int64_t next = 0;
  return Value(Value::Map{{"dtype", Value(DTypeName(desc.dtype))},
                          {"shape", Value(std::move(shape))},
                          {"unit", Value(desc.unit)},
                          {"values", Nest(chunk, integers, 0, &next)}});
}

Value TableToValue(const Table& table) {
  Value::List columns;
  for (const Column& column : table.columns) {
    Value::List cells;
    for (int64_t row = 0; row < column.size(); ++row) cells.push_back(column.At(row));
    columns.push_back(Value(Value::Map{
        {"name", Value(column.name)}, {"unit", Value(column.unit)}, {"values", Value(std::move(cells))}}));
  }
  return Value(Value::Map{{"columns", Value(std::move(columns))}});
}

}  // namespace

absl::StatusOr<Value> PayloadToValue(const Payload& payload, const ReadContext& context) {
  switch (payload.kind()) {
    case PayloadKind::kValue:
      return payload.value();
    case PayloadKind::kTable:
      return TableToValue(*payload.table());
    case PayloadKind::kArray:
      return ArrayToValue(*payload.array(), context);
    case PayloadKind::kHole:
      return Value(Value::Map{{"hole", Value(payload.hole().reason)}});
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("a ", PayloadKindName(payload.kind()), " cannot be written as JSON"));
  }
}

absl::StatusOr<std::string> PayloadToJson(const Payload& payload, const ReadContext& context) {
  CL_ASSIGN_OR_RETURN(const Value value, PayloadToValue(payload, context));
  return value.ToJson(2) + "\n";
}

}  // namespace cubeloom::engine
