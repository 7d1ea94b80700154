#include "cubeloom/kernel/image/radial_bins.h"

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

constexpr char kVersion = 1;
constexpr int64_t kMostPixels = int64_t{1} << 56;
constexpr size_t kEntry = 5 * sizeof(int64_t);  // index, count, sum, mean, m2

template <typename T>
void Append(std::string* out, T value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}
template <typename T>
T Take(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  at += sizeof(value);
  return value;
}

}  // namespace

void Ring::Merge(const Ring& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const double a = static_cast<double>(count), b = static_cast<double>(other.count);
  const double d = other.mean - mean;
  const double share = d * (b / (a + b));
  m2 += other.m2 + d * share * a;
  mean += share;
  sum += other.sum;
  count += other.count;
}

void Rings::Merge(const Rings& other) {
  if (rings.size() < other.rings.size()) rings.resize(other.rings.size());
  for (size_t i = 0; i < other.rings.size(); ++i) rings[i].Merge(other.rings[i]);
}

std::string Rings::Encode() const {
  std::string out(1, kVersion);
  Append(&out, static_cast<int64_t>(rings.size()));
  Append(&out, static_cast<int64_t>(
                   std::count_if(rings.begin(), rings.end(), [](const Ring& r) { return r.count > 0; })));
  for (size_t i = 0; i < rings.size(); ++i) {
    if (rings[i].count == 0) continue;
    Append(&out, static_cast<int64_t>(i));
    Append(&out, rings[i].count);
    Append(&out, rings[i].sum);
    Append(&out, rings[i].mean);
    Append(&out, rings[i].m2);
  }
  return out;
}

absl::StatusOr<Rings> Rings::Decode(absl::string_view bytes) {
  const size_t header = 1 + 2 * sizeof(int64_t);
  if (bytes.size() < header || bytes[0] != kVersion) {
    return absl::DataLossError(
        absl::StrCat("state of image.radial_profile: ", bytes.size(), " bytes of another version or cut"));
  }
  const char* at = bytes.data() + 1;
  const auto size = Take<int64_t>(at), entries = Take<int64_t>(at);
  if (size < 0 || size > kMostRings || entries < 0 || entries > size ||
      bytes.size() != header + static_cast<size_t>(entries) * kEntry) {
    return absl::DataLossError(absl::StrCat("state of image.radial_profile: ", bytes.size(),
                                            " bytes that claim ", size, " rings, ", entries,
                                            " of them not empty"));
  }
  Rings out;
  out.rings.resize(static_cast<size_t>(size));
  int64_t before = -1;
  while (at < bytes.data() + bytes.size()) {
    const auto index = Take<int64_t>(at);
    Ring ring;
    ring.count = Take<int64_t>(at);
    ring.sum = Take<double>(at);
    ring.mean = Take<double>(at);
    ring.m2 = Take<double>(at);
    if (index <= before || index >= size || ring.count < 1 || ring.count > kMostPixels) {
      return absl::DataLossError(
          absl::StrCat("state of image.radial_profile: ring ", index, " with ", ring.count, " pixels"));
    }
    out.rings[static_cast<size_t>(index)] = ring;
    before = index;
  }
  return out;
}

}  // namespace cubeloom
