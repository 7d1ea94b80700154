#include "cubeloom/kernel/stats/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr size_t kFewSlots = 4;  // up to here each element is compared with every slot
constexpr int kTableBits = 16;   // of the look-up table for more
constexpr int kFirstBits = 16;   // resolved by the first pass, so that the table can tell slots apart

template <typename T>
T InfinityOf() {
  return std::numeric_limits<T>::infinity();
}

// First and last key that counts.
std::pair<uint64_t, uint64_t> ValidKeys(int key_bits, bool finite_only) {
  const uint64_t inset = finite_only ? 1 : 0;  // the infinities are the outermost keys
  if (key_bits == 32) return {KeyOf(-InfinityOf<float>()) + inset, KeyOf(InfinityOf<float>()) - inset};
  return {KeyOf(-InfinityOf<double>()) + inset, KeyOf(InfinityOf<double>()) - inset};
}

// Lower and upper rank of each percentile among n elements.
std::vector<int64_t> WantedRanks(const std::vector<double>& percentiles, int64_t n) {
  std::vector<int64_t> ranks;
  for (const double p : percentiles) {
    const double at = p / 100 * static_cast<double>(n - 1);
    const int64_t lower = std::clamp(static_cast<int64_t>(std::floor(at)), int64_t{0}, n - 1);
    ranks.push_back(lower);
    ranks.push_back(std::min(lower + 1, n - 1));
  }
  return ranks;
}

}  // namespace

Selection Selection::Start(int key_bits, bool finite_only, std::vector<double> percentiles) {
  Selection s;
  s.key_bits = key_bits;
  s.finite_only = finite_only;
  s.percentiles = std::move(percentiles);
  s.slots.emplace_back();
  return s;
}

int Selection::NextBits() const {
  const int cap = resolved == 0 ? kFirstBits : slots.size() <= kFewSlots ? 16 : slots.size() <= 16 ? 14 : 12;
  return std::min(cap, key_bits - resolved);
}

KeyLayout Selection::Layout(std::vector<KeySlot>* slots_out, std::vector<uint8_t>* table_out) const {
  KeyLayout layout;
  layout.bits = NextBits();
  layout.shift = key_bits - resolved - layout.bits;
  const auto [first, last] = ValidKeys(key_bits, finite_only);
  const int below = key_bits - resolved;  // bits behind the prefix
  slots_out->clear();
  table_out->clear();
  if (slots.size() > kFewSlots) table_out->assign(size_t{1} << kTableBits, 0);
  for (const Slot& slot : slots) {
    KeySlot range;
    range.base = below == 64 ? 0 : slot.prefix << below;
    const uint64_t span = below == 64 ? ~uint64_t{0} : (uint64_t{1} << below) - 1;
    range.low = std::max(range.base, first);
    range.high = std::min(range.base + span, last);
    if (!table_out->empty()) {
      uint8_t& entry = (*table_out)[range.base >> (key_bits - kTableBits)];
      if (entry == 0) entry = static_cast<uint8_t>(slots_out->size() + 1);
    }
    slots_out->push_back(range);
  }
  layout.slots = slots_out->data();
  layout.slot_count = static_cast<int32_t>(slots_out->size());
  layout.first_slot = table_out->empty() ? nullptr : table_out->data();
  return layout;
}

absl::StatusOr<Selection> Selection::Narrow(const CountTable& counts) const {
  const int bits = NextBits();
  Selection next = *this;
  next.resolved += bits;
  next.slots.clear();
  std::vector<std::pair<int64_t, size_t>> wanted;  // (rank over all slots, index in ranks), ascending
  int64_t before = 0;
  std::vector<int64_t> start;  // of each slot among the elements of all slots
  for (const Slot& slot : slots) start.push_back(before), before += slot.count;
  if (count < 0) {
    before = 0;
    for (int64_t b = 0; b < int64_t{1} << bits; ++b) before += static_cast<int64_t>(counts.Count(b));
    next.count = before;
    if (next.count == 0) return next;
    const std::vector<int64_t> ranks = WantedRanks(percentiles, next.count);
    next.ranks.resize(ranks.size());
    for (size_t r = 0; r < ranks.size(); ++r) wanted.emplace_back(ranks[r], r);
  } else {
    for (size_t r = 0; r < ranks.size(); ++r) wanted.emplace_back(start[ranks[r].slot] + ranks[r].offset, r);
  }
  std::sort(wanted.begin(), wanted.end());
  int64_t seen = 0;
  size_t w = 0;
  for (size_t s = 0; s < slots.size(); ++s) {
    const int64_t slot_start = seen;
    for (int64_t b = 0; b < int64_t{1} << bits; ++b) {
      const int64_t n = static_cast<int64_t>(counts.Count((static_cast<int64_t>(s) << bits) + b));
      const size_t first = w;
      for (; w < wanted.size() && wanted[w].first < seen + n; ++w) {
        next.ranks[wanted[w].second] = {static_cast<int32_t>(next.slots.size()), wanted[w].first - seen};
      }
      if (w > first) next.slots.push_back({(slots[s].prefix << bits) | static_cast<uint64_t>(b), n});
      seen += n;
    }
    if (count >= 0 && seen - slot_start != slots[s].count) {
      return absl::DataLossError(absl::StrCat("the image changed between two passes: ", seen - slot_start,
                                              " pixels in a range that held ", slots[s].count));
    }
  }
  return next;
}

double Selection::ElementAt(size_t index, int which) const {
  const uint64_t key = slots[ranks[2 * index + which].slot].prefix;
  return key_bits == 32 ? static_cast<double>(FloatOfKey(static_cast<uint32_t>(key))) : DoubleOfKey(key);
}

Value Selection::ToValue() const {
  Value::List p, prefixes, counts, rank_slots, offsets;
  for (const double x : percentiles) p.emplace_back(x);
  for (const Slot& slot : slots) {
    prefixes.emplace_back(static_cast<int64_t>(slot.prefix));
    counts.emplace_back(slot.count);
  }
  for (const Rank& rank : ranks) {
    rank_slots.emplace_back(int64_t{rank.slot});
    offsets.emplace_back(rank.offset);
  }
  return Value(Value::Map{{"key_bits", Value(key_bits)},
                          {"resolved", Value(resolved)},
                          {"finite_only", Value(finite_only)},
                          {"count", Value(count)},
                          {"percentiles", Value(std::move(p))},
                          {"slot_prefixes", Value(std::move(prefixes))},
                          {"slot_counts", Value(std::move(counts))},
                          {"rank_slots", Value(std::move(rank_slots))},
                          {"rank_offsets", Value(std::move(offsets))}});
}

namespace {

absl::Status Bad(const char* entry, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("input 'selection': '", entry, "' ", what));
}

absl::StatusOr<int64_t> IntegerEntry(const Value& value, const char* name) {
  const Value* entry = value.Find(name);
  if (entry == nullptr || !entry->is_int()) return Bad(name, "is no integer");
  return entry->integer();
}

absl::StatusOr<std::vector<int64_t>> IntegerList(const Value& value, const char* name, size_t most) {
  const Value* entry = value.Find(name);
  if (entry == nullptr || !entry->is_list()) return Bad(name, "is no list");
  if (entry->list().size() > most) return Bad(name, "is too long");
  std::vector<int64_t> out;
  for (const Value& v : entry->list()) {
    if (!v.is_int()) return Bad(name, "holds something else than integers");
    out.push_back(v.integer());
  }
  return out;
}

absl::Status TakeScalars(const Value& value, Selection* s) {
  CL_ASSIGN_OR_RETURN(const int64_t key_bits, IntegerEntry(value, "key_bits"));
  CL_ASSIGN_OR_RETURN(const int64_t resolved, IntegerEntry(value, "resolved"));
  CL_ASSIGN_OR_RETURN(s->count, IntegerEntry(value, "count"));
  if (key_bits != 32 && key_bits != 64) return Bad("key_bits", "is neither 32 nor 64");
  if (resolved < kFirstBits || resolved > key_bits) return Bad("resolved", "is out of range");
  if (s->count < 0) return Bad("count", "is negative");
  s->key_bits = static_cast<int>(key_bits);
  s->resolved = static_cast<int>(resolved);
  const Value* finite_only = value.Find("finite_only");
  if (finite_only == nullptr || !finite_only->is_bool()) return Bad("finite_only", "is no bool");
  s->finite_only = finite_only->boolean();
  const Value* percentiles = value.Find("percentiles");
  if (percentiles == nullptr || !percentiles->is_list()) return Bad("percentiles", "is no list");
  if (percentiles->list().size() > kMostPercentiles) return Bad("percentiles", "is too long");
  for (const Value& p : percentiles->list()) {
    if (!p.is_number() || !(p.real() >= 0 && p.real() <= 100))
      return Bad("percentiles", "is not within 0..100");
    s->percentiles.push_back(p.real());
  }
  return absl::OkStatus();
}

absl::Status TakeSlots(const Value& value, Selection* s) {
  constexpr size_t kMost = 2 * kMostPercentiles;
  CL_ASSIGN_OR_RETURN(const auto prefixes, IntegerList(value, "slot_prefixes", kMost));
  CL_ASSIGN_OR_RETURN(const auto counts, IntegerList(value, "slot_counts", kMost));
  if (prefixes.size() != counts.size()) return Bad("slot_counts", "has another length than 'slot_prefixes'");
  int64_t left = s->count;
  for (size_t i = 0; i < prefixes.size(); ++i) {
    const uint64_t prefix = static_cast<uint64_t>(prefixes[i]);
    if (s->resolved < 64 && prefix >> s->resolved != 0) return Bad("slot_prefixes", "is out of range");
    if (i > 0 && prefix <= s->slots.back().prefix) return Bad("slot_prefixes", "does not ascend");
    if (counts[i] < 1 || counts[i] > left) return Bad("slot_counts", "does not fit the count");
    left -= counts[i];
    s->slots.push_back({prefix, counts[i]});
  }
  return absl::OkStatus();
}

absl::Status TakeRanks(const Value& value, Selection* s) {
  constexpr size_t kMost = 2 * kMostPercentiles;
  CL_ASSIGN_OR_RETURN(const auto slots, IntegerList(value, "rank_slots", kMost));
  CL_ASSIGN_OR_RETURN(const auto offsets, IntegerList(value, "rank_offsets", kMost));
  const size_t expected = s->count == 0 ? 0 : 2 * s->percentiles.size();
  if (slots.size() != expected || offsets.size() != expected)
    return Bad("rank_slots", "has the wrong length");
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i] < 0 || slots[i] >= static_cast<int64_t>(s->slots.size())) {
      return Bad("rank_slots", "is out of range");
    }
    if (offsets[i] < 0 || offsets[i] >= s->slots[slots[i]].count)
      return Bad("rank_offsets", "is out of range");
    s->ranks.push_back({static_cast<int32_t>(slots[i]), offsets[i]});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Selection> Selection::FromValue(const Value& value) {
  Selection s;
  CL_RETURN_IF_ERROR(TakeScalars(value, &s));
  CL_RETURN_IF_ERROR(TakeSlots(value, &s));
  CL_RETURN_IF_ERROR(TakeRanks(value, &s));
  return s;
}

}  // namespace cubeloom
