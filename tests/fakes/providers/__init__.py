"""Video services on loopback, scripted from what the real ones were seen to say."""
