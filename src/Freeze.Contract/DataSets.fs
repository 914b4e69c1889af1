namespace Freeze

/// What can be known of a data set without opening it.
type DataSet =
    {
        Name: string
        /// Channels, height and width of an image.
        Image: int[]
        Classes: int
        TrainingImages: int
        TestImages: int
        /// One line for `freeze data`.
        About: string
    }

[<RequireQualifiedAccess>]
module DataSets =
    let private set name image classes trainingImages testImages about =
        {
            Name = name
            Image = image
            Classes = classes
            TrainingImages = trainingImages
            TestImages = testImages
            About = about
        }

    /// Every data set that a Freeze file can name.
    let all =
        [|
            set "mnist" [| 1; 28; 28 |] 10 60000 10000 "handwritten digits (LeCun, Cortes, Burges)"
            set
                "mnist-sample"
                [| 1; 28; 28 |]
                10
                6000
                1000
                "the first tenth of MNIST, part of Freeze: no download"
            set
                "fashion-mnist"
                [| 1; 28; 28 |]
                10
                60000
                10000
                "articles of clothing (Xiao, Rasul, Vollgraf 2017)"
            set "cifar10" [| 3; 32; 32 |] 10 50000 10000 "small colour photographs (Krizhevsky 2009)"
            set "cifar100" [| 3; 32; 32 |] 100 50000 10000 "the same in a hundred classes (Krizhevsky 2009)"
            set "cifar100-coarse" [| 3; 32; 32 |] 20 50000 10000 "CIFAR-100 in its twenty superclasses"
            set "cifar100-sample" [| 3; 32; 32 |] 100 5000 1000 "the first tenth of CIFAR-100"
            set
                "cifar100-coarse-sample"
                [| 3; 32; 32 |]
                20
                5000
                1000
                "the first tenth, in twenty superclasses"
            set
                "tiny-imagenet"
                [| 3; 64; 64 |]
                200
                100000
                10000
                "photographs of 200 classes (Stanford's CS231n)"
            set
                "tiny-imagenet-sample"
                [| 3; 64; 64 |]
                20
                2000
                1000
                "20 classes of Tiny-ImageNet, a hundred images each"
            set
                "synthetic"
                [| 3; 32; 32 |]
                10
                10000
                2000
                "textures and shapes that Freeze draws itself: no download"
        |]

    /// The set of that name, where there is one.
    let tryFind name =
        all |> Array.tryFind (fun set -> set.Name = name)
