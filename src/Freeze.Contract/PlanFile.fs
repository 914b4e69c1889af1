/// Plans as files: what `freeze plan --json` prints, `freeze run` accepts and a run's plan.json holds.
[<RequireQualifiedAccess>]
module Freeze.PlanFile

open System.IO
open System.Text
open System.Text.Json

/// A layer with weights, as plans and tables show it: counts include the bias, Shape is the weight's.
type LayerSummary =
    {
        Name: string
        Kind: string
        Shape: int[]
        Trained: int64
        Fixed: int64
        Zero: int64
    }

/// The weights to count for display: for an ensemble, those of a member.
let weights (recipe: Recipe) : WeightPlan[] =
    match recipe.Learning with
    | Learning.Ensemble(_, _, members, _) -> members
    | Learning.Together
    | Learning.StageByStage _ -> recipe.Weights

/// The layers of a run in the order of its net.
let layers (recipe: Recipe) : LayerSummary[] =
    weights recipe
    |> Array.groupBy (fun plan -> plan.Weight.Layer)
    |> Array.map (fun (layer, plans) ->
        let counts = Counts.ofWeights plans
        let weight = plans[0].Weight

        {
            Name = layer
            Kind = LayerKind.name weight.Kind
            Shape = weight.Shape
            Trained = counts.Trained
            Fixed = counts.Fixed
            Zero = counts.Zero
        })

let private writeAxes (writer: Utf8JsonWriter) (axes: Axis[]) =
    writer.WriteStartObject()

    for axis in axes do
        writer.WritePropertyName axis.Name

        match axis.Value with
        | AxisValue.Number value -> writer.WriteNumberValue value
        | AxisValue.Word _
        | AxisValue.Amount _
        | AxisValue.Stand _ -> writer.WriteStringValue(AxisValue.text axis.Value)

    writer.WriteEndObject()

let private writeRun (writer: Utf8JsonWriter) (run: Run) =
    let field (name: string) (value: 'T) =
        writer.WritePropertyName name
        Json.writeTo writer value

    writer.WriteStartObject()
    field "schema" Address.schema
    field "name" run.Name

    if Origins.isIdentified run.Recipe then
        field "hash" (Address.ofRecipe run.Recipe)
    else
        writer.WriteNull "hash"

    field "profile" run.Profile
    writer.WritePropertyName "axes"
    writeAxes writer run.Axes

    match run.Place with
    | Place.Alone -> ()
    | Place.InSearch place -> field "place" place

    field "net" run.NetName
    field "data" (DataSource.name run.Recipe.Data)
    field "weights" (Counts.ofWeights (weights run.Recipe))
    field "layers" (layers run.Recipe)
    field "passes" (PassPlans.ofWeights run.Recipe (weights run.Recipe))
    field "expected" run.Expected
    field "recipe" run.Recipe
    writer.WriteEndObject()

let private write (writeAll: Utf8JsonWriter -> unit) =
    use buffer = new MemoryStream()

    use writer =
        new Utf8JsonWriter(
            buffer,
            JsonWriterOptions(Encoder = Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)
        )

    writeAll writer
    writer.Flush()
    Encoding.UTF8.GetString(buffer.ToArray()) + "\n"

/// The JSON of one run.
let ofRun (run: Run) =
    write (fun writer -> writeRun writer run)

/// The JSON of a plan: an array of its runs.
let ofRuns (runs: Run[]) =
    write (fun writer ->
        writer.WriteStartArray()
        runs |> Array.iter (writeRun writer)
        writer.WriteEndArray())

let private axisOf path (found: JsonProperty) : Axis =
    {
        Name = found.Name
        Value =
            match found.Value.ValueKind with
            | JsonValueKind.Number -> AxisValue.Number(found.Value.GetDouble())
            | _ -> AxisValue.ofText (Json.ofElement<string> $"{path}.axes.{found.Name}" found.Value)
    }

/// The oldest plan format that can be read from a store; missing fields get their defaults.
let private oldest = 3

let private runOf (least: int) path (element: JsonElement) : Run =
    let mismatch text =
        raise (Json.JsonMismatch $"{path}: {text}")

    let field (name: string) read =
        let isThere, value =
            if element.ValueKind = JsonValueKind.Object then
                element.TryGetProperty name
            else
                false, element

        if isThere then
            read $"{path}.{name}" value
        else
            mismatch $"field \"{name}\" is missing; is this the output of freeze plan --json?"

    let schema = field "schema" Json.ofElement<int>

    if schema < least || schema > Address.schema then
        mismatch $"plan format {schema}; this Freeze reads format {Address.schema}. Plan the .frz file again."

    {
        Name = field "name" Json.ofElement<string>
        Profile = field "profile" Json.ofElement<string>
        Axes = field "axes" (fun _ axes -> axes.EnumerateObject() |> Seq.map (axisOf path) |> Seq.toArray)
        Place =
            // Left out at its default, as in older formats, which name candidate and rung among the axes.
            match element.TryGetProperty "place" with
            | true, place -> Place.InSearch(Json.ofElement<SearchPlace> $"{path}.place" place)
            | false, _ -> Place.Alone
        NetName = field "net" Json.ofElement<string>
        Expected = field "expected" Json.ofElement<Expectation[]>
        Recipe =
            let recipe = field "recipe" Json.ofElement<Recipe>

            match recipe.Data with
            // Older formats did not record a folder's content.
            | DataSource.Folder(path, _, size, classes, training, test) when schema < Address.schema ->
                { recipe with
                    Data = DataSource.Folder(path, "", size, classes, training, test)
                }
            | _ -> recipe
    }

let private read least (text: string) : Run[] =
    try
        use document = JsonDocument.Parse text

        match document.RootElement.ValueKind with
        | JsonValueKind.Array ->
            document.RootElement.EnumerateArray()
            |> Seq.mapi (fun i run -> runOf least $"$[{i}]" run)
            |> Seq.toArray
        | _ -> [| runOf least "$" document.RootElement |]
    with :? JsonException as error ->
        raise (Json.JsonMismatch error.Message)

/// The runs of a plan's text (an array of runs, or one run); `Json.JsonMismatch` says what is wrong with it.
let ofText (text: string) : Run[] = read Address.schema text

/// As `ofText`, for a plan from a store, which may be older: it can be shown, but its address would differ now.
let ofRecord (text: string) : Run[] = read oldest text
