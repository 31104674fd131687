using ConcurrentTesting.Settings;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Settings;

public sealed class ParameterValueTests : IDisposable
{
    private readonly SettingsFixture _settings = new();

    public void Dispose() => _settings.Dispose();

    [Fact]
    public void What_parts_were_made_of_need_not_be_where_they_are_merged()
    {
        string[] absent = ["--test-template", "no.sql", "--test-settings", "no.runsettings", "--test-quarantine", "no.txt"];

        _settings.Parse(["--test-merge", "parts", .. absent]).MergeFolders.ShouldHaveSingleItem();

        _settings.Errors(absent).Length.ShouldBe(3);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("257")]
    [InlineData("10000")]
    [InlineData("abc")]
    [InlineData("1.5")]
    [InlineData("99999999999999999999")]
    public void Workers_outside_1_to_256_are_refused(string value) =>
        _settings.Errors("--workers", value).ShouldBe([$"--workers {value}: it takes a whole number from 1 to 256"]);

    [Theory]
    [InlineData("1", 1)]
    [InlineData("256", 256)]
    public void Workers_from_1_to_256_are_taken(string value, int expected) => _settings.Parse("--workers", value).Workers.ShouldBe(expected);

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("5m", 300)]
    [InlineData("1h", 3600)]
    [InlineData("2", 2)]
    [InlineData("1.5", 1.5)]
    [InlineData("1.5M", 90)]
    [InlineData("168h", 604800)]
    public void Durations_have_units_and_a_bare_number_is_seconds(string value, double seconds) =>
        _settings.Parse("--test-timeout", value).TestTimeout.ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("5d")]
    [InlineData("1,5")]
    [InlineData("00:05:00")]
    [InlineData("s")]
    [InlineData("169h")]
    [InlineData("1e999")]
    public void Other_durations_are_refused(string value) => _settings.Errors("--test-timeout", value).ShouldHaveSingleItem()
        .ShouldBe($"--test-timeout {value}: it takes a duration above zero and up to 168h, like 500ms, 30s, 5m or 1h; a bare number is seconds");

    [Fact]
    public void A_limit_can_be_off_and_a_delay_can_be_zero()
    {
        _settings.FromCSharp = _settings.FromCSharp with { WorkerTimeout = TimeSpan.FromMinutes(1) };

        _settings.Parse("--test-worker-timeout", "off").WorkerTimeout.ShouldBeNull();
        _settings.Parse("--test-worker-timeout", "2m").WorkerTimeout.ShouldBe(TimeSpan.FromMinutes(2));
        _settings.Parse("--test-retry-delay", "0").RetryDelay.ShouldBe(TimeSpan.Zero);
        _settings.Errors("--test-worker-timeout", "0").ShouldHaveSingleItem().ShouldContain("it takes off, or a duration");
    }

    [Theory]
    [InlineData("failed-first", TestOrder.FailedFirst)]
    [InlineData("Longest-First", TestOrder.LongestFirst)]
    [InlineData("random", TestOrder.Random)]
    public void Orders_are_known_by_name(string value, TestOrder expected) => _settings.Parse("--test-order", value).Order.ShouldBe(expected);

    [Theory]
    [InlineData("--test-order", "shortest-first", "failed-first, longest-first or random")]
    [InlineData("--test-order", "1", "failed-first, longest-first or random")]
    [InlineData("--test-budget", "0", "off, or a duration up to 168h, like 500ms, 30s, 5m or 1h; a bare number is seconds")]
    [InlineData("--test-new-runs", "0", "a whole number from 1 to 100")]
    [InlineData("--test-new-runs", "101", "a whole number from 1 to 100")]
    [InlineData("--test-stress", "0", "off, a number of times from 1 to 10000, or a duration up to 168h with its unit, like 30s, 10m or 1h")]
    [InlineData("--test-stress", "5d", "off, a number of times from 1 to 10000, or a duration up to 168h with its unit, like 30s, 10m or 1h")]
    public void What_selects_by_timing_has_to_be_what_is_allowed(string parameter, string value, string allowed) =>
        _settings.Errors(parameter, value).ShouldBe([$"{parameter} {value}: it takes {allowed}"]);

    [Theory]
    [InlineData("postgresql", DatabaseEngine.PostgreSql)]
    [InlineData("SQLite", DatabaseEngine.Sqlite)]
    [InlineData("mysql", DatabaseEngine.MySql)]
    [InlineData("none", DatabaseEngine.None)]
    public void Engines_are_known_by_name(string value, DatabaseEngine expected) => _settings.Parse("--test-database", value).Database.ShouldBe(expected);

    [Theory]
    [InlineData("oracle")]
    [InlineData("1")]
    public void An_unknown_engine_is_refused(string value) =>
        _settings.Errors("--test-database", value).ShouldBe([$"--test-database {value}: it takes none, sqlite, postgresql or mysql"]);

    [Theory]
    [InlineData(new[] { "--test-list" }, true)]
    [InlineData(new[] { "--test-list", "true" }, true)]
    [InlineData(new[] { "--test-list", "1" }, true)]
    [InlineData(new[] { "--test-list", "False" }, false)]
    [InlineData(new string[0], false)]
    public void A_bare_flag_is_true(string[] arguments, bool expected) => _settings.Parse(arguments).List.ShouldBe(expected);

    [Fact]
    public void A_flag_is_true_or_false() =>
        _settings.Errors("--test-measure", "maybe").ShouldBe(["--test-measure maybe: it takes true or false"]);

    [Fact]
    public void A_missing_value_and_too_many_values_are_refused()
    {
        _settings.Errors("--workers").ShouldBe(["--workers: a value is missing; it takes a whole number from 1 to 256"]);
        _settings.Errors("--workers", "8", "Publish").ShouldHaveSingleItem().ShouldStartWith("--workers 8 Publish: these are 2 values");
        _settings.Errors("--test-filter", "").ShouldHaveSingleItem().ShouldStartWith("--test-filter : a value is missing");
    }

    [Theory]
    [InlineData("Category!=Slow&(FullyQualifiedName~Orders|Priority=1)")]
    [InlineData("Orders")]
    [InlineData("""Name=a\(1\)""")]
    [InlineData("Name!~Orders")]
    public void A_filter_is_in_VSTests_syntax(string filter) => _settings.Parse("--test-filter", filter).Filter.ShouldBe(filter);

    [Theory]
    [InlineData("(Name=a", "Missing ')'")]
    [InlineData("Name=a)", "Missing '('")]
    [InlineData("Name=a&", "Missing operand")]
    [InlineData("Name=a&&Name=b", "Missing operand")]
    [InlineData("Name==a", "Invalid Condition 'Name==a'")]
    [InlineData("Name!a", "Invalid operator '!'")]
    [InlineData("""Name=\x""", "unrecognized escape sequence")]
    public void A_filter_that_does_not_parse_is_refused_with_VSTests_reason(string filter, string reason)
    {
        var error = _settings.Errors("--test-filter", filter).ShouldHaveSingleItem();
        error.ShouldStartWith($"--test-filter {filter}: ");
        error.ShouldContain(reason);
        error.ShouldNotContain("TestCaseFilter");
    }

    [Fact]
    public void A_template_is_files_folders_a_command_or_a_database()
    {
        _settings.Write("caller/schema/1.sql", "");
        _settings.Write("caller/seed.sql", "");
        _settings.Write("caller/none/1.sql", "");

        _settings.Parse("--test-template", "schema", "seed.sql").Template
            .ShouldBe([Path.Combine(_settings.Caller, "schema"), Path.Combine(_settings.Caller, "seed.sql")]);
        _settings.Parse("--test-template", "cmd:dotnet ef database update").Template.ShouldBe(["cmd:dotnet ef database update"]);
        _settings.Parse("--test-template", "db:golden").Template.ShouldBe(["db:golden"]);
        _settings.Parse("--test-template", "./none").Template.ShouldBe([Path.Combine(_settings.Caller, "none")]);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    public void No_template_overrides_what_the_build_class_says(string none)
    {
        _settings.FromCSharp = _settings.FromCSharp with { Template = ["db/schema"], TemplateHook = new("1", (_, _) => Task.CompletedTask) };

        var settings = _settings.Parse("--test-template", none);

        settings.Template.ShouldBeEmpty();
        settings.TemplateHook.ShouldBeNull();
    }

    [Fact]
    public void A_template_that_does_not_exist_is_named_with_its_full_path()
    {
        _settings.Errors("--test-template", "no.sql").ShouldHaveSingleItem()
            .ShouldStartWith($"--test-template no.sql: no such file or folder: {Path.Combine(_settings.Caller, "no.sql")}; it takes SQL files");
        _settings.Errors("--test-template", "cmd:").ShouldHaveSingleItem().ShouldStartWith("--test-template cmd:: nothing after cmd:");
    }

    [Fact]
    public void Runsettings_have_to_exist_and_to_be_XML()
    {
        _settings.Write("caller/bad.runsettings", "<RunSettings>");
        _settings.Write("caller/good.runsettings", "<RunSettings/>");

        _settings.Errors("--test-settings", "no.runsettings").ShouldHaveSingleItem().ShouldContain($"no such file: {Path.Combine(_settings.Caller, "no.runsettings")}");
        _settings.Errors("--test-settings", "bad.runsettings").ShouldHaveSingleItem().ShouldContain("bad.runsettings cannot be read: ");
        _settings.Parse("--test-settings", "good.runsettings").RunSettingsFile.ShouldBe(Path.Combine(_settings.Caller, "good.runsettings"));
    }

    [Fact]
    public void Environment_patterns_replace_the_default_one() =>
        _settings.Parse("--test-environment", "DB={ConnectionString};Pooling=false", "--test-environment", "DB_HOST={Host}:{Port}").Environment
            .ShouldBe([new EnvironmentPattern("DB", "{ConnectionString};Pooling=false"), new EnvironmentPattern("DB_HOST", "{Host}:{Port}")]);

    [Theory]
    [InlineData("DB={Conectionstring}", "DB has the unknown placeholder {Conectionstring}; did you mean {ConnectionString}?")]
    [InlineData("DB={Pasword}", "did you mean {Password}?")]
    [InlineData("DB={User}", "DB has the unknown placeholder {User}")]
    [InlineData("DB={Connection:audit}", "DB has the unknown placeholder {Connection}")]
    [InlineData("{Database}", "{Database} has no name before the =")]
    [InlineData("=x", "=x has no name before the =")]
    [InlineData("A B={Host}", "A B is not a variable's name")]
    [InlineData("ConnectionStrings:Default={Host}", "ConnectionStrings:Default is not a variable's name; .NET's configuration reads ConnectionStrings__Default as it")]
    [InlineData("SHOP_PREFIX= ", "the value of SHOP_PREFIX cannot be passed on")]
    [InlineData("SHOP_PREFIX=a\r", "the value of SHOP_PREFIX cannot be passed on")]
    [InlineData("SHOP_PREFIX=a\u0001", "the value of SHOP_PREFIX cannot be passed on")]
    public void A_bad_environment_pattern_is_refused(string pattern, string reason) =>
        _settings.Errors("--test-environment", pattern).ShouldHaveSingleItem().ShouldContain(reason);

    [Fact]
    public void A_placeholder_may_be_written_in_any_case() =>
        _settings.Parse("--test-environment", "DB={connectionstring}").Environment
            .ShouldBe([new EnvironmentPattern("DB", "{connectionstring}")]);

    [Fact]
    public void A_variable_given_twice_is_refused() =>
        _settings.Errors("--test-environment", "A=1", "A=2").ShouldHaveSingleItem().ShouldContain("A is given twice");

    [Theory]
    [InlineData("""{"db": "{Database}"}""")]
    [InlineData("Driver={MariaDB};Server={Host}")]
    [InlineData("Driver={PSQL};Server={Host};Pwd={{Password}}")]
    [InlineData("Driver={MySQL ODBC 8.0 Unicode Driver};Server={Host}")]
    public void Braces_around_other_text_are_just_text(string pattern) =>
        _settings.Parse("--test-environment", $"J={pattern}").Environment[0].Pattern.ShouldBe(pattern);

    [Fact]
    public void Values_set_in_CSharp_are_checked_as_well()
    {
        _settings.FromCSharp = _settings.FromCSharp with { Workers = 0, TestTimeout = TimeSpan.Zero, Filter = "(a", ConnectionString = "geheim" };

        var errors = _settings.Errors();

        errors.ShouldContain("Workers = 0: it takes a whole number from 1 to 256");
        errors.ShouldContain(error => error.StartsWith("TestTimeout = 00:00:00: it takes a duration above zero", StringComparison.Ordinal));
        errors.ShouldContain(error => error.StartsWith("Filter = (a: Missing", StringComparison.Ordinal));
        errors.Length.ShouldBe(3);
    }

    [Fact]
    public void Nothing_to_test_is_an_error_that_says_what_to_do()
    {
        _settings.FromCSharp = new ConcurrentTestSettings();

        _settings.Errors().ShouldHaveSingleItem().ShouldContain("name projects with --test-projects");
    }

    [Fact]
    public void Folders_that_cannot_be_written_to_are_found_before_the_run()
    {
        _settings.Write("caller/file", "");

        _settings.Errors("--test-results-directory", "file/results", "--test-timings", "file/timings.json", "--test-junit-file", "file/j.xml")
            .Select(error => error[..error.IndexOf(" cannot", StringComparison.Ordinal)])
            .ShouldBe(
            [
                $"--test-results-directory: {Path.Combine(_settings.Caller, "file", "results")}",
                $"--test-timings: {Path.Combine(_settings.Caller, "file")}",
                $"--test-junit-file: {Path.Combine(_settings.Caller, "file")}",
            ]);
    }

    [Fact]
    public void Folders_in_the_place_of_files_are_found_before_the_run()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_settings.Caller, "folder")).FullName;

        _settings.Errors("--test-timings", "/", "--test-junit-file", "folder").ShouldBe(
            ["--test-timings: / is a folder: name a file", $"--test-junit-file: {folder} is a folder: name a file"]);
    }

    [Fact]
    public void Projects_that_are_left_out_stay_so_and_are_looked_for_in_the_callers_folder() =>
        _settings.Parse("--test-projects", "all.csproj", "!slow.csproj").TestProjects.ShouldBe(
            [Path.Combine(_settings.Caller, "all.csproj"), "!" + Path.Combine(_settings.Caller, "slow.csproj")]);

    [Fact]
    public void Bad_settings_leave_no_folder_behind()
    {
        _settings.Errors("--workers", "0", "--test-results-directory", "results");

        Directory.Exists(Path.Combine(_settings.Caller, "results")).ShouldBeFalse();
    }

    [Fact]
    public void All_errors_are_collected() =>
        _settings.Errors("--workers", "0", "--test-reruns", "many", "--test-flavor", "--test-database", "x").Length.ShouldBe(4);

    [Fact]
    public void Every_default_passes_its_own_check() => _settings.Parse().Workers.ShouldBe(Math.Clamp(Environment.ProcessorCount, 1, 256));

    [Fact]
    public void The_documented_default_is_the_real_one()
    {
        string[] toldInWords =
        [
            "Workers", "TestProjects", "TestFramework", "TestFilter", "TestSettings", "TestConnectionString", "TestTemplate", "TestTemplateExtensions", "TestDatabaseSettings",
            "TestServerBinaries", "TestAllow", "TestAllowedHosts", "TestJUnitFile", "TestQuarantine", "TestReplay", "TestReplayWorker", "TestBisect", "TestSeed",
            "TestLive", "TestMetricsListen", "TestMetricsPush", "TestTogether", "TestCompare", "TestReportFrom", "TestShard", "TestShardCount", "TestPlan", "TestMerge", "TestQueue", "TestQueueRun",
        ];
        var defaults = new ConcurrentTestSettings { TimingsFile = Path.GetFullPath(".nuke/temp/test-timings.json"), ResultsDirectory = Path.GetFullPath("artifacts/test-results") };

        foreach (var parameter in ParameterTable.All.Where(parameter => !toldInWords.Contains(parameter.Name)))
        {
            var documented = parameter.Apply(defaults, new ParameterText(parameter.Argument, [parameter.Default], Directory.GetCurrentDirectory()));
            parameter.ShowSetting(documented).ShouldBe(parameter.ShowSetting(defaults));
        }
    }

    [Fact]
    public void Every_setting_that_a_user_chooses_has_a_parameter()
    {
        string[] setByTheBuild = ["RootDirectory", "WorkingDirectory", "TemporaryDirectory", "Host", "Nuke", "SecretVariables", "TemplateHook", "Partition", "RepeatedArguments"];
        var settings = new ConcurrentTestSettings { TestProjects = ["a"] };

        var covered = ParameterTable.All.Select(parameter => parameter.ShowSetting(settings).Split(' ')[0]);

        typeof(ConcurrentTestSettings).GetProperties().Select(property => property.Name).Except(setByTheBuild).Order()
            .ShouldBe(covered.Order());
    }
}
