namespace Freeze

open System
open System.Collections.Generic
open System.IO
open System.Security.Cryptography
open System.Text

/// An image file of a data set, not opened.
type ImageFile =
    {
        /// Relative to the listing's folder; the parts are separated by `/`.
        Path: string
        /// In bytes.
        Length: int64
        /// The index of its class among the listing's classes.
        Label: int
    }

/// The image files of a data set, not opened.
type ImageListing =
    {
        /// The folder that the paths are relative to.
        Folder: string
        Classes: string[]
        /// In the order of the set.
        Training: ImageFile[]
        Test: ImageFile[]
        /// How many files were skipped because their names are not those of images.
        Ignored: int
    }

/// What a plan needs to know about a folder of images.
type FolderContent =
    {
        /// The digest of its classes, paths, labels and file contents; "" if they were not read.
        Digest: string
        /// 0, like both counts, if the folder is not on this machine.
        Classes: int
        TrainingImages: int
        TestImages: int
    }

/// Folders of images: `train/CLASS/**` and `test/CLASS/**`, or `val` if there is no `test`. Image files end in .png, .jpg, .jpeg,
/// .webp or .bmp, in upper or lower case. The classes are the folders in `train`, in ordinal order; files are in the ordinal
/// order of their paths. Names that begin with a dot and other extensions are skipped. A symbolic link is followed if it stays
/// inside the folder and forms no cycle.
[<RequireQualifiedAccess>]
module ImageFolders =
    /// The largest size of the square that images are scaled to.
    let largestSize = 1024

    /// The most classes that 16-bit labels can distinguish.
    let mostClasses = 65_536

    let private mostFiles = 5_000_000
    let private mostFolders = 500_000
    let private deepest = 32

    let private endings =
        HashSet([ ".png"; ".jpg"; ".jpeg"; ".webp"; ".bmp" ], StringComparer.OrdinalIgnoreCase)

    exception private Refused of reason: string

    let private refuse reason = raise (Refused reason)

    /// A path with all links resolved.
    let rec private real (links: int) (path: string) : string =
        let follow (above: string) (part: string) =
            let here = Path.Combine(above, part)

            match DirectoryInfo(here).LinkTarget with
            | null -> here
            | _ when links > 40 -> refuse $"{path} is a circular link"
            | target -> real (links + 1) (Path.GetFullPath(target, above))

        let root = Path.GetPathRoot path |> Option.ofObj |> Option.defaultValue ""

        path.Substring(root.Length).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries)
        |> Array.fold follow root

    /// The actual entry: itself, or the target of the link if that is below the root.
    let private target (root: string) (entry: FileSystemInfo) : FileSystemInfo =
        if isNull entry.LinkTarget then
            entry
        else
            let name = Path.GetRelativePath(root, entry.FullName)
            let found = real 0 entry.FullName

            if not (found.StartsWith(real 0 root + string Path.DirectorySeparatorChar)) then
                refuse $"{name} is a link that leads out of the folder"

            let found: FileSystemInfo =
                match entry with
                | :? DirectoryInfo -> DirectoryInfo found
                | _ -> FileInfo found

            if not found.Exists then
                refuse $"{name} is a link to nothing"

            found

    let private visible (entries: 'T seq) : 'T seq when 'T :> FileSystemInfo =
        entries |> Seq.filter (fun entry -> not (entry.Name.StartsWith '.'))

    let private isPicture (file: FileInfo) = endings.Contains file.Extension

    let private folders (folder: DirectoryInfo) = visible (folder.EnumerateDirectories())

    let private classes (root: string) part : string[] =
        let folder = DirectoryInfo(Path.Combine(root, part))

        if not folder.Exists then
            refuse $"it has no folder {part}, with a folder for each class"

        target root folder |> ignore

        match visible (folder.EnumerateFiles()) |> Seq.tryFind isPicture with
        | Some loose -> refuse $"{part}/{loose.Name} is not in the folder of a class"
        | None -> ()

        let names =
            folders folder
            |> Seq.map _.Name
            |> Seq.truncate (mostClasses + 1)
            |> Seq.toArray

        Array.Sort(names, StringComparer.Ordinal)

        if names.Length = 0 then
            refuse $"{part} holds no folders, and each would be a class"

        if names.Length > mostClasses then
            refuse $"{part} holds more than {mostClasses} folders, and each is a class"

        names

    let private images (root: string) part (labels: (string * int)[]) : ImageFile[] * int =
        let found = ResizeArray<ImageFile>()
        let mutable ignored = 0
        let mutable visited = 0

        /// `above`: the folders that contain it.
        let rec add (below: string) label (above: string list) =
            if above.Length > deepest then
                refuse $"{below} lies deeper than {deepest} folders"

            visited <- visited + 1

            if visited > mostFolders then
                refuse $"{part} holds more than {mostFolders} folders, links among them"

            let folder = DirectoryInfo(Path.Combine(root, below))
            let real = (target root folder).FullName

            if List.contains real above then
                refuse $"{below} is a link to a folder that contains it"

            let pictures, others =
                visible (folder.EnumerateFiles()) |> List.ofSeq |> List.partition isPicture

            ignored <- ignored + others.Length

            for file in pictures do
                let length = (target root file :?> FileInfo).Length

                if length = 0L then
                    refuse $"{below}/{file.Name} is empty"

                if found.Count >= mostFiles then
                    refuse $"{part} holds more than {mostFiles} pictures"

                found.Add
                    {
                        Path = $"{below}/{file.Name}"
                        Length = length
                        Label = label
                    }

            for inner in folders folder do
                add $"{below}/{inner.Name}" label (real :: above)

        for name, label in labels do
            add $"{part}/{name}" label []

        if found.Count = 0 then
            refuse $"{part} holds no picture"

        found.Sort(fun a b -> String.CompareOrdinal(a.Path, b.Path))
        found.ToArray(), ignored

    let private listed (root: string) : ImageListing =
        let names = classes root "train"

        let label name =
            Array.BinarySearch(names, name, StringComparer.Ordinal)

        let training, ignored =
            images root "train" (Array.mapi (fun i name -> name, i) names)

        let testPart =
            if Directory.Exists(Path.Combine(root, "test")) then
                "test"
            else
                "val"

        let tested = classes root testPart

        match tested |> Array.tryFind (fun name -> label name < 0) with
        | Some other -> refuse $"{testPart}/{other} is a class that is missing in train"
        | None -> ()

        let seen = training |> Seq.map _.Label |> Set.ofSeq

        match Seq.tryFind (seen.Contains >> not) (seq { 0 .. names.Length - 1 }) with
        | Some empty -> refuse $"train/{names[empty]} holds no picture"
        | None -> ()

        let test, ignoredTest =
            images root testPart (tested |> Array.map (fun name -> name, label name))

        {
            Folder = root
            Classes = names
            Training = training
            Test = test
            Ignored = ignored + ignoredTest
        }

    /// SHA-256, in hexadecimal digits, of a listing's classes, paths and labels in order and of each file's SHA-256, training
    /// files first. Two folders with the same content have the same digest, wherever they are.
    let digest (listing: ImageListing) (sums: string[]) : string =
        use sum = IncrementalHash.CreateHash HashAlgorithmName.SHA256

        // Neither names nor paths contain a zero byte, so two different listings never hash the same bytes.
        let add (text: string) =
            sum.AppendData(Encoding.UTF8.GetBytes(text + "\000"))

        let addPart (files: ImageFile[]) (sums: string[]) =
            add $"{files.Length}"

            for file, sum in Array.zip files sums do
                add file.Path
                add $"{file.Label}"
                add sum

        add $"{listing.Classes.Length}"
        listing.Classes |> Array.iter add
        let training, test = Array.splitAt listing.Training.Length sums
        addPart listing.Training training
        addPart listing.Test test
        Convert.ToHexStringLower(sum.GetHashAndReset())

    /// What a plan needs to know about a listing whose files have the given digest.
    let content (digest: string) (listing: ImageListing) : FolderContent =
        {
            Digest = digest
            Classes = listing.Classes.Length
            TrainingImages = listing.Training.Length
            TestImages = listing.Test.Length
        }

    /// A folder that is not on this machine.
    let unknown: FolderContent =
        {
            Digest = ""
            Classes = 0
            TrainingImages = 0
            TestImages = 0
        }

    /// Lists a folder's images without opening them, or says why the folder cannot be read.
    let list (folder: string) : Result<ImageListing, string> =
        try
            if Directory.Exists folder then
                Ok(listed (Path.TrimEndingDirectorySeparator(Path.GetFullPath folder)))
            else
                Error "there is no such folder"
        with
        | Refused reason -> Error reason
        | :? UnauthorizedAccessException -> Error "this user may not read it"
        | :? ArgumentException
        | :? NotSupportedException -> Error "this is not a valid folder name"
        | :? IOException as error -> Error error.Message
