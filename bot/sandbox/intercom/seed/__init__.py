"""The workspace in the beginning: the same for the same seed, with dates before `now`."""

import random
from collections.abc import Callable

from bot.sandbox.intercom.seed import content, inbox, people, stories
from bot.sandbox.intercom.workspace import Workspace


def seeded(seed: int, now: Callable[[], int]) -> Workspace:
    begun = now()
    workspace = Workspace(now=lambda: begun)
    dice = random.Random(seed)
    content.vocabulary(workspace)
    people.fill(workspace, dice)
    stories.tell(workspace)
    inbox.fill(workspace, dice)
    content.fill(workspace, dice)
    workspace.now = now
    return workspace
