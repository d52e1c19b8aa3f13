"""The order of things: inputs, decide, save, emit, hand over. The only caller of ports."""
