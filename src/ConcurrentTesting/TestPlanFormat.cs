namespace ConcurrentTesting;

/// <summary>For whom a plan's matrix is printed.</summary>
public enum TestPlanFormat
{
    /// <summary>The matrix is printed for the CI host that it runs on, and as plain JSON elsewhere.</summary>
    Auto,

    /// <summary>GitHub Actions: <c>matrix</c> and <c>count</c> among the step's outputs too.</summary>
    GitHub,

    /// <summary>A child pipeline for GitLab, in a file beside the plan too.</summary>
    GitLab,

    /// <summary><c>{"part":[1,2,3]}</c></summary>
    Json,
}
