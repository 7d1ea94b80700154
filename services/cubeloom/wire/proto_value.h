// Between google.protobuf.Value and cubeloom::Value. Private to wire and its users that carry Values in
// messages.
#ifndef CUBELOOM_WIRE_PROTO_VALUE_H_
#define CUBELOOM_WIRE_PROTO_VALUE_H_

#include <google/protobuf/struct.pb.h>

#include "cubeloom/base/value.h"

namespace cubeloom::wire {

// Numbers without a fraction up to 2^53 become integers (2.0 too: the message does not tell them apart;
// Value::AsReal takes both). Maps come out sorted by key. Depth is bounded by the parser that made the
// message.
Value FromProtoValue(const google::protobuf::Value& value);

// Integers beyond 2^53 become text, as users write them.
google::protobuf::Value ToProtoValue(const Value& value);

}  // namespace cubeloom::wire

#endif  // CUBELOOM_WIRE_PROTO_VALUE_H_
