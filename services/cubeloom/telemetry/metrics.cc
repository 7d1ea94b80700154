#include "cubeloom/telemetry/metrics.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

class CounterImpl : public Counter {
 public:
  void Increment(double by) override {
    if (by > 0) value_.fetch_add(by, std::memory_order_relaxed);
  }
  double value() const override { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class GaugeImpl : public Gauge {
 public:
  void Set(double value) override { value_.store(value, std::memory_order_relaxed); }
  void Add(double by) override { value_.fetch_add(by, std::memory_order_relaxed); }
  double value() const override { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class HistogramImpl : public Histogram {
 public:
  explicit HistogramImpl(const std::vector<double>& bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void Observe(double value) override {
    if (std::isnan(value)) return;
    const size_t bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  const std::vector<double>& bounds() const { return bounds_; }
  uint64_t count(size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  std::vector<std::atomic<uint64_t>> counts_;  // one more than bounds: above the last
  std::atomic<double> sum_{0};
};

// Exactly one is set; it tells the family's type.
struct Series {
  std::unique_ptr<CounterImpl> counter;
  std::unique_ptr<GaugeImpl> gauge;
  std::unique_ptr<HistogramImpl> histogram;
};

enum class Type { kCounter, kGauge, kHistogram };

const char* TypeName(Type type) {
  return type == Type::kCounter ? "counter" : type == Type::kGauge ? "gauge" : "histogram";
}

struct Family {
  Type type = Type::kCounter;
  std::string help;
  std::vector<double> bounds;
  std::map<Labels, Series> series;  // label names are equal in all, and sorted
};

bool IsName(absl::string_view name, bool colons) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [colons](char c) { return absl::ascii_isalnum(c) || c == '_' || (colons && c == ':'); });
}

absl::Status Bad(const MetricSpec& spec, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("metric '", absl::CHexEscape(absl::string_view(spec.name).substr(0, 100)), "': ", why));
}

bool SameNames(const Labels& a, const Labels& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

absl::Status CheckSpec(const MetricSpec& spec, const Labels& sorted) {
  if (!IsName(spec.name, true)) return Bad(spec, "a name is [a-zA-Z_:][a-zA-Z0-9_:]*");
  for (size_t i = 0; i < sorted.size(); ++i) {
    const std::string& label = sorted[i].first;
    // "le" belongs to histograms, "__" to Prometheus.
    if (!IsName(label, false) || label == "le" || absl::string_view(label).substr(0, 2) == "__") {
      return Bad(spec, absl::StrCat("bad label name '", absl::CHexEscape(label.substr(0, 100)), "'"));
    }
    if (i > 0 && label == sorted[i - 1].first) {
      return Bad(spec, absl::StrCat("label '", label, "' named twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBounds(const MetricSpec& spec, const std::vector<double>& bounds) {
  if (bounds.empty()) return Bad(spec, "a histogram needs at least one bound");
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1])) {
      return Bad(spec, absl::StrCat("bound ", i, " is not finite and above the one before"));
    }
  }
  return absl::OkStatus();
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  const std::to_chars_result end = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end.ptr);
}

std::string Escape(absl::string_view text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

// name{a="b",le="0.5"} value
void AppendSample(absl::string_view name, const Labels& labels, absl::string_view le, absl::string_view value,
                  std::string* out) {
  out->append(name.data(), name.size());
  const char* separator = "{";
  for (const auto& [label, text] : labels) {
    absl::StrAppend(out, separator, label, "=\"", Escape(text, true), "\"");
    separator = ",";
  }
  if (!le.empty()) {
    absl::StrAppend(out, separator, "le=\"", le, "\"");
    separator = ",";
  }
  absl::StrAppend(out, *separator == ',' ? "}" : "", " ", value, "\n");
}

// The total is the sum of the buckets as read here, so the output is consistent in itself.
void AppendHistogram(const std::string& name, const Labels& labels, const HistogramImpl& h,
                     std::string* out) {
  uint64_t total = 0;
  const std::string bucket = name + "_bucket";
  for (size_t i = 0; i <= h.bounds().size(); ++i) {
    total += h.count(i);
    const std::string le = i < h.bounds().size() ? Number(h.bounds()[i]) : "+Inf";
    AppendSample(bucket, labels, le, absl::StrCat(total), out);
  }
  AppendSample(name + "_sum", labels, "", Number(h.sum()), out);
  AppendSample(name + "_count", labels, "", absl::StrCat(total), out);
}

class MemoryRegistry : public MetricRegistry {
 public:
  explicit MemoryRegistry(size_t max_series) : max_series_(max_series) {}

  absl::StatusOr<Counter*> GetCounter(const MetricSpec& spec) override {
    CL_ASSIGN_OR_RETURN(Series* const series, Get(spec, Type::kCounter, {}));
    return series->counter.get();
  }
  absl::StatusOr<Gauge*> GetGauge(const MetricSpec& spec) override {
    CL_ASSIGN_OR_RETURN(Series* const series, Get(spec, Type::kGauge, {}));
    return series->gauge.get();
  }
  absl::StatusOr<Histogram*> GetHistogram(const MetricSpec& spec, std::vector<double> bounds) override {
    CL_RETURN_IF_ERROR(CheckBounds(spec, bounds));
    CL_ASSIGN_OR_RETURN(Series* const series, Get(spec, Type::kHistogram, std::move(bounds)));
    return series->histogram.get();
  }
  std::string ExposeText() const override;

 private:
  absl::StatusOr<Series*> Get(const MetricSpec& spec, Type type, std::vector<double> bounds);
  absl::Status CheckFamily(const MetricSpec& spec, const Labels& labels, const Family& wanted)
      ABSL_SHARED_LOCKS_REQUIRED(mu_);

  const size_t max_series_;
  mutable absl::Mutex mu_;
  std::map<std::string, Family> families_ ABSL_GUARDED_BY(mu_);
};

// Whether a series of `labels` fits the family of that name, should there be one.
absl::Status MemoryRegistry::CheckFamily(const MetricSpec& spec, const Labels& labels, const Family& wanted) {
  auto it = families_.find(spec.name);
  if (it == families_.end()) return absl::OkStatus();
  const Family& family = it->second;
  if (family.type != wanted.type) {
    return Bad(spec, absl::StrCat("is a ", TypeName(family.type), ", not a ", TypeName(wanted.type)));
  }
  if (family.bounds != wanted.bounds) return Bad(spec, "has other bounds already");
  if (!SameNames(family.series.begin()->first, labels)) return Bad(spec, "has other label names already");
  if (family.series.size() >= max_series_ && family.series.count(labels) == 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("metric '", spec.name, "': more than ", max_series_, " series"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Series*> MemoryRegistry::Get(const MetricSpec& spec, Type type, std::vector<double> bounds) {
  Labels labels = spec.labels;
  std::sort(labels.begin(), labels.end());
  CL_RETURN_IF_ERROR(CheckSpec(spec, labels));
  Family wanted;
  wanted.type = type;
  wanted.help = spec.help;
  wanted.bounds = std::move(bounds);
  absl::MutexLock lock(&mu_);
  CL_RETURN_IF_ERROR(CheckFamily(spec, labels, wanted));
  Family& family = families_.try_emplace(spec.name, std::move(wanted)).first->second;
  auto [it, added] = family.series.try_emplace(std::move(labels));
  Series& series = it->second;
  if (!added) return &series;
  if (type == Type::kCounter) series.counter = std::make_unique<CounterImpl>();
  if (type == Type::kGauge) series.gauge = std::make_unique<GaugeImpl>();
  if (type == Type::kHistogram) series.histogram = std::make_unique<HistogramImpl>(family.bounds);
  return &series;
}

std::string MemoryRegistry::ExposeText() const {
  std::string out;
  absl::MutexLock lock(&mu_);
  for (const auto& [name, family] : families_) {
    absl::StrAppend(&out, "# HELP ", name, " ", Escape(family.help, false), "\n");
    absl::StrAppend(&out, "# TYPE ", name, " ", TypeName(family.type), "\n");
    for (const auto& [labels, series] : family.series) {
      if (series.counter) AppendSample(name, labels, "", Number(series.counter->value()), &out);
      if (series.gauge) AppendSample(name, labels, "", Number(series.gauge->value()), &out);
      if (series.histogram) AppendHistogram(name, labels, *series.histogram, &out);
    }
  }
  return out;
}

}  // namespace

std::unique_ptr<MetricRegistry> MakeMetricRegistry(size_t max_series) {
  return std::make_unique<MemoryRegistry>(max_series);
}

std::vector<double> ExponentialBounds(double start, double factor, int count) {
  std::vector<double> bounds;
  double bound = start;
  for (int i = 0; i < count; ++i, bound *= factor) bounds.push_back(bound);
  return bounds;
}

}  // namespace cubeloom
