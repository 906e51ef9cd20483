"""The pictures of the documentation, taken from the demo: `make shots` renews them, a test compares them."""
