"""Base data and corrections in, a measured model out; here or on a cluster."""
