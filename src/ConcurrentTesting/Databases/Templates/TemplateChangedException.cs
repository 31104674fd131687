namespace ConcurrentTesting.Databases.Templates;

/// <summary>What a template is made of is no longer what its fingerprint was made of: it must not be found by that.</summary>
internal sealed class TemplateChangedException() : Exception("what the template is made of changed while it was built");
