using System.Collections.Immutable;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace ConcurrentTesting.VsTest;

/// <summary>What one discovery on a session found.</summary>
/// <param name="IsAborted">The console or its test host died, or was stopped, before it was done.</param>
internal sealed record SessionDiscovery(ImmutableArray<TestCase> Cases, ImmutableArray<SessionMessage> Messages, bool IsAborted);

/// <summary>What VSTest or an adapter had to say.</summary>
internal sealed record SessionMessage(TestMessageLevel Level, string Text);
