"""A person tries the demo: real Chromium, the real bot, the sandbox."""

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect


def ask(page: Page, text: str) -> None:
    box = page.get_by_label("Message, or /intercom …")
    box.fill(text)
    box.press("Enter")


def become(page: Page, name: str) -> None:
    person = page.get_by_role("navigation").get_by_role("button", name=name)
    person.click()
    expect(person).to_have_attribute("aria-current", "true")


def open_thread(page: Page, text: str) -> None:
    root = page.locator("#messages article", has_text=text).last
    root.locator("button.replies").click()


def connect(page: Page, artifacts: Path, name: str = "Maya Lindqvist") -> None:
    """Press the button in the direct messages, sign in with Slack, agree at Intercom."""
    page.get_by_role("button", name="Intercom Agent", exact=False).first.click()
    with page.context.expect_page() as opened:
        page.locator("#messages").get_by_role("link", name="Connect Intercom").last.click()
    consent = opened.value
    consent.get_by_role("link", name=name).click()
    consent.get_by_role("button", name="Authorize access").click()
    expect(consent.get_by_role("heading")).to_have_text("You are connected")
    consent.screenshot(path=artifacts / "connected.png")
    consent.close()


def wait_for_the_card(page: Page) -> None:
    """While the thread still changes, a button could move away under the pointer."""
    expect(page.locator("#replies .status")).to_have_text("Waiting for you")


def test_from_a_mention_to_consent_to_the_answer(page: Page, artifacts: Path) -> None:
    ask(page, "@Intercom Agent Which open conversations are unassigned?")
    pointer = page.locator("article.private", has_text="direct message with a button")
    expect(pointer).to_be_visible()
    expect(pointer).to_contain_text("Only visible to you")
    connect(page, artifacts)
    expect(page.locator("#messages")).to_contain_text(
        "Connected as Maya Lindqvist (maya@northwind.example) in Northwind"
    )
    page.get_by_role("button", name="# support").click()
    open_thread(page, "Which open conversations are unassigned?")
    replies = page.locator("#replies")
    expect(replies).to_contain_text("conversations are open and unassigned")
    card = replies.locator(".task").first
    expect(card).to_have_attribute("data-status", "complete")
    expect(card).to_contain_text("Search conversations")
    expect(replies.get_by_role("link", name="#215470001")).to_have_attribute(
        "href", "https://app.intercom.com/a/inbox/_/inbox/conversation/215470001"
    )
    expect(page.locator(".caret")).to_have_count(0)
    expect(replies).not_to_contain_text("https://app.intercom.com")
    page.screenshot(path=artifacts / "answer.png")

    reply = page.get_by_label("Reply…")
    reply.fill("Reply to Priya that we refunded the second charge today")
    reply.press("Enter")
    card = replies.locator("article", has=page.get_by_role("button", name="Approve"))
    expect(card).to_contain_text("Reply to the customer in “Double charge on invoice INV-2041”")
    expect(card).to_contain_text("refunded the second charge today")
    expect(card).to_contain_text("Signed as Maya Lindqvist in Northwind")
    page.screenshot(path=artifacts / "approval.png")
    expect(page.locator("#intercom .row", has_text="replied to")).to_have_count(0)
    wait_for_the_card(page)
    card.get_by_role("button", name="Approve").click()
    changed = page.locator("#intercom .row", has_text="Replied to")
    expect(changed.first).to_contain_text("as Maya Lindqvist")
    changed.first.click()
    expect(page.locator("#intercom .part").last).to_contain_text("refunded")
    expect(page.locator("#replies .status")).to_have_count(0)
    expect(replies).to_contain_text("Approved by @Maya Lindqvist")
    page.screenshot(path=artifacts / "demo.png")

    reply.fill("Reply to Priya that we are sorry")
    reply.press("Enter")
    wait_for_the_card(page)
    card = replies.locator("article", has=page.get_by_role("button", name="Approve"))
    card.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit, then approve")
    dialog.get_by_label("Text").fill("We are very sorry, Priya.\n\nMaya")
    page.screenshot(path=artifacts / "edit.png")
    dialog.get_by_role("button", name="Approve").click()
    expect(replies).to_contain_text("Edited and approved by")
    expect(page.locator("#intercom .part").last).to_contain_text("We are very sorry, Priya.")
    expect(page.locator("#replies .status")).to_have_count(0)

    reply.fill("Reply to Priya that she should call us")
    reply.press("Enter")
    wait_for_the_card(page)
    replies.get_by_role("button", name="Deny").click()
    dialog = page.get_by_role("dialog", name="Deny this change")
    dialog.get_by_role("textbox").fill("We have no phone line")
    dialog.get_by_role("button", name="Deny").click()
    expect(replies).to_contain_text("Denied by @Maya Lindqvist")
    expect(page.locator("#replies .status")).to_have_count(0)
    expect(page.locator("#intercom .part").last).to_contain_text("We are very sorry, Priya.")
    page.screenshot(path=artifacts / "denied.png")

    show = replies.get_by_role("button", name="Show what you did")
    expect(show).to_have_count(4)
    show.last.click()
    work = page.get_by_role("dialog", name="What I did")
    expect(work).to_contain_text("Denied")
    page.screenshot(path=artifacts / "what-i-did.png")
    work.get_by_role("button", name="Close").click()
    replies.get_by_role("button", name="Good answer").last.click()
    expect(page.locator("#replies")).to_contain_text("Thank you")


def test_what_did_not_change_stays_under_the_pointer(page: Page) -> None:
    root = page.locator("#messages article", has_text="Which open conversations").last
    before = root.locator("button.replies").element_handle()
    ask(page, "Just a word to everybody")
    expect(page.locator("#messages")).to_contain_text("Just a word to everybody")
    assert before.evaluate("button => button.isConnected")


def test_a_command_answers_privately(page: Page) -> None:
    ask(page, "/intercom help")
    note = page.locator("article.private", has_text="/intercom connect")
    expect(note.last).to_be_visible()


def test_the_pane_and_another_teammate(page: Page, artifacts: Path) -> None:
    become(page, "Tom Okafor")
    page.get_by_role("button", name="Intercom Agent", exact=False).first.click()
    expect(page.locator(".chips button").first).to_contain_text("What's open?")
    page.screenshot(path=artifacts / "pane.png")
    ask(page, "who am I?")
    expect(page.get_by_role("link", name="Connect Intercom")).to_have_count(0)
    open_thread(page, "who am I?")
    expect(page.locator("#replies").get_by_role("link", name="Connect Intercom")).to_be_visible()
    expect(page.locator("#replies .status")).to_contain_text("Waiting for you")
    with page.context.expect_page() as opened:
        page.locator("#replies").get_by_role("link", name="Connect Intercom").click()
    opened.value.get_by_role("link", name="Tom Okafor").click()
    opened.value.get_by_role("button", name="Cancel").click()
    expect(opened.value.get_by_role("heading")).to_have_text("Nothing was connected")


def home(page: Page) -> Locator:
    page.get_by_role("button", name="Intercom Agent", exact=False).first.click()
    page.get_by_role("tab", name="Home").click()
    return page.locator("#messages")


def test_app_home_from_newcomer_to_disconnected(page: Page, artifacts: Path) -> None:
    become(page, "Aisha Rahman")
    shown = home(page)
    expect(shown).to_contain_text("Connect your Intercom account")
    expect(shown).to_contain_text("What you ask me shows up here")
    page.screenshot(path=artifacts / "home-newcomer.png")
    shown.get_by_role("button", name="Connect Intercom").click()
    dialog = page.get_by_role("dialog", name="Connect Intercom")
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Continue to Intercom").click()
    consent = opened.value
    consent.get_by_role("link", name="Aisha Rahman").click()
    consent.get_by_role("button", name="Authorize access").click()
    expect(consent.get_by_role("heading")).to_have_text("You are connected")
    consent.close()
    dialog.get_by_role("button", name="Close").click()
    expect(shown).to_contain_text("Connected as Aisha Rahman in Northwind")
    expect(shown).to_contain_text("Conversations: read and change")
    shown.get_by_role("combobox").last.select_option("private")
    shown.get_by_role("button", name="Find customers").click()
    page.get_by_role("tab", name="Messages").click()
    open_thread(page, "Which customers wrote to us about a refund")
    expect(page.locator("#replies").get_by_role("button", name="Good answer")).to_be_visible()
    home(page)
    expect(shown).to_contain_text("Which customers wrote to us about a refund")
    expect(shown).to_contain_text("done")
    expect(shown.get_by_role("combobox").last).to_have_value("private")
    page.screenshot(path=artifacts / "home-connected.png")
    page.once("dialog", lambda question: question.dismiss())
    shown.get_by_role("button", name="Disconnect").click()
    expect(shown).to_contain_text("Connected as Aisha Rahman")
    page.once("dialog", lambda question: question.accept())
    shown.get_by_role("button", name="Disconnect").click()
    expect(shown).to_contain_text("Connect your Intercom account")
    page.get_by_role("tab", name="Messages").click()
    expect(page.locator("#messages")).to_contain_text("What remains")


def test_revoked_at_intercom_then_reconnected(page: Page, artifacts: Path) -> None:
    become(page, "Tom Okafor")
    ask(page, "/intercom connect")
    connect(page, artifacts, "Tom Okafor")
    page.locator("#intercom").get_by_role("button", name="Revoke").click()
    messages = page.locator("#messages")
    expect(messages).to_contain_text("Intercom no longer accepts your connection")
    page.get_by_role("button", name="# support").click()
    ask(page, "@Intercom Agent who am I in Intercom?")
    expect(page.locator("article.private", has_text="button to reconnect")).to_be_visible()
    page.screenshot(path=artifacts / "reconnect.png")
    page.get_by_role("button", name="Intercom Agent", exact=False).first.click()
    with page.context.expect_page() as opened:
        messages.get_by_role("link", name="Reconnect Intercom").last.click()
    opened.value.get_by_role("link", name="Tom Okafor").click()
    opened.value.get_by_role("button", name="Authorize access").click()
    expect(opened.value.get_by_role("heading")).to_have_text("You are connected")
    page.get_by_role("button", name="# support").click()
    open_thread(page, "who am I in Intercom?")
    expect(page.locator("#replies")).to_contain_text("You are Tom Okafor in the workspace")
    ask(page, "/intercom disconnect")
    question = page.locator("article.private", has_text="Disconnect Tom Okafor")
    page.screenshot(path=artifacts / "disconnect.png")
    question.get_by_role("button", name="Disconnect").click()
    expect(page.locator("article.private", has_text="What remains")).to_be_visible()


def test_what_people_write_is_text(page: Page) -> None:
    ask(page, '<img src=x onerror="document.title=1"><b>bold?</b>')
    shown = page.locator("#messages article").last
    expect(shown).to_contain_text('<img src=x onerror="document.title=1"><b>bold?</b>')
    assert page.locator("#messages img").count() == 0


def test_on_a_phone_nothing_hangs_over(browser: Browser, demo_url: str, artifacts: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(demo_url)
    page.get_by_label("Message, or /intercom …").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=artifacts / "phone.png")
    context.close()
