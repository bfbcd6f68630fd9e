"""How fast the panel is, measured: `python -m bench`. Results and what they mean: bench/README.md."""
