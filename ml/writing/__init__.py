"""Digits, and pictures that are no digit, that the project makes itself to train and measure on."""
