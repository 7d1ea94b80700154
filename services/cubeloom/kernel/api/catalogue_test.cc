#include "cubeloom/kernel/api/kernel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using testing::HasSubstr;

class FakeTask : public TaskKernel {
 public:
  explicit FakeTask(KernelInfo info) : info_(std::move(info)) {}
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    return std::vector<OutputDesc>(1);
  }
  absl::StatusOr<std::vector<Payload>> Run(const Invocation&, const KernelContext&) const override {
    return std::vector<Payload>(1);
  }

 private:
  const KernelInfo info_;
};

KernelInfo Good(const char* name = "test.task") {
  KernelInfo info;
  info.name = name;
  info.summary = "Does nothing.";
  info.inputs = {{"in", PayloadKind::kArray, "", false, false, {}}};
  info.outputs = {{"out", PayloadKind::kValue, "", false, false, {}}};
  ParamSpec sigma;
  sigma.name = "sigma";
  sigma.default_value = 1.0;
  info.params = {sigma};
  return info;
}

TEST(KernelCatalogueTest, BadDeclarationsAreRefused) {
  const struct {
    void (*spoil)(KernelInfo&);
    const char* message;
  } cases[] = {
      {[](KernelInfo& i) { i.name = "task"; }, "family.name"},
      {[](KernelInfo& i) { i.name = "Test.task"; }, "family.name"},
      {[](KernelInfo& i) { i.name = "test."; }, "family.name"},
      {[](KernelInfo& i) { i.major = 0; }, "major version"},
      {[](KernelInfo& i) { i.summary = ""; }, "summary"},
      {[](KernelInfo& i) { i.shape = KernelShape::kMap; }, "not of the shape"},
      {[](KernelInfo& i) { i.outputs.clear(); }, "no output port"},
      {[](KernelInfo& i) { i.inputs.push_back(i.inputs[0]); }, "input port 'in' is declared twice"},
      {[](KernelInfo& i) { i.inputs[0].name = "In put"; }, "bad name 'In put'"},
      {[](KernelInfo& i) { i.params.push_back(i.params[0]); }, "parameter 'sigma' is declared twice"},
      {[](KernelInfo& i) { i.params[0].default_value = "x"; }, "parameter 'sigma': expected a number"},
      {[](KernelInfo& i) { i.params[0].max = 0.5; }, "parameter 'sigma': is 1, must be"},
      {[](KernelInfo& i) { i.params[0].min = 3, i.params[0].max = 2; }, "its range is empty"},
      {[](KernelInfo& i) { i.params[0].required = true; }, "required and has a default"},
      {[](KernelInfo& i) { i.params[0].choices = {"a"}; }, "only strings have choices"},
      {[](KernelInfo& i) { i.ns_per_element = -1; }, "cost model"},
  };
  for (const auto& c : cases) {
    KernelInfo info = Good();
    c.spoil(info);
    KernelCatalogue catalogue;
    const absl::Status status = catalogue.Add(std::make_unique<FakeTask>(info));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_TRUE(catalogue.List().empty());
  }
  EXPECT_FALSE(KernelCatalogue().Add(nullptr).ok());
}

TEST(KernelCatalogueTest, FindsByNameAndListsInOrder) {
  KernelCatalogue catalogue;
  for (const char* name : {"test.b", "test.c", "test.a"}) {
    ASSERT_TRUE(catalogue.Add(std::make_unique<FakeTask>(Good(name))).ok());
  }
  EXPECT_EQ(catalogue.Add(std::make_unique<FakeTask>(Good("test.b"))).code(),
            absl::StatusCode::kAlreadyExists);
  std::string names;
  for (const Kernel* kernel : catalogue.List()) names += kernel->info().name + " ";
  EXPECT_EQ(names, "test.a test.b test.c ");
  ASSERT_NE(catalogue.Find("test.c"), nullptr);
  EXPECT_EQ(catalogue.Find("test.c")->info().identity(), "test.c@1");
  EXPECT_EQ(catalogue.Find("test.d"), nullptr);
}

TEST(KernelCatalogueTest, AnUnknownNameSuggestsTheNearest) {
  KernelCatalogue catalogue;
  ASSERT_TRUE(catalogue.Add(std::make_unique<FakeTask>(Good("image.statistics"))).ok());
  const absl::Status status = catalogue.Get("image.statistic").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean 'image.statistics'?"));
}

}  // namespace
}  // namespace cubeloom
