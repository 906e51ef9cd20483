"""What stays: the history in SQLite, the configuration in TOML, the keys in a file of their own."""
