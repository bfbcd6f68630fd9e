"""What the panel knows about people: which data it is, how it is erased, and the page that says so."""
