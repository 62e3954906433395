"""One module for each command. Each has `configure(parser)` and is imported when its command is typed."""
