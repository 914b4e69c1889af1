namespace Freeze

open System
open System.IO
open System.Security.Cryptography
open System.Text

/// An image of a folder: its path within the folder, with `/`, and its class.
type FolderImage = { Path: string; Label: int }

/// What a folder of images holds.
type FolderListing =
    {
        /// The folders in `train`, in ordinal order: the first is class 0.
        Classes: string[]
        /// By path, in ordinal order.
        Training: FolderImage[]
        Test: FolderImage[]
        /// The SHA-256 of the paths and lengths of all images: the images themselves are not opened.
        Digest: string
    }

/// Folders of images: `train/<class>/**` and `test/<class>/**` (or `val`), each file a PNG or JPEG by its ending.
[<RequireQualifiedAccess>]
module ImageFolders =
    let private endings = [| ".png"; ".jpg"; ".jpeg" |]

    /// Labels are 16 bits wide.
    let private mostClasses = 65_536

    let private mostImages = 5_000_000

    /// Links are not followed: they may lead out of the folder, or round in it.
    let private options =
        EnumerationOptions(
            RecurseSubdirectories = true,
            MaxRecursionDepth = 8,
            AttributesToSkip =
                (FileAttributes.ReparsePoint ||| FileAttributes.Hidden ||| FileAttributes.System),
            IgnoreInaccessible = false
        )

    let private isImage (file: FileInfo) =
        endings
        |> Array.exists (fun ending -> file.Name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))

    let private images root part (classes: string[]) : (FolderImage * int64)[] =
        classes
        |> Seq.mapi (fun label name ->
            let folder = DirectoryInfo(Path.Combine(root, part, name))

            if folder.Exists then
                folder.EnumerateFiles("*", options)
                |> Seq.filter isImage
                |> Seq.map (fun file ->
                    {
                        Path = Path.GetRelativePath(root, file.FullName).Replace('\\', '/')
                        Label = label
                    },
                    file.Length)
            else
                Seq.empty)
        |> Seq.concat
        |> Seq.truncate (mostImages + 1)
        |> Seq.toArray
        |> Array.sortWith (fun (a, _) (b, _) -> String.CompareOrdinal(a.Path, b.Path))

    let private digest (images: (FolderImage * int64) seq) =
        use sum = IncrementalHash.CreateHash HashAlgorithmName.SHA256

        for image, length in images do
            sum.AppendData(Encoding.UTF8.GetBytes $"{image.Path}\n{length}\n")

        Convert.ToHexStringLower(sum.GetHashAndReset())

    let private listed (root: string) : Result<FolderListing, string> =
        let folders part =
            DirectoryInfo(Path.Combine(root, part)).GetDirectories()
            |> Array.filter (fun folder -> folder.Attributes &&& options.AttributesToSkip = enum 0)
            |> Array.map _.Name

        let has part =
            Directory.Exists(Path.Combine(root, part))

        match has "train", List.tryFind has [ "test"; "val" ] with
        | false, _ -> Error "it has no folder train, with a folder for each class"
        | _, None -> Error "it has no folder test or val, with a folder for each class"
        | true, Some judged ->
            let classes = folders "train"
            Array.Sort(classes, StringComparer.Ordinal)

            match folders judged |> Array.tryFind (fun name -> not (Array.contains name classes)) with
            | Some other -> Error $"{judged} has a class {other}, and train has not"
            | None when classes.Length < 2 -> Error "train has not two classes: each is a folder in it"
            | None when classes.Length > mostClasses -> Error $"it has more than {mostClasses} classes"
            | None ->
                let training = images root "train" classes
                let test = images root judged classes

                if training.Length = 0 || test.Length = 0 then
                    Error "it has no .png or .jpg to train on and to judge by"
                elif training.Length + test.Length > mostImages then
                    Error $"it has more than {mostImages} images"
                else
                    Ok
                        {
                            Classes = classes
                            Training = Array.map fst training
                            Test = Array.map fst test
                            Digest = digest (Seq.append training test)
                        }

    /// What a folder holds, or why it cannot be read.
    let list (root: string) : Result<FolderListing, string> =
        try
            if Directory.Exists root then
                listed root
            else
                Error "there is no such folder"
        with
        | :? UnauthorizedAccessException -> Error "it may not be read by this user"
        | :? ArgumentException
        | :? NotSupportedException -> Error "this is no name of a folder"
        | :? IOException as error -> Error error.Message
