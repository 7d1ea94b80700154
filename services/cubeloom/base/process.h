// What every program of Cubeloom does first.
#ifndef CUBELOOM_BASE_PROCESS_H_
#define CUBELOOM_BASE_PROCESS_H_

namespace cubeloom {

// Call once at the start of main(), before any thread or lock exists; benchmarks too. Debian builds Abseil
// with its search for lock-order inversions switched on, which makes every absl::Mutex three to four times
// dearer and takes one global lock; this switches it off. Tests leave it on: it aborts with both stacks
// when two locks are ever taken in both orders.
//
// It also fixes the size from which malloc takes memory from the kernel and gives it back at once. glibc
// raises that size by itself up to 32 MiB, and then freed chunks stay resident in its arenas: a run within a
// budget of 256 MiB was seen to hold 1.3 GiB.
void InitProcess();

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_PROCESS_H_
