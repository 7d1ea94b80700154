// Any protobuf message from a text tree, by reflection: the proto3 JSON mapping, read leniently where YAML
// users expect it (plain scalars where text is wanted) and strictly everywhere else. Private to wire.
#ifndef CUBELOOM_WIRE_MESSAGE_TEXT_H_
#define CUBELOOM_WIRE_MESSAGE_TEXT_H_

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/wire/text_tree.h"

namespace cubeloom::wire {

// Gets every field that was read, and every problem, with its path from the message ("nodes[3].args.sigma").
struct TextVisitor {
  std::function<void(const std::string& path, const graph::SourceLocation& where)> field;
  std::function<void(const std::string& path, const graph::SourceLocation& where, const std::string& what)>
      problem;
};

// Fills `message`, which must be empty, from node `n` of the tree. Goes on after a problem.
// Unknown fields are problems with the nearest known name. Both the JSON name and the proto name of a field
// are accepted. Integers in google.protobuf.Value must be exact (up to 2^53). Null means "not given", except
// in Values.
void ReadMessage(const TextTree& tree, uint32_t n, const TextVisitor& visitor,
                 google::protobuf::Message& message);

// The message as YAML: fields by number, maps by key, short maps and lists on one line. Reads back equal.
std::string WriteMessage(const google::protobuf::Message& message);

}  // namespace cubeloom::wire

#endif  // CUBELOOM_WIRE_MESSAGE_TEXT_H_
