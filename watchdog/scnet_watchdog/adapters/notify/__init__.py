"""Messages to people: what is told, in which words, through which channel."""
