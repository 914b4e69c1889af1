namespace Freeze

/// How a net answered on labelled images. Classes are counted from 0.
type Confusion =
    {
        Classes: int
        /// Label, answer and images of each pair that occurred, by label, then by answer.
        Pairs: int[][]
    }

/// The answers on one class of images, and those that named it.
[<Struct>]
type ClassAnswers =
    {
        Class: int
        /// Images of the class.
        Images: int
        /// Images that the net took for the class.
        Answered: int
        /// Images of the class that it took for it.
        Right: int
    }

    /// The fraction of the class's images that were recognised, its accuracy; NaN where there are none.
    member counts.Recall = float counts.Right / float counts.Images

    /// The fraction of right ones among the answers that named the class; NaN where there are none.
    member counts.Precision = float counts.Right / float counts.Answered

[<RequireQualifiedAccess>]
module Confusion =
    let private ofCounts classes (counts: ((int * int) * int) seq) : Confusion =
        {
            Classes = classes
            Pairs =
                [|
                    for (label, answer), images in Seq.sortBy fst counts -> [| label; answer; images |]
                |]
        }

    /// Of the label and the answer of each image.
    let ofAnswers (classes: int) (labels: int[]) (answers: int[]) : Confusion =
        Array.zip labels answers |> Seq.countBy id |> ofCounts classes

    /// Whether it is one that answers can have left.
    let isSound (confusion: Confusion) =
        let isClass number =
            number >= 0 && number < confusion.Classes

        confusion.Pairs
        |> Array.forall (function
            | [| label; answer; images |] -> isClass label && isClass answer && images > 0
            | _ -> false)

    /// That of several nets together; none of no net.
    let sum (several: Confusion seq) : Confusion =
        let counts =
            several
            |> Seq.collect _.Pairs
            |> Seq.groupBy (fun pair -> pair[0], pair[1])
            |> Seq.map (fun (pair, found) -> pair, Seq.sumBy (fun (counted: int[]) -> counted[2]) found)

        ofCounts (several |> Seq.fold (fun most one -> max most one.Classes) 0) counts

    let private images (confusion: Confusion) isCounted =
        confusion.Pairs
        |> Seq.filter (fun pair -> isCounted pair[0] pair[1])
        |> Seq.sumBy (fun pair -> pair[2])

    let total (confusion: Confusion) = images confusion (fun _ _ -> true)
    let right (confusion: Confusion) = images confusion (=)

    let accuracy (confusion: Confusion) =
        float (right confusion) / float (total confusion)

    /// Every class, in order.
    let ofClasses (confusion: Confusion) : ClassAnswers[] =
        let sums (key: int[] -> int) (pairs: int[] seq) =
            let counts = Array.zeroCreate confusion.Classes

            for pair in pairs do
                counts[key pair] <- counts[key pair] + pair[2]

            counts

        let labels = confusion.Pairs |> sums (fun pair -> pair[0])
        let answers = confusion.Pairs |> sums (fun pair -> pair[1])

        let right =
            confusion.Pairs
            |> Seq.filter (fun pair -> pair[0] = pair[1])
            |> sums (fun pair -> pair[0])

        Array.init confusion.Classes (fun number ->
            {
                Class = number
                Images = labels[number]
                Answered = answers[number]
                Right = right[number]
            })

    /// Label, answer and images of each mistake, the most frequent first, of equal ones in the order of their classes.
    let mistakes (confusion: Confusion) : struct (int * int * int)[] =
        confusion.Pairs
        |> Array.filter (fun pair -> pair[0] <> pair[1])
        |> Array.sortBy (fun pair -> -pair[2], pair[0], pair[1])
        |> Array.map (fun pair -> struct (pair[0], pair[1], pair[2]))

    /// A row for each label, with the images of each answer; for few classes.
    let matrix (confusion: Confusion) : int[][] =
        let rows =
            Array.init confusion.Classes (fun _ -> Array.zeroCreate confusion.Classes)

        for pair in confusion.Pairs do
            rows[pair[0]][pair[1]] <- pair[2]

        rows
