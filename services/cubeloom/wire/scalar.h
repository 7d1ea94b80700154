// What a plain YAML or JSON scalar stands for (YAML 1.2 core schema). Private to wire.
#ifndef CUBELOOM_WIRE_SCALAR_H_
#define CUBELOOM_WIRE_SCALAR_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace cubeloom::wire {

struct Scalar {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kInexact, kText } kind = Kind::kText;
  bool boolean = false;
  double number = 0;
};

// kInexact: a number that has no exact or finite double value as the schema wants it: an integer beyond 2^53,
// an infinity, NaN or overflow.
Scalar ReadScalar(absl::string_view text);

}  // namespace cubeloom::wire

#endif  // CUBELOOM_WIRE_SCALAR_H_
