"""What `bot web` serves: Slack, browsers that connect an account, webhooks, health, metrics."""
