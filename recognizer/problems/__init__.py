"""What goes wrong, and how programs and people are told."""
