"""The API that the programs of the corpus promise: none. It stands where an exercise has its stub."""
