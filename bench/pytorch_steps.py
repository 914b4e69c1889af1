#!/usr/bin/python3
"""Times training steps of LeNet in PyTorch as users write them; bench/compare calls it.

Prints the median seconds of a step (zero_grad, forward, backward, SGD step) on random images.
    pytorch_steps.py WAY [--threads N] [--steps N]
WAY: full; prefix (the first convolution has requires_grad=False); tenth (of the filters, by gradient masks).
"""
import argparse
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.fc1, self.fc2 = nn.Linear(800, 500), nn.Linear(500, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def prepare(net, way):
    if way == "prefix":
        for p in net.conv1.parameters():
            p.requires_grad_(False)
    elif way == "tenth":
        for conv in (net.conv1, net.conv2):
            for p in conv.parameters():
                mask = torch.zeros_like(p)
                mask[: max(1, p.shape[0] // 10)] = 1
                p.register_hook(lambda g, mask=mask: g * mask)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["full", "prefix", "tenth"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=230)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    net = LeNet()
    prepare(net, options.way)
    optimizer = torch.optim.SGD(
        [p for p in net.parameters() if p.requires_grad], lr=0.01, momentum=0.9, weight_decay=5e-4
    )
    x, y = torch.randn(128, 1, 28, 28), torch.randint(0, 10, (128,))
    times = []
    for step in range(options.steps + 46):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
        if step >= 46:
            times.append(time.perf_counter() - start)
    print(statistics.median(times))


if __name__ == "__main__":
    main()
