"""Stand-ins for the outside world; what they remember is on disk."""
