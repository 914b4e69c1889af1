namespace Freeze

/// Where a run's images come from.
[<RequireQualifiedAccess>]
type DataSource =
    /// One of DataSets.all. Digest is that of its images and labels; "" if it is not known.
    | [<DefaultsTo("Digest", "\"\"")>] Named of Name: string * Digest: string
    /// A folder of images, each scaled to Size x Size. Digest is that of its classes, paths, labels and files. If Digest is "",
    /// it is not known, and neither are the counts.
    | Folder of
        Path: string *
        Digest: string *
        Size: int *
        Classes: int *
        TrainingImages: int *
        TestImages: int

/// Whether a run uses all training images or only the first ones.
[<RequireQualifiedAccess>]
type Images =
    | All
    | First of Count: int

/// How a net's input images are made from the images of a set.
[<RequireQualifiedAccess>]
type Resize =
    /// Images are used as they are.
    | None
    /// Scaled until the shorter side has Shorter pixels, then cropped in the centre to Height x Width: torchvision's Resize and
    /// CenterCrop.
    | To of Shorter: int * Height: int * Width: int

/// How pixels, which are bytes, become a net's input. Statistics are over all training images of the set.
[<RequireQualifiedAccess>]
type Normalisation =
    /// Each channel minus its mean, divided by its standard deviation.
    | Own
    /// As Own, with the given numbers, on a scale where the brightest pixel is 1.
    | By of Mean: float[] * Deviation: float[]
    /// Minus the mean image, pixel by pixel; not divided.
    | MeanImage

[<RequireQualifiedAccess>]
type Augmentation =
    /// Pads the image with zeros, then takes a window of the image's size at a random position.
    | Crop of Padding: int
    /// Swaps left and right in half of the images.
    | Flip
    /// Takes a window at a random position, with an area between Scale and 1 of the image's and an aspect ratio between Ratio and
    /// 1 / Ratio, and scales it to the image's size.
    | ResizedCrop of Scale: float * Ratio: float
    /// Rotates the image about its centre by an angle between -Degrees and Degrees.
    | Rotation of Degrees: float
    /// Fills a square of this side at a random position with the mean (DeVries and Taylor 2017).
    | Cutout of Size: int
    /// Mixes the image and its label with another image's, by a fraction drawn from Beta(Alpha, Alpha) (Zhang et al. 2018).
    | Mixup of Alpha: float
    /// Count augmented copies of each training image, one of which is seen per epoch: a fixed prefix computes them once.
    | Copies of Count: int

[<RequireQualifiedAccess>]
module DataSource =
    let private folderName (path: string) =
        System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator path)

    /// What is known about a run's images without opening them; None for an unknown name.
    let tryDescribe (source: DataSource) : DataSet option =
        match source with
        | DataSource.Named(name, _) -> DataSets.tryFind name
        | DataSource.Folder(path, digest, size, classes, trainingImages, testImages) ->
            Some
                {
                    Name = folderName path
                    Image = [| 3; size; size |]
                    Classes = classes
                    TrainingImages = trainingImages
                    TestImages = testImages
                    Digest = digest
                    About = path
                }

    /// A set as published; the digest is "" for an unknown name.
    let published (name: string) : DataSource =
        let digest = DataSets.tryFind name |> Option.map _.Digest |> Option.defaultValue ""
        DataSource.Named(name, digest)

    /// The digest of the images and labels; "" if it is not known.
    let digest (source: DataSource) =
        match source with
        | DataSource.Named(_, digest)
        | DataSource.Folder(_, digest, _, _, _, _) -> digest

    /// Whether it is known which images these are; otherwise a run has no address.
    let isIdentified (source: DataSource) = digest source <> ""

    /// The source's name in files.
    let plainName (source: DataSource) =
        match source with
        | DataSource.Named(name, _) -> name
        | DataSource.Folder(path, _, _, _, _, _) -> folderName path

    /// The source's name in tables; a copy that differs from the published set is marked as such.
    let name (source: DataSource) =
        match source, tryDescribe source with
        | DataSource.Named(name, digest), Some set when digest <> "" && digest <> set.Digest ->
            if set.IsKnown then
                $"{name}, not the published files"
            else
                $"{name}, not verified"
        | _ -> plainName source

[<RequireQualifiedAccess>]
module Resize =
    /// Height and width of a scaled image. The longer side is rounded down, as in torchvision.
    let scaled (shorter: int) (image: int[]) : struct (int * int) =
        let least = min image[1] image[2]

        let side extent =
            int (int64 shorter * int64 extent / int64 least)

        struct (side image[1], side image[2])

    /// The data set as the net sees it after resizing.
    let described (resize: Resize) (set: DataSet) : DataSet =
        match resize with
        | Resize.None -> set
        | Resize.To(_, height, width) ->
            { set with
                Image = [| set.Image[0]; height; width |]
            }

[<RequireQualifiedAccess>]
module Augmentation =
    /// The augmentation's name in files.
    let name (augmentation: Augmentation) =
        match augmentation with
        | Augmentation.Crop _ -> "crop"
        | Augmentation.Flip -> "flip"
        | Augmentation.ResizedCrop _ -> "resized-crop"
        | Augmentation.Rotation _ -> "rotate"
        | Augmentation.Cutout _ -> "cutout"
        | Augmentation.Mixup _ -> "mixup"
        | Augmentation.Copies _ -> "copies"

    /// How many augmented copies of each training image there are; 0 if each epoch augments it anew.
    let copies (augmentations: Augmentation[]) : int =
        augmentations
        |> Array.tryPick (function
            | Augmentation.Copies count -> Some count
            | _ -> None)
        |> Option.defaultValue 0

    /// The first augmentation that changes a training image in each epoch, so that nothing can be computed once.
    let tryVarying (augmentations: Augmentation[]) : Augmentation option =
        augmentations
        |> Array.tryFind (function
            | Augmentation.Crop 0
            | Augmentation.Copies _ -> false
            | Augmentation.Mixup _ -> true
            | _ -> copies augmentations = 0)
