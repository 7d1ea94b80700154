// Which compiled instruction set the hot loops use.
#include "cubeloom/base/cpu.h"
#include "cubeloom/kernel/image/collapse.h"
#include "cubeloom/kernel/image/combine_columns.h"
#include "cubeloom/kernel/image/filter_loops.h"

namespace cubeloom {

const CollapseLoops<float>& ActiveCollapse(float) { return *CL_SIMD_DISPATCH(kCollapseF32); }
const CollapseLoops<double>& ActiveCollapse(double) { return *CL_SIMD_DISPATCH(kCollapseF64); }
const FilterLoops& ActiveFilter() { return *CL_SIMD_DISPATCH(kFilter); }
const CombineLoops& ActiveCombine() { return *CL_SIMD_DISPATCH(kCombine); }

}  // namespace cubeloom
