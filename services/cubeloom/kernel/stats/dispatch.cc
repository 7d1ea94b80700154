// Which compiled instruction set the hot loops use.
#include "cubeloom/base/cpu.h"
#include "cubeloom/kernel/stats/bin_counts.h"
#include "cubeloom/kernel/stats/block_moments.h"
#include "cubeloom/kernel/stats/key_counts.h"

namespace cubeloom {

const BlockFunctions& ActiveBlockFunctions() { return *CL_SIMD_DISPATCH(kBlockFunctions); }
const BinFunctions& ActiveBinFunctions() { return *CL_SIMD_DISPATCH(kBinFunctions); }
const KeyFunctions& ActiveKeyFunctions() { return *CL_SIMD_DISPATCH(kKeyFunctions); }

}  // namespace cubeloom
