"""Labeled digits, and the files that hold them: csv, npz, IDX, stroke JSON, folders, MNIST."""
