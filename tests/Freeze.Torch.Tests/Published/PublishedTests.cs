extern alias Plain;
extern alias Published;

using System.Reflection;
using Xunit;

namespace Freeze.Torch.Tests.Published;

/// <summary>
/// Our binding against what TorchSharp publishes: it has nothing that TorchSharp lacks, save the extras in
/// the namespace Freeze.Torch, so that the runtime can be built on either.
/// </summary>
public sealed class PublishedTests
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly Binding = typeof(TorchSharp.torch).Assembly;

    private static readonly Assembly Reference = typeof(Published::TorchSharp.torch).Assembly;

    [Fact]
    public void TheReferenceDeclarationsAreThoseOfTheDocument()
    {
        var text = Declarations.Text();
        if (Environment.GetEnvironmentVariable("UPDATE_CASES") == "1")
        {
            File.WriteAllText(Declarations.Path, text);
        }

        Assert.Equal(File.ReadAllText(Declarations.Path), text);
    }

    [Fact]
    public void EveryMemberBelongsToATypeThatIsListed()
    {
        var types = PublishedTable.Types.Select(row => row.Type).ToHashSet();
        Assert.True(PublishedTable.Members.Count > 100);
        Assert.DoesNotContain(PublishedTable.Members, row => !types.Contains(row.Type));
    }

    [Fact]
    public void TheBindingHasNothingThatTorchSharpLacks()
    {
        var lacking = Binding.GetExportedTypes()
            .Where(type => type.Namespace != "Freeze.Torch")
            .SelectMany(Lacking);
        Assert.Empty(lacking);
    }

    [Fact]
    public void EachExtraOfTheBindingHasAFallback()
    {
        var plain = typeof(Plain::Freeze.Torch.Fused).Assembly;
        Assert.Equal(Extras(Binding), Extras(plain));
    }

    // By name, parameters with their names, and result. What a norm is stands in one file that both are compiled with.
    private static IEnumerable<string> Extras(Assembly assembly) =>
        assembly.GetExportedTypes().Where(type => type.Namespace == "Freeze.Torch" && type != typeof(Norm))
            .SelectMany(type => type.GetMembers(Own).Select(member => $"{type.Name}.{member}"))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lacking(Type type)
    {
        var published = Reference.GetType(type.FullName!);
        return published is null
            ? [type.FullName!]
            : type.GetMembers(Own).Where(member => !Inherited(member) && !Has(published, member)).Select(member => $"{type.FullName}: {member}");
    }

    // An override of what every object has; or made by the compiler.
    private static bool Inherited(MemberInfo member) =>
        member is MethodInfo method && (method.GetBaseDefinition().DeclaringType == typeof(object) || method.IsSpecialName && !IsOperator(method))
        || member is Type
        // What an enum is made of.
        || member is FieldInfo { Name: "value__" }
        || member is ConstructorInfo && member.DeclaringType!.IsValueType;

    private static bool IsOperator(MethodInfo method) => method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static bool Has(Type published, MemberInfo ours) => published.GetMember(ours.Name, Own).Any(theirs => (ours, theirs) switch
    {
        (FieldInfo our, FieldInfo their) => Same(our.FieldType, their.FieldType) && our.IsStatic == their.IsStatic,
        (PropertyInfo our, PropertyInfo their) => Same(our.PropertyType, their.PropertyType)
            && (!our.CanWrite || their.CanWrite) && our.GetMethod!.IsStatic == their.GetMethod!.IsStatic,
        (MethodInfo our, MethodInfo their) => our.IsStatic == their.IsStatic
            // A result that nobody reads may be none.
            && (our.ReturnType == typeof(void) || Same(our.ReturnType, their.ReturnType))
            && Fit(our.GetParameters(), their.GetParameters()),
        (ConstructorInfo our, ConstructorInfo their) => Fit(our.GetParameters(), their.GetParameters()),
        _ => false,
    });

    // Ours are theirs in the same order, by name and type; those that ours lack may be left out.
    private static bool Fit(ParameterInfo[] ours, ParameterInfo[] theirs)
    {
        var next = 0;
        foreach (var their in theirs)
        {
            if (next < ours.Length && ours[next].Name == their.Name && Same(ours[next].ParameterType, their.ParameterType))
            {
                if (ours[next].IsOptional && (!their.IsOptional || !Equals(ours[next].RawDefaultValue?.ToString(), their.RawDefaultValue?.ToString())))
                {
                    return false;
                }

                next++;
            }
            else if (!their.IsOptional)
            {
                return false;
            }
        }

        return next == ours.Length;
    }

    private static bool Same(Type ours, Type theirs) => ours.ToString() == theirs.ToString();
}
