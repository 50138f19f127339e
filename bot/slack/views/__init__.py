"""What people see: blocks and modals, out of what the bot knows."""
