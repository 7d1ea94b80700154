// Kernels on tables and values.
#ifndef CUBELOOM_KERNEL_TABLE_TABLE_KERNELS_H_
#define CUBELOOM_KERNEL_TABLE_TABLE_KERNELS_H_

#include "absl/status/status.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Adds table.concat (rows of all tables in index order), table.from_values (one row a value: the scalars of a
// map become columns, nested maps with dotted names, lists are left out) and value.collect (a list of the
// values).
absl::Status RegisterTableKernels(KernelCatalogue& catalogue);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TABLE_TABLE_KERNELS_H_
