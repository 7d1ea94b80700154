// All kernels of this program.
#ifndef CUBELOOM_ENGINE_CATALOGUE_H_
#define CUBELOOM_ENGINE_CATALOGUE_H_

#include "absl/status/statusor.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom::engine {

// A new catalogue with every family registered. Costs some 50 microseconds.
absl::StatusOr<KernelCatalogue> MakeCatalogue();

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_CATALOGUE_H_
