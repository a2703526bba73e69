"""What goes wrong, and how a program or a person is told."""
