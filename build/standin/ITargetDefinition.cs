using System.Linq.Expressions;

namespace Nuke.Common;

public interface ITargetDefinition
{
    ITargetDefinition Description(string description);

    ITargetDefinition Executes(params Action[] actions);

    ITargetDefinition Executes<T>(Func<T> action);

    ITargetDefinition Executes(Func<Task> action);

    ITargetDefinition DependsOn(params Target[] targets);

    ITargetDefinition DependsOn<T>(params Func<T, Target>[] targets);

    ITargetDefinition Before(params Target[] targets);

    ITargetDefinition After(params Target[] targets);

    ITargetDefinition OnlyWhenDynamic(
        Func<bool> condition,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string conditionExpression = null);

    ITargetDefinition AssuredAfterFailure();

    ITargetDefinition ProceedAfterFailure();

    ITargetDefinition Unlisted();

    ITargetDefinition Inherit(params Target[] targets);

    ITargetDefinition Inherit<T>(params Expression<Func<T, Target>>[] targets);

    ITargetDefinition Produces(params string[] artifacts);
}
