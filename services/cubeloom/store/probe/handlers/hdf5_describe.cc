#include "cubeloom/store/probe/handlers/hdf5_describe.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/probe/handlers/hdf5_attributes.h"

namespace cubeloom {
namespace {

absl::Status Broken(const std::string& path, absl::string_view doing) {
  return absl::DataLossError(
      absl::StrCat("dataset '", path, "': HDF5 cannot ", doing, ": ", Hdf5ErrorText()));
}

absl::Status Unsupported(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("dataset '", path, "': ", what));
}

bool IntegerType(hid_t type, bool is_signed, Hdf5Type* out) {
  constexpr DType kTypes[2][4] = {{DType::kU8, DType::kU16, DType::kU32, DType::kU64},
                                  {DType::kI8, DType::kI16, DType::kI32, DType::kI64}};
  const size_t size = H5Tget_size(type);
  if (size != 1 && size != 2 && size != 4 && size != 8) return false;
  if (H5Tget_precision(type) != 8 * size || H5Tget_offset(type) != 0) return false;
  const H5T_order_t order = H5Tget_order(type);
  if (size > 1 && order != H5T_ORDER_LE && order != H5T_ORDER_BE) return false;
  out->dtype = kTypes[is_signed ? 1 : 0][size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3];
  out->bytes = static_cast<int>(size);
  out->big_endian = size > 1 && order == H5T_ORDER_BE;
  return true;
}

bool IsHalf(hid_t type) {
  size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
  return H5Tget_size(type) == 2 &&
         H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 &&
         sign == 15 && exponent == 10 && exponent_bits == 5 && mantissa == 0 && mantissa_bits == 10 &&
         H5Tget_ebias(type) == 15 && H5Tget_norm(type) == H5T_NORM_IMPLIED;
}

bool FloatType(hid_t type, Hdf5Type* out) {
  const bool f32 = H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0;
  const bool f64 = H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
  out->half = !f32 && !f64 && IsHalf(type);
  if (!f32 && !f64 && !out->half) return false;
  out->dtype = f64 ? DType::kF64 : DType::kF32;
  out->bytes = static_cast<int>(H5Tget_size(type));
  const H5T_order_t order = H5Tget_order(type);
  out->big_endian = order == H5T_ORDER_BE;
  return order == H5T_ORDER_BE || order == H5T_ORDER_LE;
}

// An enum of bytes {FALSE = 0, TRUE = 1} is bool, others are their integers.
bool EnumType(hid_t type, Hdf5Type* out) {
  const Hid base(H5Tget_super(type));
  if (!base || !IntegerType(base.get(), H5Tget_sign(base.get()) == H5T_SGN_2, out)) return false;
  signed char no = 1, yes = 0;
  if (out->bytes == 1 && H5Tget_nmembers(type) == 2 && H5Tenum_valueof(type, "FALSE", &no) >= 0 &&
      H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 && yes == 1) {
    out->dtype = DType::kBool;
  }
  H5Eclear2(H5E_DEFAULT);
  return true;
}

bool HasMember(hid_t type, unsigned index, std::initializer_list<const char*> names) {
  char* name = H5Tget_member_name(type, index);
  if (name == nullptr) return false;
  const bool found =
      std::any_of(names.begin(), names.end(), [&](const char* n) { return std::strcmp(n, name) == 0; });
  H5free_memory(name);
  return found;
}

bool ComplexType(hid_t type, Hdf5Type* out) {
  if (H5Tget_nmembers(type) != 2 || !HasMember(type, 0, {"r", "real", "re"}) ||
      !HasMember(type, 1, {"i", "imag", "im"})) {
    return false;
  }
  const Hid real(H5Tget_member_type(type, 0)), imaginary(H5Tget_member_type(type, 1));
  if (!real || !imaginary || H5Tget_class(real.get()) != H5T_FLOAT ||
      H5Tequal(real.get(), imaginary.get()) <= 0 || !FloatType(real.get(), out) || out->half) {
    return false;
  }
  const size_t half = static_cast<size_t>(out->bytes);
  out->dtype = out->dtype == DType::kF64 ? DType::kC128 : DType::kC64;
  out->bytes *= 2;
  return H5Tget_size(type) == 2 * half && H5Tget_member_offset(type, 0) == 0 &&
         H5Tget_member_offset(type, 1) == half;
}

bool TypeOf(hid_t type, Hdf5Type* out) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return IntegerType(type, H5Tget_sign(type) == H5T_SGN_2, out);
    case H5T_BITFIELD:
      return IntegerType(type, false, out);
    case H5T_FLOAT:
      return FloatType(type, out);
    case H5T_ENUM:
      return EnumType(type, out);
    case H5T_COMPOUND:
      return ComplexType(type, out);
    default:
      return false;
  }
}

const char* ClassName(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return "integer of unusual size or precision";
    case H5T_FLOAT:
      return "floating-point format that is not IEEE 754";
    case H5T_BITFIELD:
      return "bit field";
    case H5T_STRING:
      return "string";
    case H5T_COMPOUND:
      return "compound";
    case H5T_REFERENCE:
      return "reference";
    case H5T_ENUM:
      return "enum";
    case H5T_VLEN:
      return "variable-length sequence";
    case H5T_ARRAY:
      return "array";
    case H5T_OPAQUE:
      return "opaque";
    default:
      return "unknown type";
  }
}

absl::Status DescribeShape(hid_t dataset, Hdf5Dataset* d) {
  const Hid space(H5Dget_space(dataset));
  if (!space) return Broken(d->path, "read the dataspace");
  const H5S_class_t form = H5Sget_simple_extent_type(space.get());
  if (form == H5S_NULL) return Unsupported(d->path, "has no elements (a null dataspace)");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0) return Broken(d->path, "read the dataspace");
  if (rank > kMaxRank) {
    return Unsupported(d->path, absl::StrCat("has ", rank, " axes, at most ", kMaxRank, " are supported"));
  }
  hsize_t extents[kMaxRank];
  H5Sget_simple_extent_dims(space.get(), extents, nullptr);
  for (int a = 0; a < rank; ++a) {
    if (extents[a] > static_cast<hsize_t>(INT64_MAX))
      return Unsupported(d->path, absl::StrCat("axis ", a, " is too long"));
    d->shape.push_back(static_cast<int64_t>(extents[a]));
  }
  return CheckedElements(d->shape, DType::kC128).ok()
             ? absl::OkStatus()
             : Unsupported(d->path, absl::StrCat("shape ", d->shape.ToString(), " has too many elements"));
}

absl::Status DescribeFilters(hid_t creation, Hdf5Dataset* d) {
  const int count = H5Pget_nfilters(creation);
  if (count < 0) return Broken(d->path, "read the filters");
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, config = 0, params[32];
    size_t n = sizeof(params) / sizeof(params[0]);
    char name[64] = "";
    const H5Z_filter_t id =
        H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &n, params, sizeof(name), name, &config);
    if (id < 0) return Broken(d->path, "read the filters");
    Hdf5Filter filter;
    filter.id = id;
    name[sizeof(name) - 1] = '\0';
    filter.name = name[0] != '\0' ? name : absl::StrCat("filter ", id);
    for (size_t k = 0; k < std::min<size_t>(n, 32); ++k) filter.params.push_back(params[k]);
    d->filters.push_back(std::move(filter));
  }
  return absl::OkStatus();
}

absl::Status DescribeChunks(hid_t creation, Hdf5Dataset* d) {
  hsize_t extents[kMaxRank + 1];
  const int rank = H5Pget_chunk(creation, kMaxRank + 1, extents);
  if (rank != d->shape.rank() || rank == 0) return Broken(d->path, "read the chunk shape");
  int64_t chunks = 1;
  for (int a = 0; a < rank; ++a) {
    if (extents[a] == 0 || extents[a] > UINT32_MAX) return Broken(d->path, "read the chunk shape");
    d->chunk.push_back(static_cast<int64_t>(extents[a]));
    const int64_t count = d->shape[a] / d->chunk[a] + (d->shape[a] % d->chunk[a] != 0);
    if (count != 0 && chunks > kMaxHdf5Chunks / count) {
      return Unsupported(d->path, absl::StrCat("shape ", d->shape.ToString(), " has more than ",
                                               kMaxHdf5Chunks, " chunks of ", d->chunk.ToString()));
    }
    chunks *= count;
  }
  unsigned options = 0;
  if (H5Pget_chunk_opts(creation, &options) >= 0) {
    d->filters_partial = (options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) == 0;
  }
  return DescribeFilters(creation, d);
}

absl::Status DescribeLayout(hid_t dataset, hid_t creation, Hdf5Dataset* d) {
  switch (H5Pget_layout(creation)) {
    case H5D_CONTIGUOUS: {
      if (H5Pget_external_count(creation) != 0)
        return Unsupported(d->path, "its elements lie in other files");
      d->layout = Hdf5Layout::kContiguous;
      const haddr_t offset = H5Dget_offset(dataset);
      d->offset = offset == HADDR_UNDEF ? -1 : static_cast<int64_t>(offset);
      if (d->offset < -1) return Broken(d->path, "find the elements");
      return absl::OkStatus();
    }
    case H5D_COMPACT:
      d->layout = Hdf5Layout::kCompact;
      return absl::OkStatus();
    case H5D_CHUNKED:
      d->layout = Hdf5Layout::kChunked;
      return DescribeChunks(creation, d);
    case H5D_VIRTUAL:
      return Unsupported(d->path, "a virtual dataset, which is made of other datasets, is not supported");
    default:
      return Broken(d->path, "read the layout");
  }
}

absl::Status DescribeFill(hid_t creation, hid_t type, Hdf5Dataset* d) {
  H5D_fill_value_t defined;
  if (H5Pfill_value_defined(creation, &defined) < 0) return Broken(d->path, "read the fill value");
  if (defined != H5D_FILL_VALUE_USER_DEFINED) return absl::OkStatus();
  d->fill.resize(static_cast<size_t>(d->type.bytes));
  if (H5Pget_fill_value(creation, type, &d->fill[0]) < 0) return Broken(d->path, "read the fill value");
  return absl::OkStatus();
}

// Of an IDIA image: the FITS cards of its group.
void AddCards(const Hdf5File& file, Hdf5Dataset* d) {
  constexpr absl::string_view kName = "/DATA";
  if (d->path.size() <= kName.size() || d->path.substr(d->path.size() - kName.size()) != kName) return;
  const std::string parent = d->path.substr(0, d->path.size() - kName.size());
  const Hid group(H5Gopen2(file.id(), parent.c_str(), H5P_DEFAULT));
  if (!group || H5Aexists(group.get(), "SCHEMA_VERSION") <= 0) return;
  d->idia = true;
  d->attributes = ReadHdf5Attributes(group.get(), true);
}

}  // namespace

absl::StatusOr<Hdf5Dataset> DescribeHdf5Dataset(const Hdf5File& file, hid_t dataset,
                                                const std::string& path) {
  Hdf5Dataset d;
  d.path = path;
  const Hid type(H5Dget_type(dataset));
  if (!type) return Broken(path, "read the type");
  if (!TypeOf(type.get(), &d.type)) {
    return Unsupported(
        path, absl::StrCat("its elements are of a type that is not supported: ", ClassName(type.get())));
  }
  CL_RETURN_IF_ERROR(DescribeShape(dataset, &d));
  const Hid creation(H5Dget_create_plist(dataset));
  if (!creation) return Broken(path, "read the creation properties");
  CL_RETURN_IF_ERROR(DescribeLayout(dataset, creation.get(), &d));
  CL_RETURN_IF_ERROR(DescribeFill(creation.get(), type.get(), &d));
  for (const char* name : {"_FillValue", "missing_value"}) {
    std::string value = ReadHdf5AttributeAs(dataset, name, type.get());
    const bool known = std::find(d.missing.begin(), d.missing.end(), value) != d.missing.end();
    if (!value.empty() && !known) d.missing.push_back(std::move(value));
  }
  AddCards(file, &d);
  for (Attribute& a : ReadHdf5Attributes(dataset, false)) d.attributes.push_back(std::move(a));
  return d;
}

absl::StatusOr<std::string> ReadHdf5ChunkTable(Hdf5File& file, hid_t dataset, const Hdf5Dataset& described) {
  const ChunkGrid grid(described.shape, described.chunk);
  std::vector<Hdf5ChunkEntry> table(static_cast<size_t>(grid.size()));
  H5D_space_status_t allocated = H5D_SPACE_STATUS_ALLOCATED;
  H5Dget_space_status(dataset, &allocated);
  file.StartRecording();
  char unused = 0;  // the driver leaves it alone
  for (size_t i = 0; i < table.size() && allocated != H5D_SPACE_STATUS_NOT_ALLOCATED; ++i) {
    const Box box = grid.BoxOf(static_cast<int64_t>(i));
    hsize_t origin[kMaxRank], stored = 0;
    for (int a = 0; a < box.rank(); ++a) origin[a] = static_cast<hsize_t>(box.origin[a]);
    std::string error;
    // A chunk that was never written has no size, which some versions of libhdf5 call an error.
    if (H5Dget_chunk_storage_size(dataset, origin, &stored) < 0) {
      error = Hdf5ErrorText();
      if (error == "chunk storage is not allocated") continue;
    }
    if (error.empty() && stored == 0) continue;
    file.TakeRecord();
    if (error.empty() && H5Dread_chunk(dataset, H5P_DEFAULT, origin, &table[i].mask, &unused) < 0)
      error = Hdf5ErrorText();
    const Hdf5RawRead read = file.TakeRecord();
    if (!error.empty() || read.count != 1 || read.size > UINT32_MAX) {
      return absl::DataLossError(absl::StrCat("dataset '", described.path, "': HDF5 cannot find chunk ", i,
                                              ": ", error.empty() ? "it is not read in one piece" : error));
    }
    table[i].offset = read.offset;
    table[i].size = static_cast<uint32_t>(read.size);
  }
  return std::string(reinterpret_cast<const char*>(table.data()), table.size() * sizeof(Hdf5ChunkEntry));
}

absl::StatusOr<std::string> ReadHdf5CompactData(hid_t dataset, const Hdf5Dataset& described) {
  const Hid type(H5Dget_type(dataset));
  std::string out(static_cast<size_t>(H5Dget_storage_size(dataset)), '\0');
  const int64_t expected = described.shape.elements() * described.type.bytes;
  if (!type || static_cast<int64_t>(out.size()) != expected)
    return Broken(described.path, "size the elements");
  if (!out.empty() && H5Dread(dataset, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &out[0]) < 0) {
    return Broken(described.path, "read the elements");
  }
  return out;
}

}  // namespace cubeloom
