/// The settings that choose the training data: data set, images and augmentation.
module Freeze.Language.DataSettings

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms

/// What is known of data sets.
type DataLookup =
    {
        /// The digest of a data set by name.
        Named: string -> string
        /// The path of a folder of images, and its content.
        Folder: Located<string> -> Result<string * FolderContent, Diagnostic>
    }

/// `folder("photos", size 64)`; if the folder is not on this machine, the file must give the number of classes.
let private folder (lookup: DataLookup) saysClasses scope (call: Calls.Call) =
    let content (path: Located<string>) =
        match lookup.Folder path with
        | Ok(_, content) when content.Classes = 0 && not saysClasses ->
            "there is no such folder here; `classes 10` would plan without it"
            |> Diagnostic.notImages path.Span
            |> Error
        | found -> found

    let source size path =
        evaluate scope path
        |> Result.bind (fun value ->
            match value.Value with
            | Datum.Text text -> content (at value.Span text)
            | _ -> Error(Diagnostic.wrongValue value.Span "a path in quotes"))
        |> Result.map (fun (path, content) ->
            (path, content.Digest, size, content.Classes, content.TrainingImages, content.TestImages)
            |> DataSource.Folder)

    Calls.byName [ "path"; "size" ] [ "path"; "size" ] call
    |> Result.bind (fun values ->
        match Map.tryFind "path" values, Map.tryFind "size" values with
        | Some path, Some size ->
            wholeBetween scope 1L (int64 ImageFolders.largestSize) "the size" size
            |> Result.bind (fun size -> source (int size) path)
        | _ ->
            "`folder(\"photos\", size 64)`: a folder, and the size of its images"
            |> Diagnostic.wrongValue call.Callee.Span
            |> Error)

let data (lookup: DataLookup) saysClasses =
    let named (set: DataSet) =
        DataSource.Named(set.Name, lookup.Named set.Name)

    [
        for set in DataSets.all do
            called set.Name set.Name set.About (withoutArguments (fun () -> named set))
        called
            "folder"
            "folder(\"photos\", size 64)"
            "a folder of images, of one size each"
            (folder lookup saysClasses)
    ]
    |> oneOf "data set" "a data set, such as `mnist`"
    |> setting
        "data"
        "mnist"
        (named DataSets.all[0])
        "the data set, or a folder of images: folder(\"photos\", size 64)"

/// The upper bound for a number of images; unlimited if the folder is not on this machine.
let private most (count: int) =
    if count = 0 then System.Int32.MaxValue else count

let trainingImages (set: DataSet) = most set.TrainingImages

let images (set: DataSet) =
    count 1L (int64 (trainingImages set)) "the number of training images"
    |> map Images.First
    |> orWord "all" "all training images" Images.All
    |> setting "images" "all" Images.All "how many training images are used, the first ones; all by default"

let testImages (set: DataSet) =
    count 1L (int64 (most set.TestImages)) "the number of test images"
    |> map Images.First
    |> orWord "all" "all test images" Images.All
    |> withUnit [ "images"; "image" ]
    |> setting
        "test"
        "all"
        Images.All
        "how many test images a run is evaluated on, the first ones; all by default"

/// `256 crop 224`: the length to which the shorter side is scaled, and the size of the centre crop.
let resize (set: DataSet) =
    let extents scope (size: Expression) =
        match evaluate scope size with
        | Ok { Value = Datum.Size(height, width) } -> Ok(height, width)
        | _ ->
            wholeBetween scope 1L (int64 ImageFolders.largestSize) "the crop" size
            |> Result.map (fun side -> int side, int side)

    let fitting (crop: Expression) shorter (height, width) =
        let struct (tall, wide) = Resize.scaled shorter set.Image

        if height >= 1 && width >= 1 && height <= tall && width <= wide then
            Ok(Resize.To(shorter, height, width))
        else
            Error(Diagnostic.outOfRange crop.Span "the crop" $"at most {tall}x{wide}, the scaled image")

    let read scope (phrase: Phrase) words =
        let sized (side: Expression) =
            wholeBetween scope 1L (int64 ImageFolders.largestSize) "the shorter side" side
            |> Result.map int

        match phrase, words with
        | [ side ], _ -> Some(sized side |> Result.map (fun side -> Resize.To(side, side, side)))
        | [ side; _; crop ], [ _; "crop"; _ ] ->
            both (sized side) (extents scope crop)
            |> Result.bind (fun (side, crop') -> fitting crop side crop')
            |> Some
        | _ -> None

    ofWords
        "the shorter side's pixels, and what is cut out of the middle: `256 crop 224`"
        read
        [
            entry
                "256 crop 224"
                "256 crop 224"
                "the shorter side has 256 pixels, and the middle 224x224 are read"
        ]
    |> orWord "none" "images as the data have them" Resize.None
    |> setting
        "resize"
        "none"
        Resize.None
        "what a net reads of an image: `64` scales it to 64x64, `256 crop 224` as torchvision's Resize and CenterCrop"

/// At most `available` images can be held out.
let validation (available: int) =
    let kind =
        count 1L (int64 available - 1L) "the number of images held out"
        |> map Validation.HeldOut
        |> written [ entry "5000" "5000" "this many training images held out" ]
        |> orWord "test" "the test set" Validation.Test

    let read (scope: Scope) (phrase: Phrase) =
        match phrase with
        | [ { Value = Term.Word other } as word ] when other <> "test" && not (Seq.contains other scope.Names) ->
            Error(Diagnostic.unknownWord word.Span "validation" other [ "test" ])
        | _ -> kind.Read scope phrase

    { kind with Read = read }
    |> setting
        "validate"
        "test"
        Validation.Test
        "what each epoch is evaluated on: the test set, or a number of held-out training images"

/// A number for each channel, in brackets if there are several: the list is one value, not an axis.
let private ofChannels scope (set: DataSet) least (list: Expression) : Result<float[], Diagnostic> =
    let channels = set.Image[0]

    match list.Value, channels with
    | Term.List several, _ when several.Length = channels -> Ok several
    | Term.List _, 1 -> Error "one number"
    | _, 1 -> Ok [ list ]
    | _ -> Error $"a list of {channels} numbers"
    |> Result.mapError (fun what ->
        Diagnostic.wrongValue list.Span $"{what}: the images have as many channels")
    |> Result.bind (List.map (numberBetween scope least 1m "the fraction of full brightness") >> all)
    |> Result.map (List.map float >> List.toArray)

/// The usual normalisation constants for nets on CIFAR and ImageNet: red, green, blue. Those of CIFAR use the deviation within an
/// image instead of that of the set.
let private constants =
    [
        "cifar", ([| 0.4914; 0.4822; 0.4465 |], [| 0.2023; 0.1994; 0.2010 |])
        "imagenet", ([| 0.485; 0.456; 0.406 |], [| 0.229; 0.224; 0.225 |])
    ]

let normalisation (set: DataSet) =
    let ofThree values scope call =
        withoutArguments (fun () -> Normalisation.By values) scope call
        |> Result.bind (fun constants ->
            if set.Image[0] = 3 then
                Ok constants
            else
                Error(Diagnostic.wrongValue call.Callee.Span "constants of one channel: these are of three"))

    [
        word "own" "by the set's own mean and deviation" Normalisation.Own
        ofPair
            "by"
            "by([0.5, 0.5, 0.5], [0.2, 0.2, 0.2])"
            "by means and deviations, one of each for a channel"
            "`by([MEANS], [DEVIATIONS])`, one of each for a channel, as fractions of full brightness"
            (fun scope _ means deviations ->
                both (ofChannels scope set 0m means) (ofChannels scope set 0.0001m deviations)
                |> Result.map Normalisation.By)
        for name, values in constants do
            called name name $"by the common constants of {name}" (ofThree values)
        word "mean-image" "by the mean of each pixel" Normalisation.MeanImage
    ]
    |> oneOf "normalisation" "a normalisation, such as `own`"
    |> setting
        "normalise"
        "own"
        Normalisation.Own
        "how pixels become inputs: by the set's own mean and deviation, by([MEANS], [DEVIATIONS]), cifar, imagenet, mean-image"

/// The order of augmentations in a file does not change the results, so it must not make another run. Crop and flip keep their
/// written order, since the addresses of stored runs depend on it.
let private inOneOrder (augmentations: Augmentation list) =
    augmentations
    |> List.sortBy (function
        | Augmentation.Crop _
        | Augmentation.Flip -> 0
        | Augmentation.ResizedCrop _ -> 1
        | Augmentation.Rotation _ -> 2
        | Augmentation.Cutout _ -> 3
        | Augmentation.Mixup _ -> 4
        | Augmentation.Copies _ -> 5)

/// `copies 4` among the augmentations. Mixup draws anew in each epoch, regardless of copies.
let private withCopies (varying: Kind<Augmentation list>) : Kind<Augmentation list> =
    let copies = count 1L 100L "the number of copies"

    let read scope (phrase: Phrase) at =
        let wrong expected =
            Error(Diagnostic.wrongValue (join phrase) expected)

        match List.splitAt at phrase with
        | _, _ :: _ :: after when List.contains "copies" (words after) ->
            wrong "`copies` once: `flip copies 4`"
        | before, _ :: number :: after ->
            both (varying.Read scope (before @ after)) (copies.Read scope [ number ])
            |> Result.bind (function
                | [], _ -> wrong "what varies the images beside `copies`: `flip copies 4`"
                | found, _ when found |> List.exists _.IsMixup ->
                    wrong "`copies` without `mixup`, which mixes images anew in each epoch"
                | found, copies -> Ok(found @ [ Augmentation.Copies copies ]))
        | _ -> wrong "how many copies: `flip copies 4`"

    let known = "copies" :: (varying.Entries |> List.map _.Name)

    let misspelt (scope: Scope) (word: Expression) =
        match word.Value with
        | Term.Word name when
            not (Seq.contains name scope.Names || List.contains name known)
            && Suggest.nearest known name = Some "copies"
            ->
            Some(Error(Diagnostic.unknownWord word.Span "augmentation" name known))
        | _ -> None

    { varying with
        Read =
            fun scope phrase ->
                match List.tryFindIndex ((=) "copies") (words phrase) with
                | Some at -> read scope phrase at
                | None ->
                    List.tryPick (misspelt scope) phrase
                    |> Option.defaultWith (fun () -> varying.Read scope phrase)
    }
    |> written
        [
            entry "copies" "flip copies 4" "this many varied copies of each image, of which an epoch sees one"
        ]

let augmentations =
    [
        count 1L 64L "the padding"
        |> map (Augmentation.Crop >> Some)
        |> ofValue "crop" "crop(4)" "zeros around the image, then a window at a random place"
        word "flip" "left and right are swapped in half of the images" (Some Augmentation.Flip)
        // Defaults as in torchvision.
        ofNumbers
            "resized-crop"
            "resized-crop"
            "a window of random area and aspect, scaled to the image: resized-crop(scale 0.08, ratio 0.75)"
            [
                "scale", number 0.001m 1m "the least fraction of the area", 0.08
                "ratio", number 0.001m 1m "the least aspect", 0.75
            ]
            (fun p -> Some(Augmentation.ResizedCrop(p "scale", p "ratio")))
        number 0m 180m "the angle"
        |> map (Augmentation.Rotation >> Some)
        |> ofValue "rotate" "rotate(15)" "rotated by up to this many degrees to either side"
        count 1L 1024L "the side of the square"
        |> map (Augmentation.Cutout >> Some)
        |> ofValue "cutout" "cutout(8)" "a square of this side is filled with the mean"
        number 0.01m 100m "alpha"
        |> map (Augmentation.Mixup >> Some)
        |> ofValue "mixup" "mixup(0.2)" "mixed with another image, in fractions drawn from Beta(0.2, 0.2)"
        word "none" "images as they are" None
    ]
    |> severalOf
        "augmentation"
        "crop(PIXELS), flip, resized-crop, rotate(DEGREES), cutout(SIDE) or mixup(ALPHA)"
        Augmentation.name
        "each of them once"
    |> withCopies
    |> map inOneOrder
    |> setting
        "augment"
        "none"
        []
        "how training images vary: crop(4), flip, resized-crop, rotate(15), cutout(8), mixup(0.2); `copies 4` keeps four copies of each"

/// Default: as many as the data have.
let classes (set: DataSet) =
    count (max 1L (int64 set.Classes)) 1_000_000L "the number of outputs"
    |> setting "classes" "10" set.Classes "outputs of the net; by default as many as the data have classes"

/// Descriptions for editors and messages, for a placeholder data set.
let table: Described list =
    let set = DataSets.all[0]

    let noData =
        {
            Named = fun _ -> ""
            Folder = fun path -> Error(Diagnostic.notImages path.Span "none is looked for here")
        }

    [
        describe (data noData false)
        describe (images set)
        describe (testImages set)
        describe (validation set.TrainingImages)
        describe (resize set)
        describe (normalisation set)
        describe augmentations
        describe (classes set)
    ]
