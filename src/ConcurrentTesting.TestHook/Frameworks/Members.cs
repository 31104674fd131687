using System.Reflection;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>Delegates to members of types that are not known here: reflection once, a call ever after.</summary>
internal static class Members
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>A static property's value; null where there is no such property.</summary>
    public static Func<object?>? StaticGetter(Type? type, string property) =>
        type?.GetProperty(property, Any)?.GetMethod is { IsStatic: true } getter && !getter.ReturnType.IsValueType
            ? getter.CreateDelegate<Func<object?>>()
            : null;

    /// <summary>An instance property's value; null where there is no such property.</summary>
    public static Func<object, object?>? Getter(Type? type, string property)
    {
        if (type?.GetProperty(property, Any)?.GetMethod is not { IsStatic: false } getter)
            return null;
        if (getter.ReturnType.IsValueType)
            return target => getter.Invoke(target, null);
        return (Func<object, object?>)typeof(Members).GetMethod(nameof(Typed), Any)!
            .MakeGenericMethod(getter.DeclaringType!, getter.ReturnType)
            .Invoke(null, [getter])!;
    }

    /// <summary>The <see cref="AsyncLocal{T}"/> of a type's own that it keeps in a static field, whatever that is called; null where there
    /// is none.</summary>
    public static object? AsyncLocalOf(Type type)
    {
        var local = typeof(AsyncLocal<>).MakeGenericType(type);
        return Array.Find(type.GetFields(Any), field => field.IsStatic && field.FieldType == local)?.GetValue(null);
    }

    /// <summary>Has an <see cref="AsyncLocal{T}"/> that was made without it tell of its changes, where that can be done. Before its first
    /// value is set.</summary>
    /// <param name="changed">Told of the new value, and whether it changed because another flow's context became the thread's.</param>
    public static void Watch(object asyncLocal, Action<object?, bool> changed)
    {
        var type = asyncLocal.GetType();
        if (!type.IsGenericType || type.GetGenericArguments() is not [{ IsValueType: false } value]
            || type.GetField("_valueChangedHandler", Any) is not { } handler || handler.GetValue(asyncLocal) is not null)
            return;

        handler.SetValue(
            asyncLocal, typeof(Members).GetMethod(nameof(ChangeHandler), Any)!.MakeGenericMethod(value).Invoke(null, [changed]));
    }

    private static Action<AsyncLocalValueChangedArgs<T>> ChangeHandler<T>(Action<object?, bool> changed)
        where T : class => change => changed(change.CurrentValue, change.ThreadContextChanged);

    private static Func<object, object?> Typed<TTarget, TValue>(MethodInfo getter)
        where TTarget : class
        where TValue : class
    {
        var typed = getter.CreateDelegate<Func<TTarget, TValue?>>();
        return target => typed((TTarget)target);
    }
}
