"""What people say about motion, read into a timed plan: text in, values out."""
