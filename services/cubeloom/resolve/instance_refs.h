// References to the instance, "${scatter.index}", that stay in a graph until a drop runs.
#ifndef CUBELOOM_RESOLVE_INSTANCE_REFS_H_
#define CUBELOOM_RESOLVE_INSTANCE_REFS_H_

#include "absl/strings/string_view.h"
#include "cubeloom/base/value.h"

namespace cubeloom::resolve {

// True when the text, or any string inside the value, holds "${...}" (after BindParameters only instance
// references are left; "$${" is an escaped "${").
bool HasInstanceReference(absl::string_view text);
bool HasInstanceReference(const Value& value);

}  // namespace cubeloom::resolve

#endif  // CUBELOOM_RESOLVE_INSTANCE_REFS_H_
