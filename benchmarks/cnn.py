"""A small convolutional network in PyTorch, to compare with: by hand, never part of the product."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.drawing.canonical import Digits
from ml.pipeline import DIGITS

EPOCHS = 4
BATCH = 128


class SmallNetwork(nn.Module):  # type: ignore[misc]
    """Two convolutions of 5x5 with pooling, one hidden layer: 0.2 million weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.3),
            nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, DIGITS + 1),
        )  # fmt: skip

    def forward(self, images: Any) -> Any:
        """Score images (n, 1, 28, 28), 0 to 1: (n, 11)."""
        return self.layers(images)

    def scores(self, images: Digits) -> NDArray[np.float32]:
        """Score canonical digits (n, 28, 28): (n, 11)."""
        self.eval()
        with torch.no_grad():
            parts = [
                self(as_tensor(images[start : start + 1000])).numpy()
                for start in range(0, len(images), 1000)
            ]
        return np.concatenate(parts)


def as_tensor(images: Digits) -> Any:
    """Turn canonical digits into what the network takes."""
    return torch.from_numpy(images[:, None].astype(np.float32) / np.float32(255))


def train_cnn(images: Digits, labels: NDArray[np.uint8]) -> SmallNetwork:
    """Train with Adam, the learning rate falling along half a cosine."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network = SmallNetwork()
    steps = EPOCHS * (len(images) // BATCH)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loss_of = nn.CrossEntropyLoss()
    for epoch in range(EPOCHS):
        network.train()
        order = rng.permutation(len(images))
        for step in range(len(images) // BATCH):
            batch = order[step * BATCH : (step + 1) * BATCH]
            loss = loss_of(
                network(as_tensor(images[batch])), torch.from_numpy(labels[batch].astype(np.int64))
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {loss.item():.4f}", flush=True)
    return network
