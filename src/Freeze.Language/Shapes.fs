/// The output shape of each operation: channels, height and width of one image, or a row of values.
module Freeze.Language.Shapes

/// "20x12x12", "500 values".
let describe (shape: int[]) =
    match shape with
    | [| values |] -> $"{values} values"
    | _ -> shape |> Array.map string |> String.concat "x"

/// The largest number of scalars in one weight or one image's activation.
let largest = int64 System.Int32.MaxValue

/// The output length along one side, as in PyTorch; None if the window does not fit.
let slide (input: int) (window: int) (stride: int) (padding: int) : int option =
    let room = input + 2 * padding - window
    if room < 0 then None else Some(room / stride + 1)

/// Whether a tensor of this shape has too many values.
let isTooLarge (shape: int64 list) =
    List.fold (fun product extent -> product * decimal extent) 1m shape > decimal largest
