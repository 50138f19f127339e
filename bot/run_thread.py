"""A run's thread in Slack: what stands in it is saved with the run."""

from bot.agent.work import Work
from bot.services import Services
from bot.slack.thread import SlackThread
from bot.state.models import StreamState


async def thread_of(services: Services, work: Work) -> SlackThread:
    """The thread that the run answers in, as the last save has it."""
    run, store = work.run, services.store
    stream = run.stream
    if stream is None and run.request.is_direct and await store.refuses_streams(work.conversation):
        stream = StreamState(way="update")

    async def save_stream() -> None:
        await work.save_stream(thread.stream)
        await store.note_answers(work.conversation, thread.stream.touched)
        if run.request.is_direct and thread.stream.way == "update":
            await store.note_refused_stream(work.conversation)

    async def save() -> None:
        await work.save()
        posted = [call.card.ts for call in run.calls if call.card]
        await store.note_answers(work.conversation, posted)

    thread = SlackThread(services.slack, run.request, stream, work.is_mine, save_stream, save)
    return thread
