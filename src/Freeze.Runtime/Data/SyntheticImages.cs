namespace Freeze.Runtime.Data;

/// <summary>
/// Images [3, 32, 32] of ten classes, which a convolutional net learns and a linear one does not: five textures
/// (horizontal, vertical and diagonal stripes, and two stripes crossed, upright or diagonal) of any phase, scale and
/// colours, and five shapes (disc, square, triangle, ring, cross) at any place, size, turn and colours. Light falls
/// from one side, a bar hides a part of every third image, and there is noise. No class becomes another when left and
/// right are exchanged.
/// </summary>
/// <remarks>
/// An image follows from its part and its number alone. Its bits are the same everywhere: the random numbers are
/// integers, and from them to the bytes there are only +, -, *, /, comparisons and square roots of doubles, whose every
/// result IEEE 754 decides to the last bit, and which .NET neither fuses nor widens. Sines and exponentials, which
/// differ among systems, are not used: a wave is a polynomial, a direction comes from tan of half its angle.
/// </remarks>
internal static class SyntheticImages
{
    /// <summary>How many classes there are; image i is of class i modulo that, so that any first ones are even.</summary>
    public const int Classes = 10;

    private const int Side = 32;
    private const int Plane = Side * Side;
    private const int Textures = 5;

    // A set is drawn once for all: another seed would be another set, as any other change of what is drawn, and would have
    // another digest in DataSets.
    private const long Seed = 1;

    /// <summary>The first images of a part.</summary>
    /// <param name="part">"training" or "test".</param>
    /// <param name="count">How many.</param>
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
                // Centres of pixels, with 0 in the middle of the image.
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

    // How much of the second colour there is at a place, from 0 to 1.
    private static Func<double, double, double> Texture(int kind, Draws draws)
    {
        // A few degrees off the axis of the class, to either side.
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
        // The whole shape stays within the image, but for its corners.
        var room = 15 - radius;
        var (left, top) = (draws.Between(-room, room), draws.Between(-room, room));
        var (cos, sin) = Direction(draws.Between(-1, 1));
        return (x, y) =>
        {
            var (u, v) = (((x - left) * cos) + ((y - top) * sin), ((y - top) * cos) - ((x - left) * sin));
            // An edge is as wide as a pixel.
            return Math.Clamp(0.5 - Outside(kind, u, v, radius), 0, 1);
        };
    }

    // How far a place is outside of a shape about the origin; negative within.
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

    // A strip of a third colour through a part of the image, in a third of the images.
    private static Func<double, double, bool> Bar(Draws draws)
    {
        var (cos, sin) = Direction(draws.Between(-1, 1));
        var (middle, width) = (draws.Between(-14, 14), draws.Between(1, 2));
        var there = draws.Between(0, 3) > 2;
        return (x, y) => there && Math.Abs((x * cos) + (y * sin) - middle) < width;
    }

    // From -1 to 1 and back, once for each 1: a triangle with rounded tips, which no eye tells from a cosine.
    private static double Wave(double turns)
    {
        var tooth = (4 * Math.Abs(turns - Math.Floor(turns) - 0.5)) - 1;
        return tooth * (1.5 - (0.5 * tooth * tooth));
    }

    // Of tan of half the angle; from -1 to 1 are all directions of a half circle.
    private static (double Cos, double Sin) Direction(double tangent)
    {
        var square = tangent * tangent;
        return ((1 - square) / (1 + square), 2 * tangent / (1 + square));
    }

    // Three colours; the second is brighter than the first in every channel, or darker, by much or little.
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

    // The numbers of one stream, one after the other.
    private sealed class Draws(ulong key)
    {
        private long index;

        public double Between(double low, double high) => low + ((high - low) * RandomStream.Unit(key, index++));

        // About normal, with mean 0 and deviation 1: the sum of four numbers of 16 bits.
        public double Bell()
        {
            var bits = RandomStream.Bits(key, index++);
            var sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
            return (sum - 131070.0) / 37837.0;
        }
    }
}
