// dotnet fsi ReadyToRun.fsx FOLDER ASSEMBLY…: writes copies into the folder in which each type without an initialiser is marked
// `beforefieldinit`. The mark changes nothing for such a type, but crossgen2 compiles generic functions only in marked types.
open System
open System.IO
open System.Reflection
open System.Reflection.Metadata
open System.Reflection.Metadata.Ecma335
open System.Reflection.PortableExecutable

let marked (path: string) : byte[] =
    let bytes = File.ReadAllBytes path
    use file = new PEReader(new MemoryStream(bytes))
    let reader = file.GetMetadataReader()

    let table =
        file.PEHeaders.MetadataStartOffset
        + reader.GetTableMetadataOffset TableIndex.TypeDef

    let isInitialiser handle =
        reader.StringComparer.Equals((reader.GetMethodDefinition handle).Name, ".cctor")

    for handle in reader.TypeDefinitions do
        let definition = reader.GetTypeDefinition handle

        if not (definition.GetMethods() |> Seq.exists isInitialiser) then
            let row = MetadataTokens.GetRowNumber handle - 1
            // A row begins with its four bytes of flags.
            let flags = int (definition.Attributes ||| TypeAttributes.BeforeFieldInit)

            BitConverter
                .GetBytes(flags)
                .CopyTo(bytes, table + row * reader.GetTableRowSize TableIndex.TypeDef)

    bytes

match List.ofArray fsi.CommandLineArgs with
| _ :: folder :: paths ->
    Directory.CreateDirectory folder |> ignore

    for path in paths do
        let copy, bytes = Path.Combine(folder, Path.GetFileName path), marked path

        // A copy that keeps its time is not compiled again.
        if not (File.Exists copy && File.ReadAllBytes(copy).AsSpan().SequenceEqual bytes) then
            File.WriteAllBytes(copy, bytes)
| _ -> failwith "a folder and assemblies are missing"
