namespace Freeze

open System

/// What is known of a data set without opening it.
type DataSet =
    {
        Name: string
        /// Channels, height and width of an image.
        Image: int[]
        Classes: int
        TrainingImages: int
        TestImages: int
        /// Identifies the published set's images and labels, however its files are packed: usually a SHA-256 (`ContentDigest` in
        /// the runtime). `md5:…` is the checksum of the published archive, for a set whose content digest this version of Freeze
        /// does not know.
        Digest: string
        /// One line for `freeze data`.
        About: string
    }

    /// Whether a copy's content can be compared with the published one.
    member set.IsKnown = not (set.Digest.StartsWith("md5:", StringComparison.Ordinal))

[<RequireQualifiedAccess>]
module DataSets =
    let private set name about (image: int[]) classes (trainingImages, testImages) =
        {
            Name = name
            Image = image
            Classes = classes
            TrainingImages = trainingImages
            TestImages = testImages
            Digest = ""
            About = about
        }

    let private identifiedBy digest (set: DataSet) = { set with Digest = digest }

    let private grey28 = [| 1; 28; 28 |]
    let private rgb32 = [| 3; 32; 32 |]
    let private rgb64 = [| 3; 64; 64 |]

    /// Every data set that a Freeze file can name. A set in idx files has the digest of its files' checksums, a sample the digest
    /// of its files, and `synthetic` the version of its generator.
    let all =
        [|
            set "mnist" "handwritten digits (LeCun, Cortes, Burges)" grey28 10 (60000, 10000)
            |> identifiedBy "ac89dbc26b7b0b5f68ff586bc0579a0c16e78b3436b0c71ccdd0169cbebf9ff7"
            set "mnist-sample" "the first tenth of MNIST, part of Freeze: no download" grey28 10 (6000, 1000)
            |> identifiedBy "097cff632392d637972786871a44e1db94b6147f8975a11d3d7121cd866ae549"
            set "fashion-mnist" "articles of clothing (Xiao, Rasul, Vollgraf 2017)" grey28 10 (60000, 10000)
            |> identifiedBy "7b0688d0999122d67a4eb2b95499a3bf7c5afbfaef15b7295b9f619d9e48a0bc"
            set "cifar10" "small colour photographs (Krizhevsky 2009)" rgb32 10 (50000, 10000)
            |> identifiedBy "8c55a8b9bded44be4bdc99f909320d5d483890a750bfb8468cc66d642470223a"
            set
                "cifar100"
                "small colour photographs, a hundred classes (Krizhevsky 2009)"
                rgb32
                100
                (50000, 10000)
            |> identifiedBy "md5:eb9058c3a382ffc7106e4002c42a8d85"
            set "cifar100-coarse" "CIFAR-100 in its twenty superclasses" rgb32 20 (50000, 10000)
            |> identifiedBy "md5:eb9058c3a382ffc7106e4002c42a8d85"
            set "cifar100-sample" "the first tenth of CIFAR-100" rgb32 100 (5000, 1000)
            |> identifiedBy "4ee6dda1d95c038bb9e98acc652119843eb810ec401d9b2187bf8714674b7b46"
            set "cifar100-coarse-sample" "the first tenth, in twenty superclasses" rgb32 20 (5000, 1000)
            |> identifiedBy "66cb9e2edf799b7cd682cae7fb7b1fb5748a5c4c92a7fdf7e0c1b5850b8bdef6"
            set "tiny-imagenet" "photographs of 200 classes (Stanford's CS231n)" rgb64 200 (100000, 10000)
            |> identifiedBy "md5:90528d7ca1a48142e341f4ef8d21d0de"
            set
                "tiny-imagenet-sample"
                "20 classes of Tiny-ImageNet, a hundred images each"
                rgb64
                20
                (2000, 1000)
            |> identifiedBy "0f4c6fc4638b758eb91af918d6694fa3cdcd314ef09e1b24fb7086868ace3d44"
            set "synthetic" "textures and shapes that Freeze draws itself: no download" rgb32 10 (10000, 2000)
            |> identifiedBy "version 1"
        |]

    /// The set with the given name, if there is one.
    let tryFind name =
        all |> Array.tryFind (fun set -> set.Name = name)
