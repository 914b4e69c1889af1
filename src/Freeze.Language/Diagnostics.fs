namespace Freeze.Language

[<RequireQualifiedAccess>]
type Severity =
    | Error
    | Warning

/// A message about a place: Message says what is wrong, Label (under the place) what would be right.
type Diagnostic =
    {
        Code: string
        Severity: Severity
        Span: Span
        Message: string
        Label: string
        /// Other places that matter, such as the earlier of two settings.
        Notes: (Span * string) list
    }

/// Every message of the language, one function each. docs/errors.md explains each code.
[<RequireQualifiedAccess>]
module Diagnostic =
    let private make severity code span message label =
        {
            Code = code
            Severity = severity
            Span = span
            Message = message
            Label = label
            Notes = []
        }

    let private error = make Severity.Error
    let private warning = make Severity.Warning

    let private nearestOf name known =
        match Suggest.nearest known name with
        | Some near -> $"did you mean `{near}`?"
        | None -> "known: " + Suggest.list "and" 12 known

    let isError (diagnostic: Diagnostic) = diagnostic.Severity = Severity.Error

    /// Keeps what succeeded and reports what did not.
    let keep (report: Diagnostic -> unit) result =
        match result with
        | Result.Ok value -> Some value
        | Result.Error diagnostic ->
            report diagnostic
            None

    // Reading

    let unreadable reason =
        error "FRZ001" { Start = 0; End = 0 } $"the file cannot be read: {reason}" ""

    let syntax span expected =
        error "FRZ002" span "this is not Freeze" expected

    // Names

    let unknownSetting span name known =
        error "FRZ010" span $"unknown setting `{name}`" (nearestOf name known)

    let setTwice span name first =
        { error "FRZ011" span $"`{name}` is set twice" "keep one of the two" with
            Notes = [ first, "first set here" ]
        }

    let unknownSelector span name (net: string) (parts: string list) =
        let near =
            match Suggest.nearest parts name with
            | Some near -> $"did you mean `{near}`? "
            | None -> ""

        error
            "FRZ012"
            span
            $"unknown selector `{name}`"
            (near + $"net {net} has " + Suggest.list "and" 12 parts)

    let unknownWord span what name known =
        error "FRZ013" span $"unknown {what} `{name}`" (nearestOf name known)

    let unknownName span (name: string) (known: string seq) =
        let label =
            match Suggest.nearest known name with
            | _ when known |> Seq.exists (fun k -> name.StartsWith(k + "-")) ->
                "if it is a subtraction, put spaces around the minus"
            | Some near -> $"did you mean `{near}`?"
            | None -> $"`let {name} = …` would define it"

        error "FRZ014" span $"unknown name `{name}`" label

    let definedTwice span what name first =
        { error "FRZ015" span $"{what} `{name}` is defined twice" "give one of the two another name" with
            Notes = [ first, "first defined here" ]
        }

    let reservedName span name =
        error
            "FRZ016"
            span
            $"`{name}` is a word of the language and names no part"
            $"choose another, such as `{name}1`"

    let private misplaced span what where =
        error "FRZ017" span $"{what} cannot stand {where}" ""

    let nestedCase span =
        misplaced span "a case" "inside a case: write the cases side by side"

    let nestedNet span =
        misplaced span "a net" "inside a case: define it outside and name it here"

    let restStandsAlone span =
        misplaced span "`rest`" "with other selectors: it has a rule of its own"

    let amountOfStill span =
        misplaced
            span
            "an amount"
            "behind fixed or zero: `train` what is to learn, and let `rest` say the other"

    let amountOfRest span =
        misplaced span "an amount" "behind `rest`: it takes train, fixed or zero"

    let refersToItself span name =
        misplaced span $"`{name}`" "in its own definition"

    // Values

    let wrongValue span expected =
        error "FRZ020" span "this value does not fit" $"expected {expected}"

    let outOfRange span what range =
        error "FRZ021" span $"{what} is out of range" $"expected {range}"

    let unknownParameter span callee name known =
        error "FRZ022" span $"`{callee}` has no parameter `{name}`" (nearestOf name known)

    let emptyList span =
        error "FRZ023" span "a list of nothing means no run" "name at least one value"

    let emptyRange span (first: int64) (last: int64) =
        error "FRZ023" span $"the range %d{first}..%d{last} holds nothing" "the first number comes first"

    let divisionByZero span =
        error "FRZ024" span "division by zero" ""

    let tooManyRuns span (count: string) limit =
        error "FRZ025" span $"this file means {count} runs" $"at most %d{limit}: shorten a list"

    // Rules

    let noSuchDimension span dimension (selector: string) =
        error
            "FRZ030"
            span
            $"nothing that `{selector}` takes has {dimension}"
            "conv has filters, inputs, rows and columns; linear has units"

    let moreThanThereAre span weight dimension count =
        error "FRZ031" span $"{weight} has %d{count} {dimension}" "ask for as many or fewer"

    let layerOutOfRange span asked count =
        error "FRZ032" span $"there is no layer %d{asked}" $"the net has layers 1 to %d{count}"

    // Nets

    let unknownLayer span name known =
        error "FRZ040" span $"unknown layer `{name}`" (nearestOf name known)

    let layerArguments span usage =
        error "FRZ041" span "this is not how the layer is written" $"expected `{usage}`"

    let shape span message hint = error "FRZ042" span message hint

    let wrongOutput span found classes =
        error
            "FRZ043"
            span
            $"the net ends in %s{found}, but the data have %d{classes} classes"
            "end it with `linear classes`"

    let emptyNet span =
        error "FRZ044" span "the net has no layer" "a net is `net name { conv 8 3x3; relu; linear classes }`"

    let libraryNet span net (inner: Diagnostic) =
        { inner with
            Span = span
            Message = $"net {net}: {inner.Message}"
            Notes = []
        }

    // Warnings

    let neverWins span =
        warning
            "FRZ101"
            span
            "this rule decides nothing"
            "later rules win everywhere; the last rule that matches wins"

    let nothingLearns span weight count dimension =
        warning "FRZ102" span $"0 of %d{count} {dimension} of {weight} learn" "the share is rounded down"

    let leftIsTrained span =
        warning
            "FRZ104"
            span
            "this amount decides nothing: all of it learns"
            "`rest: train` takes what it leaves; write `rest: fixed`, or no rest"

    let unused span what name =
        warning "FRZ103" span $"{what} `{name}` is never used" "remove it, or use it"
