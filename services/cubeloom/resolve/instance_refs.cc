#include "cubeloom/resolve/instance_refs.h"

namespace cubeloom::resolve {

bool HasInstanceReference(absl::string_view text) {
  for (size_t at = text.find("${"); at != absl::string_view::npos; at = text.find("${", at + 2)) {
    if (at == 0 || text[at - 1] != '$') return true;
  }
  return false;
}

bool HasInstanceReference(const Value& value) {
  if (value.is_string()) return HasInstanceReference(absl::string_view(value.string()));
  if (value.is_list()) {
    for (const Value& item : value.list()) {
      if (HasInstanceReference(item)) return true;
    }
  }
  if (value.is_map()) {
    for (const auto& [key, item] : value.map()) {
      if (HasInstanceReference(item)) return true;
    }
  }
  return false;
}

}  // namespace cubeloom::resolve
