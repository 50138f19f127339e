"""What stands below a finished answer."""

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextActionsBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
)

from bot.state.models import Run

FEEDBACK = "feedback"
SHOW = "show_work"
SHARE = "share_answer"
THANKS = "Thank you. It helps us to make the agent better."
NOTHING_LEFT = "What that request did is not kept any more, or it was somebody else's."
SHARED = "Shared."


def below_answer(run: Run) -> list[Block]:
    """What stands below a finished answer: feedback, a look at the work, sharing."""
    feedback = FeedbackButtonsElement(
        action_id=FEEDBACK,
        positive_button=FeedbackButtonObject(text="Good answer", value=f"good|{run.reference}"),
        negative_button=FeedbackButtonObject(text="Bad answer", value=f"bad|{run.reference}"),
    )
    buttons = []
    if run.ended_calls:
        text = "Show what you did"
        buttons.append(ButtonElement(text=text, action_id=SHOW, value=run.reference))
    if run.request.origin and run.answer:
        buttons.append(ButtonElement(text="Share in thread", action_id=SHARE, value=run.reference))
    actions: list[Block] = [ActionsBlock(elements=buttons)] if buttons else []
    return [*actions, ContextActionsBlock(elements=[feedback])]
