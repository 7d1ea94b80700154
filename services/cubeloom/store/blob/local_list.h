// Internal: the folder walk behind LocalStore().List().
#ifndef CUBELOOM_STORE_BLOB_LOCAL_LIST_H_
#define CUBELOOM_STORE_BLOB_LOCAL_LIST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cubeloom {

// Paths that match `pattern`, see Store::List. Cost: one readdir pass per folder met; a file is examined by
// lstat only where the file system does not tell its type.
absl::StatusOr<std::vector<std::string>> ListLocalFiles(const std::string& pattern);

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_BLOB_LOCAL_LIST_H_
