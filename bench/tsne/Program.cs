using System.Diagnostics;
using System.Globalization;
using Freeze.Report.Maps;

// Maps points (float32, count times dimension) and writes the layout (float64, x and y in turn); prints the seconds and
// the divergence. Arguments: points, dimension, layout, threads.
var bytes = File.ReadAllBytes(args[0]);
var dimension = int.Parse(args[1], CultureInfo.InvariantCulture);
var values = new float[bytes.Length / sizeof(float)];
Buffer.BlockCopy(bytes, 0, values, 0, bytes.Length);
var points = new Points(values, values.Length / dimension, dimension);
var options = TsneOptions.Usual(points.Count, seed: 1) with { Threads = int.Parse(args[3], CultureInfo.InvariantCulture) };
var started = Stopwatch.GetTimestamp();
var map = Tsne.Map(points, options);
var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
var layout = new byte[map.Layout.Length * sizeof(double)];
Buffer.BlockCopy(map.Layout, 0, layout, 0, layout.Length);
File.WriteAllBytes(args[2], layout);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {map.Divergence}"));
