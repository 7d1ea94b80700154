#include "cubeloom/kernel/api/ports.h"

#include <cmath>
#include <utility>

#include "cubeloom/kernel/api/execute.h"
#include "cubeloom/kernel/testing/example_kernels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using testing::HasSubstr;

PortSpec Port(std::vector<DType> accepts) {
  return {"image", PayloadKind::kArray, "", false, false, std::move(accepts)};
}

TEST(AcceptDTypeTest, LosslessFirstElseTheLast) {
  const struct {
    std::vector<DType> accepts;
    DType from, to;
  } cases[] = {
      {{}, DType::kI32, DType::kI32},
      {{DType::kF32, DType::kF64}, DType::kF64, DType::kF64},
      {{DType::kF32, DType::kF64}, DType::kI16, DType::kF32},
      {{DType::kF32, DType::kF64}, DType::kI32, DType::kF64},
      {{DType::kF32, DType::kF64}, DType::kI64, DType::kF64},
      {{DType::kF32}, DType::kF64, DType::kF32},
      {{DType::kF32}, DType::kI64, DType::kF32},
      {{DType::kF32, DType::kI32}, DType::kI32, DType::kI32},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<DType> to = AcceptDType(Port(c.accepts), c.from);
    ASSERT_TRUE(to.ok()) << to.status();
    EXPECT_EQ(*to, c.to) << DTypeName(c.from);
  }
  const absl::Status status = AcceptDType(Port({DType::kU8, DType::kI32}), DType::kF32).status();
  EXPECT_EQ(status.message(), "port 'image' takes u8, i32; f32 elements cannot be converted");
  EXPECT_FALSE(AcceptDType(Port({DType::kF64}), DType::kC64).ok());
}

KernelInfo CombineInfo() {
  KernelInfo info;
  info.name = "test.ports";
  info.inputs = {Port({DType::kF32}),
                 {"mask", PayloadKind::kArray, "", true, false, {}},
                 {"tables", PayloadKind::kTable, "", false, true, {}}};
  info.outputs = {{"out", PayloadKind::kValue, "", false, false, {}}};
  return info;
}

Payload Image() { return ArrayFromVector<int16_t>({2, 2}, {1, 2, 3, 4}); }
Payload SomeTable() { return TablePtr(std::make_shared<Table>()); }

TEST(BindInputsTest, WrongPayloadsAreRefusedWithThePort) {
  const struct {
    std::vector<PortPayloads> inputs;
    const char* message;
    absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  } cases[] = {
      {{{Image()}, {}}, "has 3 input ports, payloads were given for 2"},
      {{{}, {}, {SomeTable()}}, "input 'image': is required and has no payload"},
      {{{SomeTable()}, {}, {SomeTable()}}, "input 'image': takes a payload of kind array, got table"},
      {{{Image(), Image()}, {}, {SomeTable()}}, "input 'image': takes one payload, got 2"},
      {{{Image()}, {}, {Value(1)}}, "input 'tables': takes a payload of kind table, got value"},
      {{{Payload(Hole{"lost"})}, {}, {SomeTable()}},
       "input 'image': is required and has no payload (a hole: lost)",
       absl::StatusCode::kFailedPrecondition},
      {{{Image()}, {}, {Hole{"a"}, Hole{"b"}}},
       "input 'tables': is required and has no payload (a hole: b)",
       absl::StatusCode::kFailedPrecondition},
  };
  for (const auto& c : cases) {
    const absl::Status status = BindInputs(CombineInfo(), c.inputs).status();
    EXPECT_EQ(status.code(), c.code);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_THAT(std::string(status.message()), HasSubstr("kernel 'test.ports'"));
  }
}

TEST(BindInputsTest, HolesAreLeftOutAndArraysConverted) {
  const std::vector<PortPayloads> inputs = {{Image()}, {Hole{"x"}}, {Hole{"y"}, SomeTable()}};
  const auto bound = BindInputs(CombineInfo(), inputs);
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_TRUE((*bound)[1].empty());
  EXPECT_EQ((*bound)[2].size(), 1u);
  const Array& image = *(*bound)[0][0].array();
  EXPECT_EQ(image.desc().dtype, DType::kF32);
  const auto chunk = image.Read({{1, 0}, {1, 2}}, ReadContext());
  ASSERT_TRUE(chunk.ok());
  EXPECT_EQ(chunk->as<float>()[1], 4.0f);
}

TEST(BindInputsTest, FloatsNeverKeepValidityBits) {
  ArrayDesc desc;
  desc.shape = {3};
  const float values[] = {1, 2, 3};
  const uint8_t bits[] = {0b101};
  Chunk chunk{DType::kF32, Box::Whole(desc.shape), {1}, Buffer::Copy(values, 12), Buffer::Copy(bits, 1)};
  const Payload image = MakeMemoryArray(desc, chunk).value();
  const auto bound = BindInputs(CombineInfo(), std::vector<PortPayloads>{{image}, {}, {SomeTable()}});
  ASSERT_TRUE(bound.ok());
  const auto read = (*bound)[0][0].array()->Read(Box::Whole(desc.shape), ReadContext());
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(static_cast<bool>(read->validity));
  EXPECT_TRUE(std::isnan(read->as<float>()[1]));
}

TEST(InferOutputsTest, TheKernelSeesAcceptedDTypesAndIsNamedInErrors) {
  const auto sum = MakeExampleSum();
  const Args args = BindArgs(sum->info(), {}).value();
  std::vector<InputDesc> inputs(2);
  inputs[0].arrays.resize(1);
  inputs[0].arrays[0].dtype = DType::kC64;
  inputs[0].count = 1;
  EXPECT_THAT(std::string(InferOutputs(*sum, args, inputs).status().message()),
              HasSubstr("kernel 'example.sum'"));
  inputs[0].arrays[0].dtype = DType::kI16;
  EXPECT_EQ(InferOutputs(*sum, args, inputs).status().message(),
            "kernel 'example.sum': input 'array' must have 1 to 8 axes, it is scalar");
  inputs[0].arrays[0].shape = {4, 4};
  EXPECT_TRUE(InferOutputs(*sum, args, inputs).ok());
}

TEST(CheckResultsTest, SaysWhatTheKernelDidWrong) {
  const KernelInfo info = CombineInfo();
  EXPECT_TRUE(CheckResults(info, std::vector<Payload>{Value(1)}).ok());
  EXPECT_EQ(CheckResults(info, {}).message(), "kernel 'test.ports' gave 0 results for 1 output ports");
  EXPECT_THAT(std::string(CheckResults(info, std::vector<Payload>{Image()}).message()),
              HasSubstr("of kind array for output 'out' of kind value"));
}

TEST(BroadcastBoxTest, MatchesFromTheFastestAxis) {
  const Box out{{2, 3, 4}, {5, 6, 7}};
  const struct {
    Shape input;
    Box expected;
  } cases[] = {
      {{10, 10, 11}, out},
      {{10, 11}, {{3, 4}, {6, 7}}},
      {{1, 11}, {{0, 4}, {1, 7}}},
      {{}, {{}, {}}},
      {{3, 10, 10, 11}, {{0, 2, 3, 4}, {3, 5, 6, 7}}},
  };
  for (const auto& c : cases) EXPECT_EQ(BroadcastBox(c.input, out), c.expected) << c.input.ToString();
}

}  // namespace
}  // namespace cubeloom
