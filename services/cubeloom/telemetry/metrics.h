// Counters, gauges and histograms behind one registry, in the Prometheus data model.
//
// A *family* is a metric name with one type and help text; a *series* is a family at one set of label
// values. Libraries ask a registry for their series once, keep the pointers, and update them on the hot
// path with an atomic operation. The registry is an interface, so that an exporter library can take its
// place without touching any module that counts.
#ifndef CUBELOOM_TELEMETRY_METRICS_H_
#define CUBELOOM_TELEMETRY_METRICS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace cubeloom {

// All three are thread-safe, lock-free, and live as long as their registry.

// Only grows. Increments that are negative or NaN are ignored.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Increment(double by = 1) = 0;
  virtual double value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double by) = 0;
  virtual double value() const = 0;
};

// Counts observations by upper bound, inclusive. NaN is ignored.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

struct MetricSpec {
  std::string name;  // [a-zA-Z_:][a-zA-Z0-9_:]*, by custom cubeloom_<what>_<unit>, counters end in _total
  std::string help;  // one sentence
  std::vector<std::pair<std::string, std::string>> labels;  // [a-zA-Z_][a-zA-Z0-9_]* -> any UTF-8 text
};

// Thread-safe. Asking again for the same name and labels gives the same object. Errors: InvalidArgument
// for a malformed name, label or bound, a label named twice, and a family asked for with another type,
// other label names or other bounds; ResourceExhausted beyond `max_series` of one family, because labels
// may come from users.
class MetricRegistry {
 public:
  virtual ~MetricRegistry() = default;
  virtual absl::StatusOr<Counter*> GetCounter(const MetricSpec& spec) = 0;
  virtual absl::StatusOr<Gauge*> GetGauge(const MetricSpec& spec) = 0;
  // `bounds`: finite, strictly ascending, at least one; +Inf is added.
  virtual absl::StatusOr<Histogram*> GetHistogram(const MetricSpec& spec, std::vector<double> bounds) = 0;
  // Everything in the Prometheus text format 0.0.4, families and series in byte order. Each value is read
  // once; values of different series may be of slightly different moments.
  virtual std::string ExposeText() const = 0;
};

std::unique_ptr<MetricRegistry> MakeMetricRegistry(size_t max_series = 10000);

// `count` bounds: start, start * factor, ... (start > 0, factor > 1).
std::vector<double> ExponentialBounds(double start, double factor, int count);

}  // namespace cubeloom

#endif  // CUBELOOM_TELEMETRY_METRICS_H_
