"""The recognizer: from ink to digits, and how it is trained. It knows nothing of the web."""
