"""What a teammate reads whose request can no longer be read."""


def set_aside(changed: list[str], reference: str) -> str:
    """Say in Markdown that the request ends here, what is known to have been changed, and how to go
    on."""
    known = f"What I know it changed: {'; '.join(changed)}. " if changed else ""
    return (
        "\n\n:warning: I can't read what I had noted about this request any more: another version "
        "of me wrote it, or it was damaged. I've put it aside for whoever runs me here, and it "
        f"ends with this. {known}I can't tell whether its last step still happened, so look in "
        "Intercom or at `/intercom audit` before you ask for a change again. You can go on here "
        f"as usual.\n\n_Reference: {reference}_"
    )
