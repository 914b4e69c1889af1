namespace Freeze

/// Where a run's images come from.
[<RequireQualifiedAccess>]
type DataSource =
    /// One of DataSets.all. Digest is that of its images and labels; "" where it is not known.
    | [<DefaultsTo("Digest", "\"\"")>] Named of Name: string * Digest: string
    /// A folder of images, each brought to Size x Size. Digest is that of its classes, paths, labels and files; "" where it is
    /// not known, as are then the counts.
    | Folder of
        Path: string *
        Digest: string *
        Size: int *
        Classes: int *
        TrainingImages: int *
        TestImages: int

/// Whether a run uses all training images or the first so many.
[<RequireQualifiedAccess>]
type Images =
    | All
    | First of Count: int

/// The images that a net reads, made of those of a set.
[<RequireQualifiedAccess>]
type Resize =
    /// They are the set's.
    | None
    /// Scaled until the shorter side has Shorter pixels, then cut to Height x Width in the middle: torchvision's Resize and
    /// CenterCrop.
    | To of Shorter: int * Height: int * Width: int

/// How pixels, which are bytes, become a net's input. What it is by is that of all the set's training images.
[<RequireQualifiedAccess>]
type Normalisation =
    /// For each channel less its mean, divided by its standard deviation.
    | Own
    /// The same by these numbers, in which the brightest pixel is 1.
    | By of Mean: float[] * Deviation: float[]
    /// Less the mean image, pixel by pixel; not divided.
    | MeanImage

[<RequireQualifiedAccess>]
type Augmentation =
    /// Zeros around the image, then a window of the image's size at a random place.
    | Crop of Padding: int
    /// Left and right are swapped in half of the images.
    | Flip
    /// A window at a random place, of a fraction of the image's area between Scale and 1 and of an aspect between Ratio and
    /// 1 / Ratio, scaled to the image's size.
    | ResizedCrop of Scale: float * Ratio: float
    /// Turned about its middle by an angle between minus this and this.
    | Rotation of Degrees: float
    /// A square of this side at a random place is filled with the mean (DeVries and Taylor 2017).
    | Cutout of Size: int
    /// Mixed with another image, and its label with the other's, in fractions drawn from Beta(Alpha, Alpha) (Zhang et al. 2018).
    | Mixup of Alpha: float
    /// Of each training image so many varied copies, one of which an epoch sees: a fixed front computes them once.
    | Copies of Count: int

[<RequireQualifiedAccess>]
module DataSource =
    let private folderName (path: string) =
        System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator path)

    /// What is known of a run's images without opening them; nothing of a name that no set has.
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

    /// A set as it was published; of a name that no set has nothing is known.
    let published (name: string) : DataSource =
        let digest = DataSets.tryFind name |> Option.map _.Digest |> Option.defaultValue ""
        DataSource.Named(name, digest)

    /// That of the images and labels; "" where it is not known.
    let digest (source: DataSource) =
        match source with
        | DataSource.Named(_, digest)
        | DataSource.Folder(_, digest, _, _, _, _) -> digest

    /// Whether it is known which images these are: without, a run has no address.
    let isIdentified (source: DataSource) = digest source <> ""

    /// What files call it.
    let plainName (source: DataSource) =
        match source with
        | DataSource.Named(name, _) -> name
        | DataSource.Folder(path, _, _, _, _, _) -> folderName path

    /// What tables call it: a copy that is not the published set is named as one.
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
    /// Height and width of a scaled image. The longer side is rounded down, as torchvision does.
    let scaled (shorter: int) (image: int[]) : struct (int * int) =
        let least = min image[1] image[2]

        let side extent =
            int (int64 shorter * int64 extent / int64 least)

        struct (side image[1], side image[2])

    /// What a net reads of a set's images.
    let described (resize: Resize) (set: DataSet) : DataSet =
        match resize with
        | Resize.None -> set
        | Resize.To(_, height, width) ->
            { set with
                Image = [| set.Image[0]; height; width |]
            }

[<RequireQualifiedAccess>]
module Augmentation =
    /// What files call it.
    let name (augmentation: Augmentation) =
        match augmentation with
        | Augmentation.Crop _ -> "crop"
        | Augmentation.Flip -> "flip"
        | Augmentation.ResizedCrop _ -> "resized-crop"
        | Augmentation.Rotation _ -> "rotate"
        | Augmentation.Cutout _ -> "cutout"
        | Augmentation.Mixup _ -> "mixup"
        | Augmentation.Copies _ -> "copies"

    /// How many varied copies there are of each training image; 0 where each epoch varies it anew.
    let copies (augmentations: Augmentation[]) : int =
        augmentations
        |> Array.tryPick (function
            | Augmentation.Copies count -> Some count
            | _ -> None)
        |> Option.defaultValue 0

    /// The first that makes a training image another one in each epoch, so that nothing of it can be computed once.
    let tryVarying (augmentations: Augmentation[]) : Augmentation option =
        augmentations
        |> Array.tryFind (function
            | Augmentation.Crop 0
            | Augmentation.Copies _ -> false
            | Augmentation.Mixup _ -> true
            | _ -> copies augmentations = 0)
