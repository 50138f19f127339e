"""The Scalekit stand-in: connected accounts and tools, for the unpatched SDK."""

from bot.sandbox.scalekit.accounts import Account
from bot.sandbox.scalekit.sandbox import Execution, RpcCall, ScalekitSandbox

__all__ = ["Account", "Execution", "RpcCall", "ScalekitSandbox"]
