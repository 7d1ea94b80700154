#include "cubeloom/kernel/image/axis_keywords.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace cubeloom {
namespace {

double Number(const ArrayDesc& desc, const std::string& name, double otherwise) {
  const Attribute* attribute = desc.Find(name);
  if (attribute == nullptr) return otherwise;
  return attribute->value.is_number() ? attribute->value.real() : std::nan("");
}

Attribute* FindIn(std::vector<Attribute>* attributes, const std::string& name) {
  for (Attribute& attribute : *attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

bool Multiply(std::vector<Attribute>* attributes, const std::string& name, double factor) {
  Attribute* attribute = FindIn(attributes, name);
  if (attribute == nullptr || !attribute->value.is_number()) return false;
  attribute->value = Value(attribute->value.real() * factor);
  return true;
}

// The axis numbers in a keyword of an axis: CTYPE3 -> {3, 3}, CD1_2 -> {1, 2}; {0, 0} for any other keyword.
std::pair<int, int> AxesOf(absl::string_view name) {
  const size_t digits = name.find_first_of("0123456789");
  if (digits == absl::string_view::npos || digits == 0) return {0, 0};
  const absl::string_view base = name.substr(0, digits);
  const absl::string_view rest = name.substr(digits);
  static constexpr const char* kOne[] = {"NAXIS", "CTYPE", "CRVAL", "CDELT",
                                         "CRPIX", "CUNIT", "CROTA", "CNAME"};
  int first = 0, second = 0;
  if (base == "CD" || base == "PC" || base == "PV") {
    const size_t underscore = rest.find('_');
    if (underscore == absl::string_view::npos || !absl::SimpleAtoi(rest.substr(0, underscore), &first) ||
        !absl::SimpleAtoi(rest.substr(underscore + 1), &second)) {
      return {0, 0};
    }
    return {first, base == "PV" ? first : second};
  }
  const bool known = std::any_of(std::begin(kOne), std::end(kOne), [&](const char* k) { return base == k; });
  if (!known || !absl::SimpleAtoi(rest, &first)) return {0, 0};
  return {first, first};
}

}  // namespace

LinearAxis ReadAxis(const ArrayDesc& desc, int n) {
  const std::string diagonal = absl::StrCat(n, "_", n);
  double step = Number(desc, absl::StrCat("CD", diagonal), 0);
  if (step == 0) {
    step = Number(desc, absl::StrCat("CDELT", n), 0) * Number(desc, absl::StrCat("PC", diagonal), 1);
  }
  const double value = Number(desc, absl::StrCat("CRVAL", n), 0);
  const double pixel = Number(desc, absl::StrCat("CRPIX", n), 0);
  const double start = value + (1 - pixel) * step;
  if (step == 0 || !std::isfinite(step) || !std::isfinite(start)) return LinearAxis();
  const Attribute* unit = desc.Find(absl::StrCat("CUNIT", n));
  return {start, step, unit != nullptr && unit->value.is_string() ? unit->value.string() : ""};
}

void RescaleAxis(std::vector<Attribute>* attributes, int n, double offset, double factor) {
  Attribute* pixel = FindIn(attributes, absl::StrCat("CRPIX", n));
  if (pixel != nullptr && pixel->value.is_number()) {
    pixel->value = Value((pixel->value.real() - 0.5 - offset) / factor + 0.5);
  }
  if (factor == 1) return;
  bool cd = false, pc = false;
  for (int i = 1; i <= kMaxRank; ++i) {
    cd |= Multiply(attributes, absl::StrCat("CD", i, "_", n), factor);
    pc |= FindIn(attributes, absl::StrCat("PC", i, "_", n)) != nullptr;
  }
  if (!pc) {
    if (!Multiply(attributes, absl::StrCat("CDELT", n), factor) && !cd && pixel != nullptr) {
      attributes->push_back({absl::StrCat("CDELT", n), Value(factor), ""});
    }
    return;
  }
  for (int i = 1; i <= kMaxRank; ++i) {
    const std::string name = absl::StrCat("PC", i, "_", n);
    if (!Multiply(attributes, name, factor) && i == n) attributes->push_back({name, Value(factor), ""});
  }
}

void KeepAxes(std::vector<Attribute>* attributes, int axes) {
  const auto gone = [axes](const Attribute& attribute) {
    const std::pair<int, int> of = AxesOf(attribute.name);
    return std::max(of.first, of.second) > axes;
  };
  attributes->erase(std::remove_if(attributes->begin(), attributes->end(), gone), attributes->end());
}

}  // namespace cubeloom
