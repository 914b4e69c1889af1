namespace Freeze.Report.Maps;

/// <summary>
/// The cells of a plane with the centres of their points (Barnes and Hut 1986), in depth-first order: a cell is followed by the
/// cells inside it and knows where they end, so a walk is a loop. Filled anew for each layout.
/// </summary>
internal sealed class QuadTree
{
    // Enough levels that points of a deepest cell are equal in single precision.
    private const int Levels = 24;
    private const int Bucket = 4;

    private readonly int count;
    private readonly ulong[] codes;
    private readonly int[] order;
    private readonly double[] sorted;
    private Cell[] cells;
    private int used;

    public QuadTree(int count)
    {
        this.count = count;
        codes = new ulong[count];
        order = new int[count];
        sorted = new double[2 * count];
        cells = new Cell[2 * count];
    }

    /// <summary>Sorts the points of a layout, x and y in turn, into cells.</summary>
    public void Fill(double[] layout)
    {
        var (left, bottom, extent) = Bounds(layout);
        var scale = extent > 0 ? ((1 << Levels) - 1) / extent : 0;
        for (var i = 0; i < count; i++)
        {
            codes[i] = Spread((uint)((layout[2 * i] - left) * scale)) | (Spread((uint)((layout[(2 * i) + 1] - bottom) * scale)) << 1);
            order[i] = i;
        }

        // The order of one cell's points must not depend on the sorting algorithm.
        Array.Sort(codes, order);
        for (var i = 0; i < count;)
        {
            var end = i + 1;
            while (end < count && codes[end] == codes[i])
            {
                end++;
            }

            Array.Sort(order, i, end - i);
            i = end;
        }

        for (var i = 0; i < count; i++)
        {
            sorted[2 * i] = layout[2 * order[i]];
            sorted[(2 * i) + 1] = layout[(2 * order[i]) + 1];
        }

        used = 0;
        Add(0, count, Levels, extent * extent);
    }

    /// <summary>
    /// The repulsion of a point: the sum over all other points of (1 + d²)⁻¹, and of (1 + d²)⁻² times the vector from the other
    /// point. A cell whose width is less than theta times its distance counts as one point.
    /// </summary>
    public (double Sum, double X, double Y) Push(int self, double x, double y, double theta)
    {
        var (sum, pushX, pushY) = (0.0, 0.0, 0.0);
        var square = theta * theta;
        var at = 0;
        while (at < used)
        {
            ref readonly var cell = ref cells[at];
            var (dx, dy) = (x - cell.X, y - cell.Y);
            var distance = (dx * dx) + (dy * dy);
            if (cell.Square < square * distance)
            {
                var near = 1 / (1 + distance);
                var share = cell.End - cell.First;
                sum += share * near;
                pushX += share * near * near * dx;
                pushY += share * near * near * dy;
                at = cell.Next;
            }
            else if (cell.IsLeaf)
            {
                for (var i = cell.First; i < cell.End; i++)
                {
                    if (order[i] != self)
                    {
                        (dx, dy) = (x - sorted[2 * i], y - sorted[(2 * i) + 1]);
                        var near = 1 / (1 + (dx * dx) + (dy * dy));
                        sum += near;
                        pushX += near * near * dx;
                        pushY += near * near * dy;
                    }
                }

                at = cell.Next;
            }
            else
            {
                at++;
            }
        }

        return (sum, pushX, pushY);
    }

    /// <summary>The points in the order of their cells: consecutive points take similar walks.</summary>
    public int At(int place) => order[place];

    private (double Left, double Bottom, double Extent) Bounds(double[] layout)
    {
        var (left, right, bottom, top) = (layout[0], layout[0], layout[1], layout[1]);
        for (var i = 1; i < count; i++)
        {
            left = Math.Min(left, layout[2 * i]);
            right = Math.Max(right, layout[2 * i]);
            bottom = Math.Min(bottom, layout[(2 * i) + 1]);
            top = Math.Max(top, layout[(2 * i) + 1]);
        }

        return (left, bottom, Math.Max(right - left, top - bottom));
    }

    // The level counts down to 0; a cell's four quarters are the next two bits of its points' codes.
    private void Add(int first, int end, int level, double square)
    {
        if (used == cells.Length)
        {
            Array.Resize(ref cells, 2 * cells.Length);
        }

        var own = used++;
        var (x, y) = (0.0, 0.0);
        for (var i = first; i < end; i++)
        {
            x += sorted[2 * i];
            y += sorted[(2 * i) + 1];
        }

        var leaf = level == 0 || end - first <= Bucket;
        if (!leaf)
        {
            var shift = 2 * (level - 1);
            for (var i = first; i < end;)
            {
                var quarter = codes[i] >> shift;
                var from = i;
                while (i < end && codes[i] >> shift == quarter)
                {
                    i++;
                }

                Add(from, i, level - 1, square / 4);
            }
        }

        cells[own] = new Cell(x / (end - first), y / (end - first), square, first, end, used, leaf);
    }

    // Spreads the 32 bits of a number over every other bit.
    private static ulong Spread(uint value)
    {
        ulong bits = value;
        bits = (bits | (bits << 16)) & 0x0000FFFF0000FFFFUL;
        bits = (bits | (bits << 8)) & 0x00FF00FF00FF00FFUL;
        bits = (bits | (bits << 4)) & 0x0F0F0F0F0F0F0F0FUL;
        bits = (bits | (bits << 2)) & 0x3333333333333333UL;
        return (bits | (bits << 1)) & 0x5555555555555555UL;
    }

    /// <param name="X">The x of its points' centre.</param>
    /// <param name="Y">The y of its points' centre.</param>
    /// <param name="Square">The square of its width.</param>
    /// <param name="First">The index of its first point, in the order of codes.</param>
    /// <param name="End">The index after its last point.</param>
    /// <param name="Next">The next cell outside it.</param>
    /// <param name="IsLeaf">Whether its points are visited one by one.</param>
    private readonly record struct Cell(double X, double Y, double Square, int First, int End, int Next, bool IsLeaf);
}
