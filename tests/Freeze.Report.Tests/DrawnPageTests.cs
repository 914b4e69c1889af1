using System.Text.Json;
using Freeze.Report.Maps;
using Freeze.Report.Page;
using Freeze.Report.Statistics;

namespace Freeze.Report.Tests;

/// <summary>What readers see of a page, and what they can do with it, in a real browser.</summary>
public sealed class DrawnPageTests
{
    // Charts of every kind, with gaps, a narrow range and several units.
    private const string All = """
        data mnist-sample; net lenet; epochs 4; seed 1..2
        case whole { rest: train }
        case share { let p = [0.1, 0.4, 0.8]; conv: train p filters }
        case sparse { let p = [0.1, 0.4, 0.8]; conv: train p filters; rest: zero }
        case front { conv: fixed }
        expect best accuracy 91.5 on share 0.1 from "Table 2"
        report {
            table best accuracy, seconds by case, p
            plot training accuracy, validation accuracy, training loss by epoch for case, p
            plot best accuracy against trained parameters (log) for case, fit log
            plot seconds per epoch against test accuracy, fit linear
            plot best accuracy, peak memory against p (log)
            plot test loss against case
            weights mean |w|, norm by layer
            tsne last stage, 20 samples
            claim best accuracy on whole > front
            claim best accuracy rises with trained parameters (log)
        }
        """;

    private const string OneEpoch = """
        data mnist-sample; net lenet; epochs 1; let k = 0..3; first k layers: fixed
        report { plot training error, validation error, training loss by epoch for k; plot test accuracy against k; claim test accuracy on 0 > 1 }
        """;

    private const string OneRun = "data mnist-sample; net lenet; epochs 1";

    private const string ThreeEpochs = "data mnist-sample; net lenet; epochs 3; let k = 0..1; first k layers: fixed";

    private const string Many = "data mnist-sample; net lenet; epochs 30; let rate = 1..12; init [torch, he]; optimizer sgd(lr rate * 1e-3)";

    private static RunRecords Records(Run run, int number)
    {
        var finished = MadeUp.Finished(run, number);
        var net = run.Recipe.Net;
        double Place(int i, int turn) => RandomStream.Unit(RandomStream.Key(number + turn, "map"), i);
        LayerStatistics Layer(string name, WeightPart part) => new(
            name, "conv", part, Magnitudes.Of([-0.02f, 0.01f, 0.03f]), Magnitudes.Of([-0.04f * (number + 1), 0.01f, 0.06f]));
        return finished with
        {
            // The second layer of every other run has no weights that learn.
            Weights = [Layer("conv1", WeightPart.Learned), Layer("conv2", number % 2 == 0 ? WeightPart.Learned : WeightPart.Zero), Layer("fc1", WeightPart.Fixed)],
            Maps =
            [
                new FeatureMap(
                    net.Nodes[net.Nodes[^1].Inputs[0]].Name, [.. Enumerable.Range(0, 20).Select(i => Place(i, 0))], [.. Enumerable.Range(0, 20).Select(i => Place(i, 99))],
                    [.. Enumerable.Range(0, 20).Select(i => i % 10)], 1, 0.5, 0.6, 0.7, 30, []),
            ],
            Confusion = ConfusionModule.ofAnswers(3, [0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 2, 2]),
        };
    }

    private static string Page(params string[] texts) =>
        ReportPage.Of([.. texts.Select((text, i) => MadeUp.File(text, Records, $"file-{i}.frz"))], ChartScript.Text, ["train", "net"]);

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];

    public static TheoryData<string, int, bool> Pages => new()
    {
        { All, 1400, false }, { All, 390, true }, { OneEpoch, 900, false }, { OneEpoch, 390, false }, { OneRun, 1400, true }, { ThreeEpochs, 900, false }, { ThreeEpochs, 390, true }, { Many, 900, false },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryChartIsDrawnInItsWidthWithoutAComplaint(string text, int width, bool isDark)
    {
        var page = Page(text);
        var seen = Browser.Ask(
            page,
            """
            const figures = [...document.querySelectorAll("figure.chart")];
            await wait(() => figures.every((figure) => figure.dataset.marks));
            const labels = (axis) => [...axis.querySelectorAll("text")].filter((label) => label.style.opacity !== "0" && label.getAttribute("opacity") !== "0").map((label) => label.textContent).filter(Boolean);
            return {
              told, width: innerWidth, isDark: matchMedia("(prefers-color-scheme: dark)").matches,
              unseen: figures.filter((figure) => figure.dataset.marks < 1).map((figure) => figure.id),
              cut: figures.map((figure) => figure.querySelector(".plot")).filter((plot) => plot.scrollWidth > plot.clientWidth).map((plot) => plot.ariaLabel),
              nameless: figures.map((figure) => figure.querySelector(".plot")).filter((plot) => plot.role !== "img" || plot.ariaLabel.length < 10
                || !/[0-9]/.test(document.getElementById(plot.getAttribute("aria-describedby")).textContent)).map((plot) => plot.closest("figure").id),
              wide: document.documentElement.scrollWidth - innerWidth,
              repeated: [...document.querySelectorAll(".role-axis-label")].map(labels).filter((axis) => new Set(axis).size < axis.length).map((axis) => axis.join(" ")),
              bare: [...document.querySelectorAll(".role-axis-label")].map(labels).filter((axis) => !axis.length).length,
              epochs: [...document.querySelectorAll(".role-axis")].filter((axis) => axis.closest("figure").querySelector(".controls") && axis.querySelector(".role-axis-title")?.textContent === "epoch")
                .map((axis) => labels(axis.querySelector(".role-axis-label")).join(" ")),
              network: performance.getEntriesByType("resource").length,
            };
            """,
            width, isDark);
        Assert.Equal((width, isDark), (seen.GetProperty("width").GetInt32(), seen.GetProperty("isDark").GetBoolean()));
        Assert.Equal([], Strings(seen.GetProperty("told")));
        Assert.Equal([], Strings(seen.GetProperty("unseen")));
        Assert.Equal([], Strings(seen.GetProperty("cut")));
        Assert.Equal([], Strings(seen.GetProperty("repeated")));
        // A name, and a description with numbers.
        Assert.Equal([], Strings(seen.GetProperty("nameless")));
        Assert.Equal(0, seen.GetProperty("bare").GetInt32());
        // Of a few epochs each has its number.
        Assert.All(Strings(seen.GetProperty("epochs")).Where(_ => text != Many), labels => Assert.Matches("^1 2 3( 4)?$", labels));
        Assert.InRange(seen.GetProperty("wide").GetInt32(), -1000, 0);
        Assert.Equal(0, seen.GetProperty("network").GetInt32());
    }

    [Fact]
    public void TheVerdictIsSeenFirstOnAPhone()
    {
        var seen = Browser.Ask(
            Page(OneEpoch),
            """
            const cell = document.querySelector("td.verdict").getBoundingClientRect();
            const fact = document.querySelector(".facts dd").getBoundingClientRect();
            return { text: document.querySelector("td.verdict").textContent, right: cell.right, left: cell.left, fact: document.querySelector(".facts dd").textContent, bottom: fact.bottom };
            """,
            390);
        Assert.Equal(("1 seed: no interval", "1 seed: no interval"), (seen.GetProperty("text").GetString(), seen.GetProperty("fact").GetString()));
        Assert.InRange(seen.GetProperty("left").GetDouble(), 0, 390);
        Assert.InRange(seen.GetProperty("right").GetDouble(), 0, 390);
        Assert.InRange(seen.GetProperty("bottom").GetDouble(), 0, 900);
    }

    [Fact]
    public void TheLegendOfEveryChartWorksByKeyboard()
    {
        var seen = Browser.Ask(
            Page(All),
            """
            const answers = [];
            for (const name of ["Training accuracy, validation accuracy by epoch", "Best accuracy against p", "Test loss against case", "Mean |w| by layer of lenet"]) {
              const figure = [...document.querySelectorAll("figure.chart")].find((one) => one.querySelector(".plot").ariaLabel === name);
              const key = figure.querySelector(".legend button");
              const before = +figure.dataset.marks;
              key.focus();
              // What Enter and the space bar do to a button that has the focus.
              document.activeElement.click();
              await wait(() => +figure.dataset.marks !== before);
              const picked = +figure.dataset.marks;
              const focused = document.activeElement === key;
              key.click();
              await wait(() => +figure.dataset.marks !== picked);
              answers.push([key.tagName === "BUTTON" && key.tabIndex === 0 && focused, picked < before, +figure.dataset.marks === before, key.ariaPressed === "false"]);
            }
            return answers;
            """);
        Assert.Equal(4, seen.GetArrayLength());
        Assert.All(seen.EnumerateArray(), answer => Assert.All(answer.EnumerateArray(), value => Assert.True(value.GetBoolean(), answer.GetRawText())));
    }

    [Fact]
    public void CurvesAreFilteredGroupedAndShownOnALogarithmicScale()
    {
        var seen = Browser.Ask(
            Page(Many),
            """
            const figure = document.querySelector("figure.chart");
            const names = () => [...figure.querySelectorAll(".legend [aria-label*=runs] button")].map((button) => button.textContent);
            const change = async (control, value, kind) => {
              const before = figure.querySelector("svg");
              Object.assign(control, value);
              control.dispatchEvent(new Event(kind));
              await wait(() => figure.querySelector("svg") && figure.querySelector("svg") !== before);
            };
            const all = names().length;
            const [search, select, log] = ["[type=search]", "select", "[type=checkbox]"].map((control) => figure.querySelector(".controls " + control));
            await change(search, { value: "he rate=1" }, "input");
            const filtered = names();
            await change(search, { value: "" }, "input");
            await change(select, { value: "init" }, "change");
            const grouped = names();
            await change(log, { checked: true }, "change");
            return { all, filtered, grouped, ticks: [...figure.querySelectorAll(".role-axis-label text")].map((label) => label.textContent), told };
            """);
        Assert.Equal(24, seen.GetProperty("all").GetInt32());
        Assert.Equal(4, seen.GetProperty("filtered").GetArrayLength());
        Assert.All(Strings(seen.GetProperty("filtered")), name => Assert.Contains("init=he", name, StringComparison.Ordinal));
        Assert.Equal(["init=torch", "init=he"], Strings(seen.GetProperty("grouped")));
        Assert.Equal([], Strings(seen.GetProperty("told")));
    }

    [Fact]
    public void TablesAreSortedByTheirHeadings()
    {
        var seen = Browser.Ask(
            Page(All),
            """
            const table = document.querySelector("table.sortable");
            const heading = [...table.tHead.rows[0].cells].find((cell) => cell.textContent === "best test accuracy (chosen on the test set)");
            const column = () => [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[heading.cellIndex].textContent));
            const orders = [column()];
            const said = [];
            for (let i = 0; i < 3; i++) {
              heading.querySelector("button").click();
              orders.push(column());
              said.push(heading.ariaSort ?? "");
            }
            return { orders, said };
            """);
        double[][] orders = [.. seen.GetProperty("orders").EnumerateArray().Select(order => order.EnumerateArray().Select(value => value.GetDouble()).ToArray())];
        Assert.Equal(["ascending", "descending", ""], Strings(seen.GetProperty("said")));
        Assert.Equal(orders[0].Order(), orders[1]);
        Assert.Equal(orders[0].OrderDescending(), orders[2]);
        Assert.Equal(orders[0], orders[3]);
        Assert.NotEqual(orders[0], orders[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AxeFindsNothingThatKeepsReadersOut(bool isDark)
    {
        var axe = Path.Combine(Root, "artifacts/web/node_modules/axe-core/axe.min.js");
        Assert.SkipUnless(File.Exists(axe), "there is no axe-core here (scripts/bundle-charts brings it): NOBODY HAS CHECKED THE REPORT'S ACCESSIBILITY");
        var seen = Browser.Ask(
            Page(All, OneEpoch),
            """
            const figures = [...document.querySelectorAll("figure.chart")];
            await wait(() => figures.every((figure) => figure.dataset.marks));
            document.querySelector(".legend button").click();
            const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
            const found = await axe.run(document, { runOnly: rules });
            return [...found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 200)).join(" | ")), ...(found.passes.length > 20 ? [] : ["nothing was checked"])];
            """,
            isDark: isDark, library: File.ReadAllText(axe));
        Assert.Equal([], Strings(seen));
    }

    private static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Freeze.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
