"""What `config.toml` may say: its fields, how they are read, the example made of them."""
