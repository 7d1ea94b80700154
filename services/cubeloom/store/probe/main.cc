// cubeloom-probe: reads file structures through CFITSIO and HDF5 for another Cubeloom program, which starts
// it with a socket as descriptor 3. Not for use by people; see probe.h.
#include <cstdio>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "cubeloom/store/probe/handlers/fits_handler.h"
#include "cubeloom/store/probe/handlers/hdf5_handler.h"
#include "cubeloom/store/probe/probe.h"

// Read by LeakSanitizer in builds that have it: libhdf5 leaks when a file is broken, which ends with this
// process.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_options() { return "detect_leaks=0"; }

int main(int argc, char** argv) {
  cubeloom::ProbeServeOptions options;
  options.socket = 3;
  for (int i = 1; i < argc; ++i) {
    absl::string_view arg = argv[i];
    const bool known = absl::ConsumePrefix(&arg, "--memory=") ? absl::SimpleAtoi(arg, &options.memory_bytes)
                       : absl::ConsumePrefix(&arg, "--cpu=")  ? absl::SimpleAtoi(arg, &options.cpu_seconds)
                                                              : false;
    if (!known) {
      std::fprintf(stderr, "cubeloom-probe: started by other Cubeloom programs only; unknown argument '%s'\n",
                   argv[i]);
      return 2;
    }
  }
  cubeloom::ProbeHandlers handlers;
  cubeloom::AddFitsHandlers(handlers);
  cubeloom::AddHdf5Handlers(handlers);
  cubeloom::ServeProbe(options, handlers);
  return 0;
}
