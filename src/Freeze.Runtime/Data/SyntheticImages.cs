namespace Freeze.Runtime.Data;

/// <summary>
/// Images [3, 32, 32] of ten classes, which a convolutional net can learn and a linear one cannot: five textures (horizontal,
/// vertical and diagonal stripes, and crossed stripes, upright or diagonal) of any phase, scale and colours, and five shapes
/// (disc, square, triangle, ring, cross) of any place, size, rotation and colours. Light falls from one side, a bar hides a part
/// of every third image, and there is noise. Mirroring never changes the class.
/// </summary>
/// <remarks>
/// An image depends only on its part and its number. Its bits are the same everywhere: the random numbers are integers, and the
/// bytes follow from them only by +, -, *, /, comparisons and square roots of doubles, whose results IEEE 754 fixes to the last
/// bit, and which .NET neither fuses nor widens. Sines and exponentials differ among systems and are not used: a wave is a
/// polynomial, and the tangent of half its angle gives a direction.
/// </remarks>
internal static class SyntheticImages
{
    /// <summary>The number of classes; image i has class i modulo this, so any prefix of the set is balanced.</summary>
    public const int Classes = 10;

    private const int Side = 32;
    private const int Plane = Side * Side;
    private const int Textures = 5;

    // The set is fixed: another seed, or any other change of the drawing, would make another set with another digest in DataSets.
    private const long Seed = 1;

    /// <summary>The first images of a part.</summary>
    /// <param name="part">"training" or "test".</param>
    /// <param name="count">The number of images.</param>
    public static RawImages Draw(string part, int count)
    {
        var pixels = new byte[count * 3 * Plane];
        Parallel.For(0, count, i => Draw(part, i, pixels.AsSpan(i * 3 * Plane, 3 * Plane)));
        return new RawImages(pixels, [.. Enumerable.Range(0, count).Select(i => (byte)(i % Classes))]);
    }

    private static void Draw(string part, int index, Span<byte> pixels)
    {
        var draws = new Draws(RandomStream.Key(Seed, $"synthetic {part} image {index}"));
        var kind = index % Classes;
        Func<double, double, double> form = kind < Textures ? Texture(kind, draws) : Shape(kind - Textures, draws);
        var bar = Bar(draws);
        var light = (Across: draws.Between(-1, 1), Down: draws.Between(-1, 1));
        var colours = new Colours(draws);
        var noise = new Draws(RandomStream.Key(Seed, $"synthetic {part} noise {index}"));
        var grain = draws.Between(3, 10);
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                // Pixel centres, relative to the centre of the image.
                var (across, down) = (x - 15.5, y - 15.5);
                var much = form(across, down);
                var hidden = bar(across, down);
                var shade = ((light.Across * across) + (light.Down * down)) * 1.5;
                for (var channel = 0; channel < 3; channel++)
                {
                    var colour = colours.Of(channel, much, hidden) + shade + (grain * noise.Bell());
                    pixels[(channel * Plane) + (y * Side) + x] = (byte)Math.Clamp(colour + 0.5, 0, 255);
                }
            }
        }
    }

    // The fraction of the second colour at a point, from 0 to 1.
    private static Func<double, double, double> Texture(int kind, Draws draws)
    {
        // A few degrees off the class's axis, to either side.
        var (cos, sin) = Direction(draws.Between(-0.1, 0.1));
        const double diagonal = 0.7071067811865476;
        var mirrored = draws.Between(-1, 1) < 0 ? -1 : 1;
        (double Across, double Down) first = kind switch
        {
            0 => (sin, cos),
            1 => (cos, sin),
            2 => ((cos - sin) * diagonal, mirrored * (cos + sin) * diagonal),
            3 => (cos, sin),
            _ => ((cos - sin) * diagonal, (cos + sin) * diagonal),
        };
        var checks = kind >= 3;
        var pace = 1 / draws.Between(5, 10);
        var (phase, other) = (draws.Between(0, 1), draws.Between(0, 1));
        return (x, y) =>
        {
            var wave = Wave((((x * first.Across) + (y * first.Down)) * pace) + phase);
            var crossing = checks ? Wave((((y * first.Across) - (x * first.Down)) * pace) + other) : 1;
            return 0.5 + (0.5 * wave * crossing);
        };
    }

    private static Func<double, double, double> Shape(int kind, Draws draws)
    {
        var radius = draws.Between(8, 12);
        // The whole shape stays within the image, except for its corners.
        var room = 15 - radius;
        var (left, top) = (draws.Between(-room, room), draws.Between(-room, room));
        var (cos, sin) = Direction(draws.Between(-1, 1));
        return (x, y) =>
        {
            var (u, v) = (((x - left) * cos) + ((y - top) * sin), ((y - top) * cos) - ((x - left) * sin));
            // An edge is one pixel wide.
            return Math.Clamp(0.5 - Outside(kind, u, v, radius), 0, 1);
        };
    }

    // The distance of a point from a shape about the origin; negative inside.
    private static double Outside(int kind, double u, double v, double radius)
    {
        const double half = 0.5, height = 0.8660254037844386;
        var distance = Math.Sqrt((u * u) + (v * v));
        var (wide, high) = (Math.Abs(u), Math.Abs(v));
        return kind switch
        {
            0 => distance - (0.9 * radius),
            1 => Math.Max(wide, high) - (0.8 * radius),
            2 => Math.Max(-v, (height * wide) + (half * v)) - (half * 1.1 * radius),
            3 => Math.Abs(distance - (0.76 * radius)) - (0.24 * radius),
            _ => Math.Min(
                Math.Max(wide - radius, high - (0.3 * radius)), Math.Max(high - radius, wide - (0.3 * radius))),
        };
    }

    // In a third of the images, a strip of a third colour through a part of the image.
    private static Func<double, double, bool> Bar(Draws draws)
    {
        var (cos, sin) = Direction(draws.Between(-1, 1));
        var (middle, width) = (draws.Between(-14, 14), draws.Between(1, 2));
        var there = draws.Between(0, 3) > 2;
        return (x, y) => there && Math.Abs((x * cos) + (y * sin) - middle) < width;
    }

    // From -1 to 1 and back, with period 1: a triangle wave with rounded tips, close to a cosine.
    private static double Wave(double turns)
    {
        var tooth = (4 * Math.Abs(turns - Math.Floor(turns) - 0.5)) - 1;
        return tooth * (1.5 - (0.5 * tooth * tooth));
    }

    // From the tangent of half the angle; -1 to 1 covers all directions of a half circle.
    private static (double Cos, double Sin) Direction(double tangent)
    {
        var square = tangent * tangent;
        return ((1 - square) / (1 + square), 2 * tangent / (1 + square));
    }

    // Three colours; the second is brighter or darker than the first in every channel, by a random amount.
    private readonly struct Colours
    {
        private readonly double[] first = new double[3];
        private readonly double[] second = new double[3];
        private readonly double[] bar = new double[3];

        public Colours(Draws draws)
        {
            var contrast = draws.Between(70, 140);
            var brighter = draws.Between(-1, 1) > 0;
            for (var channel = 0; channel < 3; channel++)
            {
                var dark = draws.Between(25, 105);
                var bright = dark + (contrast * draws.Between(0.5, 1));
                (first[channel], second[channel]) = brighter ? (dark, bright) : (bright, dark);
                bar[channel] = draws.Between(20, 235);
            }
        }

        public double Of(int channel, double much, bool hidden) =>
            hidden ? bar[channel] : first[channel] + (much * (second[channel] - first[channel]));
    }

    // The successive numbers of one stream.
    private sealed class Draws(ulong key)
    {
        private long index;

        public double Between(double low, double high) => low + ((high - low) * RandomStream.Unit(key, index++));

        // Roughly normal, with mean 0 and deviation 1: the sum of four 16-bit numbers.
        public double Bell()
        {
            var bits = RandomStream.Bits(key, index++);
            var sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
            return (sum - 131070.0) / 37837.0;
        }
    }
}
