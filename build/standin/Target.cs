namespace Nuke.Common;

/// <summary>Defines a target: what it depends on, what it does.</summary>
public delegate ITargetDefinition Target(ITargetDefinition definition);
