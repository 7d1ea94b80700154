// Payloads as JSON. Bytes are a pure function of the payload.
#ifndef CUBELOOM_ENGINE_TEXT_FORMATS_H_
#define CUBELOOM_ENGINE_TEXT_FORMATS_H_

#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/payload.h"

namespace cubeloom::engine {

// A value prints as itself; a table as {"columns": [{"name", "unit", "values"}]}; an array of up to 2^20
// elements as
// {"dtype", "shape", "unit", "values"} with values nested by axis, slowest first. NaN prints as null. Larger
// arrays and blobs are refused with a hint at a better format.
absl::StatusOr<std::string> PayloadToJson(const Payload& payload, const ReadContext& context);

// One payload as a JSON value, as above.
absl::StatusOr<Value> PayloadToValue(const Payload& payload, const ReadContext& context);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_TEXT_FORMATS_H_
