using static TorchSharp.NativeMethods;

namespace TorchSharp;

public static partial class torch
{
    public sealed partial class Tensor
    {
        /// <summary>Whether gradients are kept for this tensor.</summary>
        public bool requires_grad
        {
            get
            {
                Check(freeze_requires_grad(Handle, out var value));
                return value != 0;
            }

            set => Check(freeze_set_requires_grad(Handle, value ? 1 : 0));
        }

        /// <summary>The gradient that <see cref="backward"/> has summed, or null; a new object at each reading.</summary>
        public Tensor? grad
        {
            get
            {
                Check(freeze_grad(Handle, out var result));
                return result == 0 ? null : new Tensor(result);
            }

            set => Check(freeze_set_grad(Handle, value is null ? 0 : value.Handle));
        }

        /// <summary>Sets whether gradients are kept.</summary>
        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>Adds the gradient of this scalar to every leaf that it depends on.</summary>
        public void backward() => Check(freeze_backward(Handle));

        /// <summary>The same values without their history.</summary>
        public Tensor detach() => Made(freeze_detach(Handle, out var result), result);

        /// <summary>A copy.</summary>
        public Tensor clone() => Made(freeze_clone(Handle, out var result), result);

        /// <summary>The dimensions in another order, as a view.</summary>
        public Tensor permute(params long[] permutation) =>
            Made(freeze_permute(Handle, permutation, permutation.Length, out var result), result);

        /// <summary>The same values packed in the order of the dimensions.</summary>
        public Tensor contiguous() => Made(freeze_contiguous(Handle, out var result), result);

        /// <summary>The values as another type.</summary>
        public Tensor to(ScalarType type) => Made(freeze_to_type(Handle, (int)type, out var result), result);

        /// <summary>The values in another shape; one extent may be -1.</summary>
        public Tensor reshape(params long[] shape) =>
            Made(freeze_reshape(Handle, shape, shape.Length, out var result), result);

        /// <summary>One dimension in place of several.</summary>
        public Tensor flatten(long start_dim = 0, long end_dim = -1) =>
            Made(freeze_flatten(Handle, start_dim, end_dim, out var result), result);

        /// <summary>A view of a part along one dimension.</summary>
        public Tensor narrow(long dim, long start, long length) =>
            Made(freeze_narrow(Handle, dim, start, length, out var result), result);

        /// <summary>The entries at the given places along one dimension.</summary>
        public Tensor index_select(long dim, Tensor index) =>
            Made(freeze_index_select(Handle, dim, index.Handle, out var result), result);

        /// <summary>A copy with the entries at the given places replaced.</summary>
        public Tensor index_copy(long dim, Tensor index, Tensor source) =>
            Made(freeze_index_copy(Handle, dim, index.Handle, source.Handle, out var result), result);

        /// <summary>Sum.</summary>
        public Tensor add(Tensor target) => Made(freeze_add(Handle, target.Handle, out var result), result);

        /// <summary>Sum with a number.</summary>
        public Tensor add(Scalar scalar) => Made(freeze_add_scalar(Handle, scalar.Value, out var result), result);

        /// <summary>Adds in place.</summary>
        public Tensor add_(Tensor target) => InPlace(freeze_add_(Handle, target.Handle, 1));

        /// <summary>Adds <paramref name="alpha"/> times the other in place.</summary>
        public Tensor add_(Tensor target, Scalar alpha) => InPlace(freeze_add_(Handle, target.Handle, alpha.Value));

        /// <summary>Adds a number in place.</summary>
        public Tensor add_(Scalar scalar) => InPlace(freeze_add_scalar_(Handle, scalar.Value));

        /// <summary>Difference.</summary>
        public Tensor sub(Tensor target) => Made(freeze_sub(Handle, target.Handle, out var result), result);

        /// <summary>Difference with a number.</summary>
        public Tensor sub(Scalar target) => Made(freeze_sub_scalar(Handle, target.Value, out var result), result);

        /// <summary>Subtracts in place.</summary>
        public Tensor sub_(Tensor target) => InPlace(freeze_sub_(Handle, target.Handle));

        /// <summary>Subtracts a number in place.</summary>
        public Tensor sub_(Scalar target) => InPlace(freeze_sub_scalar_(Handle, target.Value));

        /// <summary>Product, entry by entry.</summary>
        public Tensor mul(Tensor target) => Made(freeze_mul(Handle, target.Handle, out var result), result);

        /// <summary>Product with a number.</summary>
        public Tensor mul(Scalar target) => Made(freeze_mul_scalar(Handle, target.Value, out var result), result);

        /// <summary>Multiplies in place.</summary>
        public Tensor mul_(Tensor target) => InPlace(freeze_mul_(Handle, target.Handle));

        /// <summary>Multiplies by a number in place.</summary>
        public Tensor mul_(Scalar target) => InPlace(freeze_mul_scalar_(Handle, target.Value));

        /// <summary>Quotient, entry by entry.</summary>
        public Tensor div(Tensor target) => Made(freeze_div(Handle, target.Handle, out var result), result);

        /// <summary>Quotient by a number.</summary>
        public Tensor div(Scalar target) => Made(freeze_div_scalar(Handle, target.Value, out var result), result);

        /// <summary>Divides in place.</summary>
        public Tensor div_(Tensor target) => InPlace(freeze_div_(Handle, target.Handle));

        /// <summary>Divides by a number in place.</summary>
        public Tensor div_(Scalar target) => InPlace(freeze_div_scalar_(Handle, target.Value));

        /// <summary>Square roots.</summary>
        public Tensor sqrt() => Made(freeze_sqrt(Handle, out var result), result);

        /// <summary>Square roots in place.</summary>
        public Tensor sqrt_() => InPlace(freeze_sqrt_(Handle));

        /// <summary>Adds <paramref name="value"/> times the product of two tensors in place.</summary>
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            InPlace(freeze_addcmul_(Handle, tensor1.Handle, tensor2.Handle, value.Value));

        /// <summary>Adds <paramref name="value"/> times the quotient of two tensors in place.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            InPlace(freeze_addcdiv_(Handle, tensor1.Handle, tensor2.Handle, value.Value));

        /// <summary>The product of two matrices.</summary>
        public Tensor mm(Tensor target) => Made(freeze_mm(Handle, target.Handle, out var result), result);

        /// <summary>The transpose of a matrix, as a view.</summary>
        public Tensor t() => Made(freeze_t(Handle, out var result), result);

        /// <summary>The entries in reverse order along some dimensions.</summary>
        public Tensor flip(params long[] dims) => Made(freeze_flip(Handle, dims, dims.Length, out var result), result);

        /// <summary>Where the two are equal.</summary>
        public Tensor eq(Tensor target) => Made(freeze_eq(Handle, target.Handle, out var result), result);

        /// <summary>The sum of all entries.</summary>
        public Tensor sum() => Made(freeze_sum(Handle, out var result), result);

        /// <summary>The mean over some dimensions.</summary>
        public Tensor mean(long[] dimensions, bool keepdim = false) =>
            Made(freeze_mean(Handle, dimensions, dimensions.Length, keepdim ? 1 : 0, out var result), result);

        /// <summary>The place of the greatest entry along one dimension; of equal ones the first.</summary>
        public Tensor argmax(long dim, bool keepdim = false) =>
            Made(freeze_argmax(Handle, dim, keepdim ? 1 : 0, out var result), result);

        /// <summary>Sets every entry to 0 in place.</summary>
        public Tensor zero_() => InPlace(freeze_zero_(Handle));

        /// <summary>Copies another tensor's values in place; without blocking, the caller goes on meanwhile where a GPU is one side.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false) =>
            InPlace(freeze_copy_(Handle, source.Handle, nonBlocking ? 1 : 0));

        private Tensor InPlace(int status)
        {
            Check(status);
            return this;
        }
    }

    internal static Tensor Made(int status, long handle)
    {
        Check(status);
        return new Tensor(handle);
    }
}
