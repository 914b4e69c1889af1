namespace Freeze

open System
open System.Security.Cryptography
open System.Text

/// Random numbers that depend only on a seed, a purpose and an index: not on the order of calls, the thread, the platform or the
/// version of any library. Hence two runs that differ only in their rules start from the same weights and see the same batches,
/// and a resumed run needs no saved state.
///
/// The numbers are those of SplitMix64 (Steele, Lea and Flood 2014); its key is a SHA-256 of seed and purpose.
[<Sealed; AbstractClass>]
type RandomStream private () =
    static let golden = 0x9E3779B97F4A7C15UL

    static let mix (z: uint64) =
        let z = (z ^^^ (z >>> 30)) * 0xBF58476D1CE4E5B9UL
        let z = (z ^^^ (z >>> 27)) * 0x94D049BB133111EBUL
        z ^^^ (z >>> 31)

    /// The key of the stream for one purpose, such as "start of conv1.weight" or "order of epoch 3".
    static member Key(seed: int64, purpose: string) : uint64 =
        let text = Encoding.UTF8.GetBytes $"{seed}/{purpose}"
        BitConverter.ToUInt64(SHA256.HashData(text), 0)

    /// 64 random bits: number `index` (from 0) of the stream.
    static member Bits(key: uint64, index: int64) : uint64 =
        mix (key + uint64 (index + 1L) * golden)

    /// A float32 in [0, 1), made of 24 random bits.
    static member Unit(key: uint64, index: int64) : float32 =
        float32 (RandomStream.Bits(key, index) >>> 40) * (1.0f / 16777216.0f)

    /// 0 .. count-1 in random order (Fisher and Yates).
    static member Permutation(key: uint64, count: int) : int[] =
        let order = Array.init count id

        for i in count - 1 .. -1 .. 1 do
            // The high half of the product is a uniform choice among i + 1 (Lemire 2019), to within 2^-40 here.
            let mutable low = 0UL
            let j = int (Math.BigMul(RandomStream.Bits(key, int64 i), uint64 (i + 1), &low))
            let kept = order[i]
            order[i] <- order[j]
            order[j] <- kept

        order
