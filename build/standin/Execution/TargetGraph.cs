namespace Nuke.Common.Execution;

/// <summary>All targets of a build, and the order in which those asked for run.</summary>
internal static class TargetGraph
{
    public static IReadOnlyList<ExecutableTarget> Create(NukeBuild build, IReadOnlyCollection<Target> defaults)
    {
        var all = MemberDiscovery.Targets(build.GetType()).Select(property =>
        {
            var definition = new TargetDefinition(build, MemberDiscovery.ShortName(property));
            var factory = (Target)property.GetValue(build)!;
            factory(definition);
            return (Definition: definition, Target: new ExecutableTarget
            {
                Member = property,
                Name = MemberDiscovery.ShortName(property),
                Description = definition.Text,
                Listed = definition.IsListed,
                Factory = factory,
                AssuredAfterFailure = definition.IsAssuredAfterFailure,
                ProceedAfterFailure = definition.IsProceedAfterFailure,
                Actions = definition.Actions,
                ArtifactProducts = definition.Artifacts,
                Conditions = definition.Conditions,
                IsDefault = defaults.Contains(factory),
            });
        }).ToList();

        var targets = all.ConvertAll(entry => entry.Target);
        foreach (var (definition, target) in all)
        {
            target.ExecutionDependencies.AddRange(definition.Dependencies.Select(factory => targets.Single(other => factory.Equals(other.Factory))));
            target.OrderDependencies.AddRange(definition.Predecessors.Select(factory => targets.Single(other => factory.Equals(other.Factory))));
            target.OrderDependencies.AddRange(
                all.Where(other => other.Definition.Successors.Any(factory => factory.Equals(target.Factory))).Select(other => other.Target));
        }

        return targets;
    }

    public static IReadOnlyList<ExecutableTarget> Plan(IReadOnlyList<ExecutableTarget> targets, IReadOnlyList<string> names)
    {
        var invoked = names is null
            ? targets.Where(target => target.IsDefault).ToList()
            : [.. names.Select(name => Find(targets, name))];
        invoked.ForEach(target => target.Invoked = true);

        var needed = new HashSet<ExecutableTarget>();
        invoked.ForEach(target => AddWithDependencies(target, needed));

        var plan = new List<ExecutableTarget>();
        foreach (var target in targets.Where(needed.Contains))
            Append(target, needed, plan, []);

        plan.ForEach(target => target.Status = ExecutionStatus.Scheduled);
        return plan;
    }

    private static void AddWithDependencies(ExecutableTarget target, HashSet<ExecutableTarget> needed)
    {
        if (needed.Add(target))
            target.ExecutionDependencies.ForEach(dependency => AddWithDependencies(dependency, needed));
    }

    private static void Append(ExecutableTarget target, HashSet<ExecutableTarget> needed, List<ExecutableTarget> plan, List<ExecutableTarget> path)
    {
        Assert.True(!path.Contains(target), $"Circular dependencies between targets: {string.Join(", ", path.Select(other => other.Name))}");
        if (plan.Contains(target))
            return;

        foreach (var before in target.ExecutionDependencies.Concat(target.OrderDependencies).Where(needed.Contains))
            Append(before, needed, plan, [.. path, target]);
        plan.Add(target);
    }

    private static ExecutableTarget Find(IReadOnlyList<ExecutableTarget> targets, string name)
    {
        var plain = name.Replace("-", string.Empty, StringComparison.Ordinal);
        var found = targets.SingleOrDefault(target => string.Equals(target.Name, plain, StringComparison.OrdinalIgnoreCase));
        Assert.True(
            found is not null,
            $"Target with name '{name}' does not exist. Available targets are:{Environment.NewLine}"
            + string.Join(Environment.NewLine, targets.Select(target => $"  - {target.Name}").Order(StringComparer.Ordinal)));
        return found;
    }
}
