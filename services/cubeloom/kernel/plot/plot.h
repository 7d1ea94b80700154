// Pictures of results: PNG blobs made by kernels, so that a graph can leave something to look at.
#ifndef CUBELOOM_KERNEL_PLOT_PLOT_H_
#define CUBELOOM_KERNEL_PLOT_PLOT_H_

#include "absl/status/status.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// Adds plot.image (an image between limits), plot.histogram (bars, with the limits marked) and plot.profile
// (curves).
absl::Status RegisterPlotKernels(KernelCatalogue& catalogue);

std::unique_ptr<const Kernel> MakePlotImageKernel();
std::unique_ptr<const Kernel> MakePlotHistogramKernel();
std::unique_ptr<const Kernel> MakePlotProfileKernel();

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_PLOT_PLOT_H_
