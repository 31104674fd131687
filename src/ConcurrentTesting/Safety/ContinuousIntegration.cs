namespace ConcurrentTesting.Safety;

/// <summary>Tells a CI host by the variables that they set.</summary>
internal static class ContinuousIntegration
{
    public static bool IsHost(Func<string, string?> variable) =>
        variable("CI") is not (null or "" or "0" or "false" or "False" or "FALSE")
        || !string.IsNullOrEmpty(variable("TF_BUILD"))
        || !string.IsNullOrEmpty(variable("TEAMCITY_VERSION"))
        || !string.IsNullOrEmpty(variable("JENKINS_URL"));
}
