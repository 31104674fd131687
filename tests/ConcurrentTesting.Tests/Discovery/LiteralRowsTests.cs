using System.Reflection;
using System.Reflection.Emit;
using System.Text;
using ConcurrentTesting.Discovery;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Discovery;

/// <summary>Only what is known to be written in the assembly is taken for a literal.</summary>
public sealed class LiteralRowsTests : IDisposable
{
    private static readonly byte[] NoArguments = [1, 0, 0, 0];

    private readonly string _folder = Directory.CreateTempSubdirectory("literal-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("nunit.framework", "NUnit.Framework.TestAttribute", null)]
    [InlineData("nunit.framework", "NUnit.Framework.TestCaseAttribute", null)]
    [InlineData("nunit.framework", "NUnit.Framework.TestCaseSourceAttribute", "Shop.Tests has [NUnit.Framework.TestCaseSourceAttribute]")]
    [InlineData("nunit.framework", "NUnit.Framework.RandomAttribute", "Shop.Tests has [NUnit.Framework.RandomAttribute]")]
    [InlineData("nunit.framework", "NUnit.Framework.PlatformAttribute", "Shop.Tests has [NUnit.Framework.PlatformAttribute]")]
    [InlineData("xunit.core", "Xunit.InlineDataAttribute", null)]
    [InlineData("xunit.core", "Xunit.MemberDataAttribute", "Shop.Tests has [Xunit.MemberDataAttribute]")]
    [InlineData("xunit.core", "Xunit.ClassDataAttribute", "Shop.Tests has [Xunit.ClassDataAttribute]")]
    [InlineData("xunit.core", "Xunit.TestFrameworkAttribute", "Shop.Tests has [Xunit.TestFrameworkAttribute]")]
    [InlineData("xunit.v3.core", "Xunit.FactAttribute", null)]
    [InlineData("xunit.v3.core", "NUnit.Framework.TestAttribute", "Shop.Tests has [NUnit.Framework.TestAttribute]")]
    [InlineData("MSTest.TestFramework", "Microsoft.VisualStudio.TestTools.UnitTesting.DataRowAttribute", null)]
    [InlineData("MSTest.TestFramework", "Microsoft.VisualStudio.TestTools.UnitTesting.DynamicDataAttribute", "Shop.Tests has [Microsoft.VisualStudio.TestTools.UnitTesting.DynamicDataAttribute]")]
    public void Only_attributes_whose_rows_are_written_in_them_are_literals(string framework, string attribute, string? reason)
    {
        var tests = TestsWith(Attribute(framework, attribute));

        LiteralRows.Of(tests).Reason.ShouldBe(reason);
    }

    [Fact]
    public void An_attribute_of_ones_own_is_harmless_where_no_framework_can_find_it()
    {
        var own = Made("Shop.Marks", module => Attribute(module, "Shop.SlowAttribute", typeof(Attribute)));

        LiteralRows.Of(TestsWith(own, Attribute("nunit.framework", "NUnit.Framework.TestAttribute"))).Reason.ShouldBeNull();
    }

    [Fact]
    public void An_attribute_that_derives_from_a_frameworks_is_none()
    {
        var fact = Attribute("xunit.core", "Xunit.FactAttribute");
        var basis = Made("Shop.Marks", module => Attribute(module, "Shop.AtNightAttribute", fact));
        var own = Made("Shop.More", module => Attribute(module, "Shop.AtMidnightAttribute", basis));

        LiteralRows.Of(TestsWith(own)).Reason.ShouldBe("Shop.Tests has [Shop.AtMidnightAttribute], which derives from Xunit.FactAttribute");
    }

    [Fact]
    public void An_attribute_that_a_framework_finds_by_an_interface_is_none()
    {
        var found = Made("nunit.framework", module => module.DefineType("NUnit.Framework.Interfaces.ITestBuilder", TypeAttributes.Public | TypeAttributes.Interface | TypeAttributes.Abstract).CreateType());
        var own = Made("Shop.Marks", module => Attribute(module, "Shop.RowsAttribute", typeof(Attribute), found));

        LiteralRows.Of(TestsWith(own)).Reason.ShouldBe("Shop.Tests has [Shop.RowsAttribute], which is a NUnit.Framework.Interfaces.ITestBuilder");
    }

    [Fact]
    public void An_attribute_that_is_not_there_is_none()
    {
        var own = Made("Shop.Marks", module => Attribute(module, "Shop.SlowAttribute", typeof(Attribute)));
        var tests = TestsWith(own);
        File.Delete(Path.Combine(_folder, "Shop.Marks.dll"));

        LiteralRows.Of(tests).Reason.ShouldBe("Shop.Tests has [Shop.SlowAttribute], of which Shop.SlowAttribute of Shop.Marks cannot be found");
    }

    [Fact]
    public void Tests_that_are_inherited_from_another_assembly_are_looked_at_there()
    {
        var source = Attribute("nunit.framework", "NUnit.Framework.TestCaseSourceAttribute");
        var basis = Made("Shop.Testing", module => Marked(module, "Shop.Contract", typeof(object), [source], NoArguments));
        var tests = Made("Shop.Tests", module => Marked(module, "Shop.ShopTests", basis, [], NoArguments)).Assembly;

        LiteralRows.Of(PathOf(tests)).Reason.ShouldBe("Shop.Testing has [NUnit.Framework.TestCaseSourceAttribute]");
    }

    [Fact]
    public void A_test_that_is_ignored_until_a_day_is_none()
    {
        byte[] until = [1, 0, 1, 0, 0x54, 0x0E, 5, .. Encoding.UTF8.GetBytes("Until"), 10, .. Encoding.UTF8.GetBytes("2030-01-01")];
        var tests = Made("Shop.Tests", module => Marked(module, "Shop.ShopTests", typeof(object), [Attribute("nunit.framework", "NUnit.Framework.IgnoreAttribute")], until)).Assembly;

        LiteralRows.Of(PathOf(tests)).Reason.ShouldBe("Shop.Tests has [NUnit.Framework.IgnoreAttribute] with a date");
    }

    [Fact]
    public void An_engine_with_extensions_may_find_anything()
    {
        var tests = TestsWith(Attribute("nunit.framework", "NUnit.Framework.TestAttribute"));
        File.WriteAllText(Path.Combine(_folder, "more.addins"), "extension.dll");

        LiteralRows.Of(tests).Reason.ShouldBe("more.addins may extend its framework");
    }

    [Fact]
    public void A_file_that_is_no_assembly_has_none()
    {
        var file = Path.Combine(_folder, "Shop.Tests.dll");
        File.WriteAllText(file, "no assembly");

        LiteralRows.Of(file).Reason.ShouldNotBeNull();
    }

    private string TestsWith(params Type[] attributes) =>
        PathOf(Made("Shop.Tests", module => Marked(module, "Shop.ShopTests", typeof(object), attributes, NoArguments)).Assembly);

    private string PathOf(Assembly assembly) => Path.Combine(_folder, assembly.GetName().Name + ".dll");

    private Type Attribute(string assembly, string name) => Made(assembly, module => Attribute(module, name, typeof(Attribute)));

    // An assembly with one type, beside the others.
    private Type Made(string name, Func<ModuleBuilder, Type> define)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(name), typeof(object).Assembly);
        var type = define(assembly.DefineDynamicModule(name));
        assembly.Save(Path.Combine(_folder, name + ".dll"));
        return type;
    }

    private static Type Attribute(ModuleBuilder module, string name, Type basis, params Type[] interfaces)
    {
        var type = module.DefineType(name, TypeAttributes.Public, basis, interfaces);
        type.DefineDefaultConstructor(MethodAttributes.Public);
        return type.CreateType();
    }

    private static Type Marked(ModuleBuilder module, string name, Type basis, Type[] attributes, byte[] arguments)
    {
        var type = module.DefineType(name, TypeAttributes.Public, basis);
        var test = type.DefineMethod("Test", MethodAttributes.Public, typeof(void), []);
        test.GetILGenerator().Emit(OpCodes.Ret);
        foreach (var attribute in attributes)
            test.SetCustomAttribute(attribute.GetConstructor([])!, arguments);
        return type.CreateType();
    }
}
