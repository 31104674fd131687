using System.Linq.Expressions;
using System.Reflection;

namespace Nuke.Common.Execution;

/// <summary>Collects what a target says of itself.</summary>
internal sealed class TargetDefinition(INukeBuild build, string name) : ITargetDefinition
{
    public string Text { get; private set; }
    public bool IsListed { get; private set; } = true;
    public bool IsAssuredAfterFailure { get; private set; }
    public bool IsProceedAfterFailure { get; private set; }
    public List<Action> Actions { get; } = [];
    public List<Target> Dependencies { get; } = [];
    public List<Target> Successors { get; } = [];
    public List<Target> Predecessors { get; } = [];
    public List<string> Artifacts { get; } = [];
    public List<(string Text, Func<bool> IsMet)> Conditions { get; } = [];

    public ITargetDefinition Description(string description) => With(() => Text = description);

    public ITargetDefinition Executes(params Action[] actions) => With(() => Actions.AddRange(actions));

    public ITargetDefinition Executes<T>(Func<T> action) => With(() => Actions.Add(() => action()));

    public ITargetDefinition Executes(Func<Task> action) => With(() => Actions.Add(() => action().GetAwaiter().GetResult()));

    public ITargetDefinition DependsOn(params Target[] targets) => With(() => Dependencies.AddRange(targets));

    public ITargetDefinition DependsOn<T>(params Func<T, Target>[] targets) =>
        targets.Length > 0
            ? DependsOn([.. targets.Select(target => target((T)build))])
            : DependsOn((Target)TheTargetOf<T>("shorthand dependency").GetValue(build));

    public ITargetDefinition Before(params Target[] targets) => With(() => Successors.AddRange(targets));

    public ITargetDefinition After(params Target[] targets) => With(() => Predecessors.AddRange(targets));

    public ITargetDefinition OnlyWhenDynamic(Func<bool> condition, string conditionExpression = null) =>
        With(() => Conditions.Add((conditionExpression, condition)));

    public ITargetDefinition AssuredAfterFailure() => With(() => IsAssuredAfterFailure = true);

    public ITargetDefinition ProceedAfterFailure() => With(() => IsProceedAfterFailure = true);

    public ITargetDefinition Unlisted() => With(() => IsListed = false);

    public ITargetDefinition Inherit(params Target[] targets) => With(() => Array.ForEach(targets, target => target(this)));

    public ITargetDefinition Inherit<T>(params Expression<Func<T, Target>>[] targets)
    {
        var properties = targets.Length > 0
            ? targets.Select(target => (PropertyInfo)((MemberExpression)target.Body).Member)
            : [TheTargetOf<T>("shorthand inheritance")];
        return Inherit([.. properties.Select(InterfaceDefault)]);
    }

    public ITargetDefinition Produces(params string[] artifacts) => With(() => Artifacts.AddRange(artifacts));

    private TargetDefinition With(Action change)
    {
        change();
        return this;
    }

    // The interface's own implementation, also where the build class overrides it: a call that is not virtual.
    private Target InterfaceDefault(PropertyInfo property)
    {
        var pointer = property.GetMethod!.MethodHandle.GetFunctionPointer();
        return ((Func<Target>)Activator.CreateInstance(typeof(Func<Target>), build, pointer)!)();
    }

    private PropertyInfo TheTargetOf<T>(string kind)
    {
        var targets = typeof(T).GetProperties(MemberDiscovery.Instance).Where(property => property.PropertyType == typeof(Target)).ToList();
        Assert.True(
            targets.Count == 1,
            $"Target '{name}' cannot have {kind} on component '{typeof(T).Name}'. "
            + (targets.Count == 0 ? "No relevant targets." : $"Too many relevant targets: {string.Join(", ", targets.Select(target => target.Name))}"));
        return targets[0];
    }
}
