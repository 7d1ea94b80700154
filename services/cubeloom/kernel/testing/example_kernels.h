// Small complete kernels of every shape: for the tests of the engine, and to read before writing one.
#ifndef CUBELOOM_KERNEL_TESTING_EXAMPLE_KERNELS_H_
#define CUBELOOM_KERNEL_TESTING_EXAMPLE_KERNELS_H_

#include <memory>

#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// example.sum, a Reduce: sum and count of the numbers of an array (f32, f64) within the optional parameter
// `region` ([y0, y1, x0, x1] of the two fastest axes), times `scale`; a second array `weight` of the same
// shape multiplies. The sum is a plain left-to-right double sum, so that its rounding shows any change of
// order.
std::unique_ptr<ReduceKernel> MakeExampleSum();

// example.extrema, an order-free Reduce over any real dtype: count, min and max of the valid elements.
std::unique_ptr<ReduceKernel> MakeExampleExtrema();

// example.blur, a Map with a halo: mean of the numbers in a window of `radius` around each element of the two
// fastest axes, cut at the edges; NaN where the window holds none.
std::unique_ptr<MapKernel> MakeExampleBlur();

// example.threshold, a Map to bool: element > `limit`; not valid where the element is NaN or not valid.
std::unique_ptr<MapKernel> MakeExampleThreshold();

// example.project, a Map from {nz, ny, nx} to {ny, nx}: sum along z. Its input box is not its output box.
std::unique_ptr<MapKernel> MakeExampleProject();

// example.add, a Map of two arrays with broadcasting.
std::unique_ptr<MapKernel> MakeExampleAdd();

// example.sorted, a Task: the numbers of an array in ascending order, as a table.
std::unique_ptr<TaskKernel> MakeExampleSorted();

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_EXAMPLE_KERNELS_H_
