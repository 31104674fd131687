using System.Security.Cryptography;
using System.Text;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class XUnit3SerializationTests
{
    private const string Built = "/shop/bin/Shop.Tests.dll";
    private const string Copied = "/shop/bin.copy/Shop.Tests.dll";

    [Fact]
    public void A_case_moves_with_its_assembly() =>
        XUnit3Serialization.Move(Case(Path(Built)), Built, Copied).ShouldBe(Case(Path(Copied)));

    [Fact]
    public void The_assemblys_id_and_configuration_move_with_it()
    {
        string[] Assembly(string path, string folder)
        {
            var configuration = $"{folder}/xunit.runner.json";
            return [Path(path), Member("cp", configuration), Member("v", "1.0.0.0"), Member("id", IdOf(path, configuration))];
        }

        XUnit3Serialization.Move(Case(Assembly(Built, "/shop/bin")), Built, Copied).ShouldBe(Case(Assembly(Copied, "/shop/bin.copy")));
    }

    [Fact]
    public void An_id_of_the_path_alone_moves_with_it() =>
        XUnit3Serialization.Move(Case(Path(Built), "cp:-1", Member("id", IdOf(Built, ""))), Built, Copied)
            .ShouldBe(Case(Path(Copied), "cp:-1", Member("id", IdOf(Copied, ""))));

    [Fact]
    public void An_id_that_is_of_something_else_stays() =>
        XUnit3Serialization.Move(Case(Path(Built), Member("id", "mine")), Built, Copied).ShouldBe(Case(Path(Copied), Member("id", "mine")));

    [Theory]
    [InlineData("")]
    [InlineData("nothing")]
    [InlineData("-3:not base64:neither")]
    [InlineData("0:L3Nob3AvYmluL1Nob3AuVGVzdHMuZGxs")]
    public void What_is_no_case_stays_as_it_is(string text) => XUnit3Serialization.Move(text, Built, Copied).ShouldBe(text);

    [Fact]
    public void A_case_of_another_assembly_stays_as_it_is() =>
        XUnit3Serialization.Move(Case(Path("/other/Other.dll")), Built, Copied).ShouldBe(Case(Path("/other/Other.dll")));

    // Arguments of a row may look like anything.
    private static string Case(params string[] assembly)
    {
        var collection = Value("XunitTestCollection", Member("dn", "All"), $"ta:{Value("XunitTestAssembly", assembly)}");
        var type = Value("XunitTestClass", $"tc:{collection}", Member("cn", "Shop.Tests.Orders"));
        var method = Value("XunitTestMethod", Member("mn", "Row"), $"tc:{type}");
        return Value("XunitTestCase", Member("dn", Built), $"tm:{method}", Member("ap", Built), "tma:[]:dDotNDpT");
    }

    private static string Path(string path) => Member("ap", path);

    private static string Member(string name, string text) => $"{name}:0:{Encoded(text)}";

    private static string Value(string type, params string[] members) => $"-3:{Encoded($"Xunit.v3.{type},xunit.v3.core")}:{Encoded(string.Join('\n', members))}";

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string IdOf(string path, string configuration) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\0{configuration}\0")));
}
