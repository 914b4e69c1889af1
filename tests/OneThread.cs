using System.Reflection;
using Xunit.v3;
using static TorchSharp.torch;

[assembly: Freeze.OneThread]

namespace Freeze;

/// <summary>
/// Each test has one thread of libtorch, unless it sets another number: tests run side by side, or beside other programs, and two
/// threads that wait for each other on one core take many times as long as one.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class OneThreadAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        // A thread's own number. Asked for first, since libtorch sets it at a thread's first use, by what any thread has set last.
        _ = get_num_threads();
        set_num_threads(1);
    }
}
