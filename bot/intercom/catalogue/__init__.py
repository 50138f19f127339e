"""Everything that the bot knows of the tools, one declaration a tool."""
