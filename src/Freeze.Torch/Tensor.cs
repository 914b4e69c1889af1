using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.NativeMethods;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch. It joins the innermost <see cref="DisposeScope"/> of its thread; without one, whoever
    /// made it disposes it. Names and meanings are TorchSharp's; an operation that libtorch refuses throws
    /// <see cref="ExternalException"/> with its message, one on a disposed tensor
    /// <see cref="ObjectDisposedException"/>.
    /// </summary>
    public sealed partial class Tensor : IDisposable
    {
        private long handle;

        internal Tensor(long handle)
        {
            this.handle = handle;
            Owner = DisposeScope.Join(this);
        }

        internal DisposeScope? Owner { get; set; }

        /// <summary>The number of live tensors of the process.</summary>
        public static long TotalCount => freeze_live_count();

        /// <summary>Whether the tensor is disposed.</summary>
        public bool IsInvalid => handle == 0;

        internal long Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(Tensor));

        /// <summary>The extent of each dimension.</summary>
        public long[] shape
        {
            get
            {
                var sizes = new long[ndim];
                Check(freeze_sizes(Handle, sizes, sizes.Length));
                return sizes;
            }
        }

        /// <summary>The number of dimensions.</summary>
        public long ndim
        {
            get
            {
                Check(freeze_dim(Handle, out var count));
                return count;
            }
        }

        /// <summary>The type of the elements.</summary>
        public ScalarType dtype
        {
            get
            {
                Check(freeze_dtype(Handle, out var type));
                return (ScalarType)type;
            }
        }

        /// <summary>Bytes of one element.</summary>
        public long element_size() => dtype switch
        {
            ScalarType.Byte or ScalarType.Bool => 1,
            ScalarType.BFloat16 => 2,
            ScalarType.Int32 or ScalarType.Float32 => 4,
            _ => 8,
        };

        /// <summary>The memory of a contiguous tensor: valid while the tensor lives, writing it writes the tensor.</summary>
        /// <exception cref="InvalidOperationException">The tensor is not contiguous, or lies on a GPU.</exception>
        public unsafe Span<byte> bytes
        {
            get
            {
                nint address;
                long length;
                try
                {
                    Check(freeze_memory(Handle, out address, out length));
                }
                catch (ExternalException refusal)
                {
                    throw new InvalidOperationException(refusal.Message, refusal);
                }

                return new Span<byte>((void*)address, checked((int)length));
            }
        }

        /// <summary>The number of elements.</summary>
        public long numel() => shape.Aggregate(1L, (product, extent) => product * extent);

        /// <summary>The value of a tensor of one element.</summary>
        public T item<T>()
            where T : unmanaged
        {
            Check(freeze_item(Handle, out var real, out var whole));
            return typeof(T) == typeof(long) || typeof(T) == typeof(int)
                ? (T)Convert.ChangeType(whole, typeof(T), CultureInfo.InvariantCulture)
                : (T)Convert.ChangeType(real, typeof(T), CultureInfo.InvariantCulture);
        }

        /// <summary>The elements, which must be of type <typeparamref name="T"/>.</summary>
        /// <exception cref="ArgumentException">The elements are of another type.</exception>
        public Utils.TensorAccessor<T> data<T>()
            where T : unmanaged
        {
            var type = dtype;
            return type == TypeOf<T>()
                ? new Utils.TensorAccessor<T>(cpu())
                : throw new ArgumentException($"the tensor holds {type}, not {typeof(T).Name}");
        }

        /// <summary>Frees the tensor; doing so again is no error.</summary>
        public void Dispose()
        {
            var dead = Interlocked.Exchange(ref handle, 0);
            if (dead != 0)
            {
                Owner?.Forget(this);
                Owner = null;
                Check(freeze_release(dead));
            }
        }

        /// <summary>Type and shape, as in <c>Float32[20, 1, 5, 5]</c>.</summary>
        public override string ToString() => IsInvalid ? "disposed tensor" : $"{dtype}[{string.Join(", ", shape)}]";
    }
}
