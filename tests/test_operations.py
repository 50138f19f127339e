"""The dashboard and the alerts name metrics that there are."""

import json
import re
from pathlib import Path

import yaml

from bot.web.metrics import COUNTERS, FIRST_SIGN, PREFIX

OPERATIONS = Path(__file__).parents[1] / "bot" / "operations"
NAMES = {
    *(f"{PREFIX}{name}_total" for name in COUNTERS),
    f"{PREFIX}{FIRST_SIGN}_seconds_bucket",
    f"{PREFIX}conversations",
    f"{PREFIX}queue_age_seconds",
}


def test_every_expression_uses_known_metrics() -> None:
    alerts = yaml.safe_load((OPERATIONS / "alerts.yml").read_text())
    board = json.loads((OPERATIONS / "dashboard.json").read_text())
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    assert all(rule["annotations"]["summary"] for rule in rules)
    expressions = [rule["expr"] for rule in rules]
    expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    used = set(re.findall(rf"{PREFIX}\w+", " ".join(expressions)))
    assert used == NAMES
