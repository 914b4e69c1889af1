module Freeze.Language.Tests.RandomTests

open System
open Expecto
open Freeze
open Freeze.Tests.Expectations

[<Tests>]
let tests =
    testList
        "random streams"
        [
            test "the stream is SplitMix64: its published first outputs for key 0" {
                // The reference implementation's first three outputs for seed 0.
                let expected = [ 0xE220A8397B1DCDAFUL; 0x6E789E6AA1B965F4UL; 0x06C45D188009454FUL ]
                equal expected [ for i in 0L .. 2L -> RandomStream.Bits(0UL, i) ]
            }

            test "streams of other seeds or purposes differ" {
                let keys =
                    [
                        RandomStream.Key(1L, "start of conv1.weight")
                        RandomStream.Key(2L, "start of conv1.weight")
                        RandomStream.Key(1L, "start of conv2.weight")
                    ]

                equal 3 (keys |> List.distinct |> List.length)
            }

            test "unit numbers lie in [0, 1) and have the moments of a uniform distribution" {
                let key = RandomStream.Key(7L, "moments")
                let sample = [| for i in 0L .. 99_999L -> float (RandomStream.Unit(key, i)) |]

                for x in sample do
                    between 0.0 0.99999995 x
                // Five standard errors of the mean of 100,000.
                between (0.5 - 0.0046) (0.5 + 0.0046) (Array.average sample)

                let variance = sample |> Array.averageBy (fun x -> (x - 0.5) * (x - 0.5))
                between (1.0 / 12.0 - 0.0012) (1.0 / 12.0 + 0.0012) variance
            }

            test "a permutation holds every index once and every position is as likely" {
                let order = RandomStream.Permutation(RandomStream.Key(1L, "order"), 1000)
                equal [| 0..999 |] (Array.sort order)
                notEqual [| 0..999 |] order

                // Where does item 0 of 4 go in 4,000 permutations? 1,000 times each, within 5 standard deviations.
                let places =
                    [|
                        for i in 1..4000 ->
                            Array.IndexOf(RandomStream.Permutation(RandomStream.Key(int64 i, "p"), 4), 0)
                    |]

                for place in 0..3 do
                    between (1000 - 137) (1000 + 137) (places |> Array.filter ((=) place) |> Array.length)
            }
        ]
