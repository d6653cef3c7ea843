"""What can be typed after `vivant`, one module per command."""
