"""Pages for whoever asks without signing in: published statements and what stands behind each line."""
