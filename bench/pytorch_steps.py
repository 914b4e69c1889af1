#!/usr/bin/python3
"""Times training steps in typical PyTorch code; bench/compare calls it.

    pytorch_steps.py NET WAY FORMAT [--threads N] [--steps N] [--device cuda]

NET     lenet, blog, wrn-28-4, densenet-100-12
WAY     full; prefix (the first half of the convolutions, with their norms, has requires_grad=False); filters-0.1 (of
        each convolution, by gradient masks); zero-0.4 (the other filters set to 0 after each step); bn (norms alone);
        last (the last layer alone)
FORMAT  nchw, nhwc (channels_last), bf16 (channels_last under autocast)

Prints the seconds of each step (zero_grad, forward, backward, SGD step) on random images, after two warm-up steps, and the
process's peak memory in bytes, as JSON. Needs PyTorch (Debian: python3-torch, the libtorch that Freeze binds there).
"""
import argparse
import json
import resource
import time

import torch
import torch.nn.functional as F
from torch import nn


class LeNet(nn.Module):
    shape, batch = (1, 28, 28), 128

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.fc1, self.fc2 = nn.Linear(800, 500), nn.Linear(500, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class Blog(nn.Module):
    shape, batch = (3, 32, 32), 128

    def __init__(self):
        super().__init__()
        sizes = [3, 10, 20, 64, 64, 128]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sizes, sizes[1:]))
        self.fc6, self.fc7, self.fc8 = nn.Linear(512, 256), nn.Linear(256, 256), nn.Linear(256, 10)

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = F.relu(conv(x))
            if i > 0:
                x = F.max_pool2d(x, 2)
        return self.fc8(F.relu(self.fc7(F.relu(self.fc6(x.flatten(1))))))


class WideUnit(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(filters), nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.shortcut = None if inputs == filters else nn.Conv2d(inputs, filters, 1, stride, bias=False)

    def forward(self, x):
        active = F.relu(self.bn1(x))
        out = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return out + (x if self.shortcut is None else self.shortcut(active))


class Wide(nn.Module):
    shape, batch = (3, 32, 32), 64

    def __init__(self, depth=28, widen=4):
        super().__init__()
        sizes, units = [16, 16 * widen, 32 * widen, 64 * widen], (depth - 4) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.units = nn.Sequential(*(
            WideUnit(sizes[block] if unit == 0 else sizes[block + 1], sizes[block + 1], 2 if block and unit == 0 else 1)
            for block in range(3) for unit in range(units)
        ))
        self.bn, self.fc = nn.BatchNorm2d(sizes[3]), nn.Linear(sizes[3], 10)

    def forward(self, x):
        return self.fc(F.relu(self.bn(self.units(self.conv1(x)))).mean((2, 3)))


class DenseUnit(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, 1, 1, bias=False)

    def forward(self, x):
        return torch.cat((x, self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))), 1)


class Transition(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.bn, self.conv = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, inputs // 2, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.bn(x))), 2)


class Dense(nn.Module):
    shape, batch = (3, 32, 32), 64

    def __init__(self, depth=100, growth=12):
        super().__init__()
        maps, parts = 2 * growth, []
        self.conv1 = nn.Conv2d(3, maps, 3, 1, 1, bias=False)
        for block in range(3):
            for _ in range((depth - 4) // 6):
                parts.append(DenseUnit(maps, growth))
                maps += growth
            if block < 2:
                parts.append(Transition(maps))
                maps //= 2
        self.body, self.bn, self.fc = nn.Sequential(*parts), nn.BatchNorm2d(maps), nn.Linear(maps, 10)

    def forward(self, x):
        return self.fc(F.relu(self.bn(self.body(self.conv1(x)))).mean((2, 3)))


NETS = {"lenet": LeNet, "blog": Blog, "wrn-28-4": Wide, "densenet-100-12": Dense}


def prepare(net, way):
    """Sets what is trained; returns what must be done after each step."""
    convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    if way == "prefix":
        seen = 0
        for module in net.modules():
            seen += isinstance(module, nn.Conv2d)
            if isinstance(module, (nn.Conv2d, nn.BatchNorm2d)) and seen <= len(convs) // 2:
                module.requires_grad_(False)
    elif way in ("bn", "last"):
        net.requires_grad_(False)
        chosen = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)] if way == "bn" else list(net.children())[-1:]
        for module in chosen:
            module.requires_grad_(True)
    elif way != "full":
        share, masks = float(way.split("-")[1]), []
        for conv in convs:
            mask = torch.zeros_like(conv.weight)
            mask[: int(share * len(mask))] = 1
            if way.startswith("filters"):
                conv.weight.register_hook(lambda gradient, mask=mask: gradient * mask)
            masks.append((conv.weight, mask))
        if way.startswith("zero"):
            def restore():
                with torch.no_grad():
                    for weight, mask in masks:
                        weight.mul_(mask)
            restore()
            return restore
    return lambda: None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", choices=NETS)
    parser.add_argument("way")
    parser.add_argument("format", choices=["nchw", "nhwc", "bf16"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    kind = NETS[options.net]
    net, x, y = kind(), torch.randn(kind.batch, *kind.shape), torch.randint(0, 10, (kind.batch,))
    net, x, y = net.to(options.device), x.to(options.device), y.to(options.device)
    if options.format != "nchw":
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    after = prepare(net, options.way)
    optimizer = torch.optim.SGD(
        [p for p in net.parameters() if p.requires_grad], lr=0.01, momentum=0.9, weight_decay=5e-4
    )
    times = []
    for _ in range(options.steps + 2):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.format == "bf16"):
            loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        after()
        times.append(time.perf_counter() - start)
        if options.device == "cuda" and len(times) == 2:
            torch.cuda.synchronize()
            begun = time.perf_counter()
    # Synchronises with a GPU once, as users do: only the mean of its steps is known.
    if options.device == "cuda":
        torch.cuda.synchronize()
        times[2:] = [(time.perf_counter() - begun) / options.steps]
    print(json.dumps({"seconds": times[2:], "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
