// The loops below Hdf5Elements, compiled for x86-64-v2, v3 and v4; exact, so equal on all three.
#ifndef CUBELOOM_STORE_HDF5_ELEMENT_RUN_H_
#define CUBELOOM_STORE_HDF5_ELEMENT_RUN_H_

#include <cstdint>

namespace cubeloom {

#define CL_DECLARE_HDF5_ELEMENT_RUN(ns)                                            \
  namespace ns {                                                                   \
  /* Byte order of words of 2, 4 or 8 bytes. */                                    \
  void SwapRun(void* data, int64_t count, int bytes);                              \
  /* IEEE 754 halves at in to floats at out; out may begin 2 * count before in. */ \
  void HalfRun(const uint16_t* in, int64_t count, float* out);                     \
  /* NaN where equal to value. */                                                  \
  void MissingFloats(float* data, int64_t count, float value);                     \
  void MissingDoubles(double* data, int64_t count, double value);                  \
  /* How many words of 1, 2, 4 or 8 bytes are equal to the one at value. */        \
  int64_t CountRun(const void* data, int64_t count, int bytes, const void* value); \
  }
CL_DECLARE_HDF5_ELEMENT_RUN(v2)
CL_DECLARE_HDF5_ELEMENT_RUN(v3)
CL_DECLARE_HDF5_ELEMENT_RUN(v4)
#undef CL_DECLARE_HDF5_ELEMENT_RUN

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_ELEMENT_RUN_H_
