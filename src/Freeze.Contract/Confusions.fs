namespace Freeze

/// A net's answers on labelled images. Classes are counted from 0.
type Confusion =
    {
        Classes: int
        /// Label, answer and number of images for each pair that occurred, sorted by label, then by answer.
        Pairs: int[][]
    }

/// The answers on the images of one class, and the answers that named the class.
[<Struct>]
type ClassAnswers =
    {
        Class: int
        /// Number of images of the class.
        Images: int
        /// Number of images that the net assigned to the class.
        Answered: int
        /// Number of images of the class that the net assigned to it.
        Right: int
    }

    /// The fraction of the class's images that were recognised (its accuracy); NaN if it has no images.
    member counts.Recall = float counts.Right / float counts.Images

    /// The fraction of correct answers among those that named the class; NaN if there are none.
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

    /// The confusion of the given labels and answers, one of each per image.
    let ofAnswers (classes: int) (labels: int[]) (answers: int[]) : Confusion =
        Array.zip labels answers |> Seq.countBy id |> ofCounts classes

    /// Whether a confusion is one that answers can produce.
    let isSound (confusion: Confusion) =
        let isClass number =
            number >= 0 && number < confusion.Classes

        confusion.Pairs
        |> Array.forall (function
            | [| label; answer; images |] -> isClass label && isClass answer && images > 0
            | _ -> false)

    /// The confusions of several nets added up; empty for no nets.
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

    /// Label, answer and number of images for each mistake: the most frequent first, ties by class.
    let mistakes (confusion: Confusion) : struct (int * int * int)[] =
        confusion.Pairs
        |> Array.filter (fun pair -> pair[0] <> pair[1])
        |> Array.sortBy (fun pair -> -pair[2], pair[0], pair[1])
        |> Array.map (fun pair -> struct (pair[0], pair[1], pair[2]))

    /// One row per label with the number of images per answer; meant for few classes.
    let matrix (confusion: Confusion) : int[][] =
        let rows =
            Array.init confusion.Classes (fun _ -> Array.zeroCreate confusion.Classes)

        for pair in confusion.Pairs do
            rows[pair[0]][pair[1]] <- pair[2]

        rows
