"""What a check found, and how it reads."""

from collections.abc import Callable
from typing import Literal

from bot.base_model import BaseModel

Status = Literal["ok", "warning", "failure"]


class Finding(BaseModel):
    """`cure` says what to do; it is empty where all is well."""

    check: str
    status: Status
    detail: str
    cure: str = ""

    def line(self) -> str:
        """One line for the operator, whatever the detail holds."""
        mark = f"[{self.status}]".ljust(len("[warning]"))
        cure = f". Fix: {self.cure}" if self.cure else ""
        text = f"{self.check}: {self.detail}{cure}"
        return f"{mark} {' '.join(text.split())}"


def ok(check: str, detail: str) -> Finding:
    return Finding(check=check, status="ok", detail=detail)


def warning(check: str, detail: str, cure: str) -> Finding:
    return Finding(check=check, status="warning", detail=detail, cure=cure)


def failure(check: str, detail: str, cure: str) -> Finding:
    return Finding(check=check, status="failure", detail=detail, cure=cure)


Amiss = Callable[[str, str, str], Finding]
"""`warning` or `failure`."""
