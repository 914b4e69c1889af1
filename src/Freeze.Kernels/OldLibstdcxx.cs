using System.Buffers.Binary;
using System.Text;

namespace Freeze.Kernels;

/// <summary>
/// Lets TorchSharp's native library load where libstdc++ is older than GCC 13 (Debian 12, Ubuntu 22.04). The library requires the
/// version GLIBCXX_3.4.32 because of one symbol, a marker that makes old libraries refuse its object files; no code uses it. A
/// copy of the library that marks this version as optional loads and works.
/// </summary>
internal static class OldLibstdcxx
{
    /// <summary>The version that a libstdc++ before GCC 13 lacks, and its only symbol.</summary>
    public const string Version = "GLIBCXX_3.4.32";
    public const string Symbol = "_ZSt21ios_base_library_initv";

    // Names and layouts follow the ELF specification and the GNU extensions for symbol versions.
    private const uint PtLoad = 1, PtDynamic = 2;
    private const ulong DtPltRelSz = 2, DtStrTab = 5, DtRela = 7, DtRelaSz = 8, DtJmpRel = 23;
    private const ulong DtVerSym = 0x6ffffff0, DtVerNeed = 0x6ffffffe;
    private const ushort VerFlgWeak = 2;

    /// <summary>A copy of an x86-64 shared library that loads without <paramref name="version"/> of its libraries.</summary>
    /// <returns>Null if the library does not require that version.</returns>
    /// <exception cref="InvalidDataException">It is not such a library, or code uses a symbol of that version.</exception>
    public static byte[]? WithOptional(byte[] library, string version = Version)
    {
        try
        {
            return new Elf(library).WithOptional(version);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("the file is truncated or not a shared library", error);
        }
    }

    private sealed class Elf
    {
        private readonly byte[] bytes;
        private readonly List<(ulong Address, ulong Offset, ulong Size)> segments = [];
        private readonly Dictionary<ulong, ulong> dynamic = [];

        public Elf(byte[] bytes)
        {
            this.bytes = bytes;
            // 64 bits, little-endian, for x86-64.
            if (!bytes.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8) || U16(18) != 62)
            {
                throw new InvalidDataException("the file is not a shared library for x86-64");
            }

            var (headers, size, count) = (U64(32), U16(54), U16(56));
            for (var at = headers; at < headers + ((ulong)size * count); at += size)
            {
                if (U32(at) == PtLoad)
                {
                    segments.Add((U64(at + 16), U64(at + 8), U64(at + 32)));
                }
                else if (U32(at) == PtDynamic)
                {
                    for (var entry = U64(at + 8); U64(entry) != 0; entry += 16)
                    {
                        dynamic[U64(entry)] = U64(entry + 8);
                    }
                }
            }
        }

        public byte[]? WithOptional(string version)
        {
            if (NeedOf(version) is not { } need)
            {
                return null;
            }

            var index = U16(need + 6);
            if (Relocations().Any(symbol => VersionOf(symbol) == index))
            {
                throw new InvalidDataException($"its code uses {version} beyond the marker symbol");
            }

            var copy = bytes.ToArray();
            BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan((int)need + 4), (ushort)(U16(need + 4) | VerFlgWeak));
            return copy;
        }

        /// <summary>The offset of the entry (Elf64_Vernaux) for a version, in any of the needed libraries.</summary>
        private ulong? NeedOf(string version)
        {
            if (!dynamic.TryGetValue(DtVerNeed, out var table))
            {
                return null;
            }

            for (var file = Offset(table); ; file += U32(file + 12))
            {
                var count = U16(file + 2);
                for (var (i, entry) = (0, file + U32(file + 8)); i < count; i++, entry += U32(entry + 12))
                {
                    if (Text(U32(entry + 8)) == version)
                    {
                        return entry;
                    }
                }

                if (U32(file + 12) == 0)
                {
                    return null;
                }
            }
        }

        /// <summary>The symbol of each relocation, that is, the symbols that code and data use.</summary>
        private IEnumerable<uint> Relocations()
        {
            foreach (var (table, size) in new[] { (DtRela, DtRelaSz), (DtJmpRel, DtPltRelSz) })
            {
                if (dynamic.TryGetValue(table, out var address))
                {
                    for (var (at, end) = (Offset(address), Offset(address) + dynamic[size]); at < end; at += 24)
                    {
                        yield return U32(at + 12);
                    }
                }
            }
        }

        private ushort VersionOf(uint symbol) => (ushort)(U16(Offset(dynamic[DtVerSym]) + (2 * (ulong)symbol)) & 0x7fff);

        private string Text(uint offset)
        {
            var text = bytes.AsSpan((int)(Offset(dynamic[DtStrTab]) + offset));
            return Encoding.ASCII.GetString(text[..text.IndexOf((byte)0)]);
        }

        private ulong Offset(ulong address)
        {
            foreach (var segment in segments)
            {
                if (address - segment.Address < segment.Size)
                {
                    return segment.Offset + (address - segment.Address);
                }
            }

            throw new InvalidDataException("the file refers to an address that it does not have");
        }

        private ushort U16(ulong at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(checked((int)at)));

        private uint U32(ulong at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(checked((int)at)));

        private ulong U64(ulong at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(checked((int)at)));
    }
}
