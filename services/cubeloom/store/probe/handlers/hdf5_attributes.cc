#include "cubeloom/store/probe/handlers/hdf5_attributes.h"

#include <cstring>
#include <utility>

namespace cubeloom {
namespace {

// Elements of an attribute as a flat list of values; false when they have no such form.
class Reader {
 public:
  Reader(hid_t attribute, bool idia_bool)
      : attribute_(attribute),
        idia_bool_(idia_bool),
        type_(H5Aget_type(attribute)),
        space_(H5Aget_space(attribute)) {}

  bool Read(Value* out) {
    if (!type_ || !space_) return false;
    const H5S_class_t form = H5Sget_simple_extent_type(space_.get());
    if (form == H5S_NULL) return *out = Value(), true;
    rank_ = H5Sget_simple_extent_ndims(space_.get());
    if (rank_ < 0 || rank_ > 1) return false;
    count_ = H5Sget_simple_extent_npoints(space_.get());
    const size_t size = H5Tget_size(type_.get());
    if (count_ < 0 || size == 0 || count_ > kMaxHdf5AttributeBytes / static_cast<int64_t>(size)) return false;
    Value::List values;
    if (!Elements(&values)) return false;
    *out = values.size() == 1 ? std::move(values[0]) : Value(std::move(values));
    return true;
  }

 private:
  bool Elements(Value::List* values) {
    switch (H5Tget_class(type_.get())) {
      case H5T_INTEGER:
        return IsIdiaBool() ? As<int8_t, bool>(H5T_NATIVE_INT8, values) : Integers(type_.get(), values);
      case H5T_FLOAT:
        return As<double, double>(H5T_NATIVE_DOUBLE, values);
      case H5T_ENUM:
        return Enums(values);
      case H5T_STRING:
        return H5Tis_variable_str(type_.get()) > 0 ? VariableStrings(values) : FixedStrings(values);
      default:
        return false;
    }
  }

  bool IsIdiaBool() const {
    if (!idia_bool_ || rank_ != 0) return false;
    const size_t size = H5Tget_size(type_.get());
    const H5T_sign_t sign = H5Tget_sign(type_.get());
    return (size == 1 && sign == H5T_SGN_NONE) || (size == 4 && sign == H5T_SGN_2);
  }

  template <typename Memory, typename Out>
  bool As(hid_t type, Value::List* values) {
    std::vector<Memory> data(static_cast<size_t>(count_));
    if (count_ > 0 && H5Aread(attribute_, type, data.data()) < 0) return false;
    for (const Memory v : data) values->emplace_back(static_cast<Out>(v));
    return true;
  }

  bool Integers(hid_t type, Value::List* values) {
    if (H5Tget_size(type) > 8) return false;
    if (H5Tget_size(type) < 8 || H5Tget_sign(type) != H5T_SGN_NONE)
      return As<int64_t, int64_t>(H5T_NATIVE_INT64, values);
    std::vector<uint64_t> data(static_cast<size_t>(count_));
    if (count_ > 0 && H5Aread(attribute_, H5T_NATIVE_UINT64, data.data()) < 0) return false;
    for (const uint64_t v : data) {
      values->push_back(v <= INT64_MAX ? Value(static_cast<int64_t>(v)) : Value(static_cast<double>(v)));
    }
    return true;
  }

  bool Enums(Value::List* values) {
    const Hid base(H5Tget_super(type_.get()));
    char first[8] = {}, second[8] = {};
    const size_t size = H5Tget_size(type_.get());
    if (!base || size > 8) return false;
    const bool is_bool = H5Tget_nmembers(type_.get()) == 2 &&
                         H5Tenum_valueof(type_.get(), "FALSE", first) >= 0 &&
                         H5Tenum_valueof(type_.get(), "TRUE", second) >= 0;
    std::vector<char> data(static_cast<size_t>(count_) * size);
    if (count_ > 0 && H5Aread(attribute_, type_.get(), data.data()) < 0) return false;
    if (is_bool) {
      for (int64_t i = 0; i < count_; ++i)
        values->emplace_back(std::memcmp(&data[i * size], second, size) == 0);
      return true;
    }
    // The stored bytes as integers: libhdf5 converts in place, in room for the wider form.
    data.resize(static_cast<size_t>(count_) * sizeof(int64_t) + 1);
    if (H5Tconvert(base.get(), H5T_NATIVE_INT64, static_cast<size_t>(count_), data.data(), nullptr,
                   H5P_DEFAULT) < 0) {
      return false;
    }
    for (int64_t i = 0; i < count_; ++i) {
      int64_t v;
      std::memcpy(&v, &data[i * sizeof(v)], sizeof(v));
      values->emplace_back(v);
    }
    return true;
  }

  bool FixedStrings(Value::List* values) {
    const size_t size = H5Tget_size(type_.get());
    const bool spaces = H5Tget_strpad(type_.get()) == H5T_STR_SPACEPAD;
    std::string data(static_cast<size_t>(count_) * size, '\0');
    if (count_ > 0 && H5Aread(attribute_, type_.get(), &data[0]) < 0) return false;
    for (int64_t i = 0; i < count_; ++i) {
      std::string text = data.substr(i * size, size);
      text.resize(::strnlen(text.data(), text.size()));
      if (spaces) text.resize(text.find_last_not_of(' ') + 1);
      values->emplace_back(std::move(text));
    }
    return true;
  }

  bool VariableStrings(Value::List* values) {
    std::vector<char*> data(static_cast<size_t>(count_), nullptr);
    if (count_ == 0) return true;
    const Hid memory(H5Tcopy(type_.get()));
    if (H5Aread(attribute_, memory.get(), data.data()) < 0) return false;
    int64_t total = 0;
    for (const char* text : data) total += text == nullptr ? 0 : static_cast<int64_t>(std::strlen(text));
    const bool fits = total <= kMaxHdf5AttributeBytes;
    for (const char* text : data) {
      if (fits) values->emplace_back(std::string(text == nullptr ? "" : text));
    }
    H5Dvlen_reclaim(memory.get(), space_.get(), H5P_DEFAULT, data.data());
    return fits;
  }

  const hid_t attribute_;
  const bool idia_bool_;
  const Hid type_, space_;
  int rank_ = 0;
  int64_t count_ = 0;
};

struct Collection {
  bool idia_bool;
  std::vector<Attribute> attributes;
};

herr_t Collect(hid_t object, const char* name, const H5A_info_t*, void* data) {
  auto& collection = *static_cast<Collection*>(data);
  const Hid attribute(H5Aopen(object, name, H5P_DEFAULT));
  Value value;
  if (attribute && Reader(attribute.get(), collection.idia_bool).Read(&value)) {
    collection.attributes.push_back({name, std::move(value), ""});
  }
  H5Eclear2(H5E_DEFAULT);
  return 0;
}

bool KnowsOrder(hid_t object) {
  const bool dataset = H5Iget_type(object) == H5I_DATASET;
  const Hid creation(dataset ? H5Dget_create_plist(object) : H5Gget_create_plist(object));
  unsigned flags = 0;
  return creation && H5Pget_attr_creation_order(creation.get(), &flags) >= 0 &&
         (flags & H5P_CRT_ORDER_TRACKED) != 0;
}

}  // namespace

std::vector<Attribute> ReadHdf5Attributes(hid_t object, bool idia_bool) {
  Collection collection{idia_bool, {}};
  const bool order = KnowsOrder(object);
  H5Aiterate2(object, order ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, order ? H5_ITER_INC : H5_ITER_NATIVE,
              nullptr, &Collect, &collection);
  H5Eclear2(H5E_DEFAULT);
  return std::move(collection.attributes);
}

std::string ReadHdf5AttributeAs(hid_t object, const char* name, hid_t type) {
  if (H5Aexists(object, name) <= 0) return "";
  const Hid attribute(H5Aopen(object, name, H5P_DEFAULT));
  const Hid stored(attribute ? H5Aget_type(attribute.get()) : -1);
  const Hid space(attribute ? H5Aget_space(attribute.get()) : -1);
  std::string out;
  if (stored && space && H5Sget_simple_extent_npoints(space.get()) == 1 &&
      (H5Tget_class(stored.get()) == H5T_INTEGER || H5Tget_class(stored.get()) == H5T_FLOAT) &&
      (H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT)) {
    out.resize(H5Tget_size(type));
    if (H5Aread(attribute.get(), type, &out[0]) < 0) out.clear();
  }
  H5Eclear2(H5E_DEFAULT);
  return out;
}

}  // namespace cubeloom
