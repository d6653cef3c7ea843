"""The core: everything that no chat platform and no HTTP server needs to know."""
