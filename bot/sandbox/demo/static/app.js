// The page: what one teammate sees, kept fresh by a stream of changes.

import { block, el, redraw, rich, task } from "/static/render.js";

const COLORS = ["#7c3aed", "#0f766e", "#b45309", "#be185d", "#1d4ed8"];
const $ = (id) => document.getElementById(id);
const ui = { user: null, place: "C0SUPPORT1", thread: null, conversation: null, tab: "messages" };
const seen = {};
let state = null;
let wrote = 0;

const names = () => Object.fromEntries([...state.people.map((p) => [p.id, p.name]), [state.bot, "Intercom Agent"]]);
const me = () => state.people.find((person) => person.id === state.me);
const here = () => state.channels.find((channel) => channel.id === ui.place);

async function act(name, body) {
  const answer = await fetch(`/api/${name}`, {
    method: "POST",
    body: JSON.stringify({ user: state.me, ...body }),
  });
  if (!answer.ok) toast((await answer.json()).error ?? "That did not work.");
  return answer.ok;
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => ($("toast").hidden = true), 6000);
}

function avatar(id) {
  const name = names()[id] ?? "?";
  const index = state.people.findIndex((person) => person.id === id);
  const box = el("span", { class: "avatar", "aria-hidden": "true" });
  box.textContent = id === state.bot ? "◆" : name.split(" ").map((part) => part[0]).join("");
  box.style.background = id === state.bot ? "#1f2a44" : (COLORS[index] ?? "#555");
  return box;
}

function message(item, { inThread }) {
  const who = names()[item.user] ?? "An app";
  const when = new Date(Number(item.ts) * 1000);
  const body = el("div");
  body.append(
    el("span", { class: "who" }, who),
    item.user === state.bot ? el("span", { class: "app" }, "APP") : "",
    el("span", { class: "when" }, when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
  );
  if (item.private) body.append(el("div", { class: "note" }, "Only visible to you"));
  for (const card of item.tasks) body.append(task(card));
  if (item.markdown) body.append(rich(item.markdown, names(), true));
  if (item.streaming) body.append(el("span", { class: "caret" }));
  const press = (action_id, value) =>
    act("click", { channel: ui.place, ts: item.ts, action_id, value: value ?? null });
  for (const part of item.blocks) body.append(block(part, names(), press));
  if (!item.blocks.length && !item.markdown && item.text) body.append(rich(item.text, names(), false));
  if (!inThread && !item.private) body.append(...below(item));
  const kind = `message${item.private ? " private" : ""}`;
  return el("article", { class: kind, dataset: { channel: ui.place, ts: item.ts } }, avatar(item.user), body);
}

function below(item) {
  const replies = here().messages.filter((m) => m.thread_ts === item.ts && m.ts !== item.ts && !m.private);
  const label = replies.length ? `${replies.length} ${replies.length === 1 ? "reply" : "replies"}` : "Reply in thread";
  return [el("button", { type: "button", class: "replies", onclick: () => openThread(item.ts) }, label)];
}

function openThread(ts) {
  ui.thread = ts;
  draw();
  $("reply").querySelector("textarea")?.focus();
}

function drawSidebar() {
  const place = (id, label) => {
    const latest = state.channels.find((c) => c.id === id)?.messages.at(-1)?.ts ?? "";
    const unread = id !== ui.place && latest > (seen[`${state.me}${id}`] ?? "");
    const props = { type: "button", "aria-current": String(ui.place === id), class: unread ? "unread" : "", dataset: { id } };
    const go = () => {
      Object.assign(ui, { place: id, thread: null, tab: "messages" });
      if (id === state.dm) act("open-home", { tab: "messages" });
      draw();
    };
    return el("button", { ...props, onclick: go }, label);
  };
  redraw($("sidebar"), [
    el("h1", {}, "Northwind Support"),
    el("h2", {}, "Channels"),
    ...state.channels.filter((c) => c.name).map((c) => place(c.id, `# ${c.name}`)),
    el("h2", {}, "Apps"),
    state.dm ? place(state.dm, "◆ Intercom Agent") : "",
    el("h2", {}, "You are"),
    ...state.people.map((person) =>
      el(
        "button",
        { type: "button", title: person.title, "aria-current": String(person.id === state.me), dataset: { id: person.id }, onclick: () => become(person.id) },
        avatar(person.id),
        person.name,
      ),
    ),
  ]);
}

function become(id) {
  Object.assign(ui, { user: id, thread: null });
  const inDm = ui.place === state.dm;
  refresh().then(() => {
    if (inDm || !here()) ui.place = inDm && state.dm ? state.dm : state.channels[0].id;
    draw();
  });
}

function drawPlace() {
  const isDm = ui.place === state.dm;
  const tab = (name, label) => {
    const props = { type: "button", role: "tab", "aria-selected": String(ui.tab === name) };
    const go = () => {
      ui.tab = name;
      act("open-home", { tab: name });
      draw();
    };
    return el("button", { ...props, onclick: go }, label);
  };
  redraw($("place"), [
    el("h2", {}, isDm ? "Intercom Agent" : `# ${here().name}`),
    isDm ? el("div", { class: "tabs", role: "tablist" }, tab("messages", "Messages"), tab("home", "Home")) : "",
  ]);
}

function drawMessages() {
  const box = $("messages");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const isDm = ui.place === state.dm;
  $("composer").hidden = isDm && ui.tab === "home";
  if (isDm && ui.tab === "home") {
    const press = (action_id, value) => act("click", { action_id, value: value ?? null });
    const blocks = state.home?.blocks.map((part) => block(part, names(), press));
    redraw(box, [el("div", { class: "empty" }, ...(blocks ?? ["Nothing here yet."]))]);
    return;
  }
  const shown = here().messages.filter((m) => !m.thread_ts || m.thread_ts === m.ts);
  const nodes = shown.map((item) => message(item, { inThread: false }));
  if (!shown.length) {
    const chips = (isDm ? state.prompts : []).map((p) => chip(p.title, p.message, isDm));
    nodes.push(el("div", { class: "empty" }, isDm ? "Ask your Intercom agent anything. It works with your own account." : "No messages yet. Ask the agent something.", el("div", { class: "chips" }, ...chips)));
  }
  if (!isDm) nodes.push(hint());
  redraw(box, nodes);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function chip(label, text, isDm) {
  const send = () => (isDm ? act("post", { channel: ui.place, text }) : ask(text));
  return el("button", { type: "button", onclick: send, dataset: { text } }, label);
}

const ask = (text) => act("post", { channel: ui.place, text: `<@${state.bot}> ${text}` });

function hint() {
  return el(
    "div",
    { class: "hint" },
    el("b", {}, "Try one of these"),
    "They mention the agent in this channel. Whoever is not connected yet gets a direct message with a button. Changes wait on a card for whoever asked: approve, edit or deny them.",
    el("div", { class: "chips" }, ...state.examples.map((text) => chip(text, text, false))),
  );
}

function drawThread() {
  const root = ui.thread && here().messages.find((m) => m.ts === ui.thread);
  $("thread").hidden = !root;
  if (!root) return;
  const box = $("replies");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const items = here().messages.filter((m) => m.ts === ui.thread || m.thread_ts === ui.thread);
  const nodes = items.map((item) => message(item, { inThread: true }));
  if (root.session === "processing") {
    const stop = () => act("stop", { channel: ui.place, ts: ui.thread });
    nodes.push(
      el("div", { class: "status" }, `Intercom Agent ${root.status || "is working on it…"}`, el("button", { type: "button", class: "ghost", onclick: stop }, "Stop")),
    );
  } else if (root.session === "suspended") {
    nodes.push(el("div", { class: "status" }, "Waiting for you"));
  }
  redraw(box, nodes);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function composer(form, label, send) {
  const text = el("textarea", { rows: "1", "aria-label": label, placeholder: label });
  const submit = (event) => {
    event.preventDefault();
    const typed = text.value.trim();
    if (!typed) return;
    text.value = "";
    send(typed);
  };
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) submit(event);
  });
  const mention = () => {
    text.value = `@Intercom Agent ${text.value}`;
    text.focus();
  };
  form.replaceChildren(
    text,
    el("button", { type: "button", title: "Mention the agent", onclick: mention }, "@"),
    el("button", { class: "send" }, "Send"),
  );
  form.onsubmit = submit;
}

const encoded = (typed) =>
  typed
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@Intercom Agent", `<@${state.bot}>`);

function drawIntercom() {
  const box = $("intercom");
  const fresh = state.intercom.writes.length > wrote;
  wrote = state.intercom.writes.length;
  const nodes = [el("header", {}, el("h2", {}, "Intercom · Northwind"))];
  if (ui.conversation) {
    const { title, from, parts } = ui.conversation;
    const back = () => {
      ui.conversation = null;
      draw();
    };
    nodes.push(el("button", { type: "button", class: "row", onclick: back }, "← Back"), el("h3", {}, `${title} · ${from}`));
    for (const part of parts) {
      const kind = part.kind && part.kind !== "comment" ? ` · ${part.kind}` : "";
      nodes.push(el("div", { class: `part${part.kind === "note" ? " note-part" : ""}` }, el("b", {}, part.who), kind, part.body ? el("div", {}, part.body) : ""));
    }
  } else {
    nodes.push(...account());
    nodes.push(el("h3", {}, "What changed"));
    if (!state.intercom.writes.length) nodes.push(el("div", { class: "empty" }, "Nothing yet. What the agent changes shows here, signed by its teammate."));
    state.intercom.writes.forEach((write, index) => {
      const at = new Date(write.at * 1000).toLocaleTimeString();
      const open = () => write.conversation && show(write.conversation);
      const props = { type: "button", class: `row${fresh && !index ? " new" : ""}`, dataset: { id: write.conversation ?? "" } };
      nodes.push(el("button", { ...props, onclick: open }, write.summary, el("small", {}, `as ${write.who}, ${at}`)));
    });
    nodes.push(el("h3", {}, "Latest conversations"));
    for (const line of state.intercom.conversations) {
      nodes.push(el("button", { type: "button", class: "row", onclick: () => show(line.id) }, line.title, el("span", { class: "state" }, line.state), el("small", {}, `${line.from} · ${line.id}`)));
    }
  }
  redraw(box, nodes);
}

// What happens to an account outside of Slack: somebody takes the app's access back.
function account() {
  const words = { ACTIVE: "connected", PENDING_AUTH: "not connected", PENDING_VERIFICATION: "not confirmed yet" };
  const status = words[state.account] ?? (state.account ? "lost" : "not connected");
  const revoke = el("button", { type: "button", class: "ghost", onclick: () => act("revoke", {}) }, "Revoke");
  const line = el("div", { class: "account" }, `${me().name}'s account: ${status} `, state.account === "ACTIVE" ? revoke : "");
  return me().admin ? [el("h3", {}, "Access of the app"), line] : [];
}

async function show(id) {
  const answer = await fetch(`/api/conversation?id=${encodeURIComponent(id)}`);
  if (!answer.ok) return toast("That conversation is gone.");
  ui.conversation = await answer.json();
  draw();
}

// A modal's input, as this browser has it.
function entry(kind) {
  if (kind.type === "datetimepicker") {
    const at = kind.initial_date_time;
    const local = at ? new Date((at - new Date(at * 1000).getTimezoneOffset() * 60) * 1000) : null;
    return el("input", { type: "datetime-local", value: local?.toISOString().slice(0, 16) });
  }
  if (kind.options) {
    const chosen = kind.initial_option?.value;
    const none = chosen ? [] : [el("option", { value: "" }, "…")];
    const options = kind.options.map((o) => el("option", { value: o.value, selected: o.value === chosen }, o.text.text));
    return el("select", {}, ...none, ...options);
  }
  const field = el(kind.multiline ? "textarea" : "input", { rows: kind.multiline ? "6" : null });
  field.value = kind.initial_value ?? "";
  return field;
}

function entered(field) {
  if (field.type !== "datetime-local") return field.localName === "select" ? field.value || null : field.value;
  return field.value ? Math.round(new Date(field.value).getTime() / 1000) : null;
}

function drawModal() {
  const view = state.views.at(-1);
  const box = $("modal");
  const key = view ? JSON.stringify([view.id, view.hash, view.errors]) : "";
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.hidden = !view;
  if (!view) return;
  const inputs = [];
  const press = (action_id, value) => act("click", { view_id: view.id, action_id, value: value ?? null });
  const nodes = view.blocks.map((part) => {
    if (part.type !== "input") return block(part, names(), press);
    const kind = part.element;
    const field = entry(kind);
    inputs.push([part.block_id, kind.action_id, field]);
    if (part.optional) field.placeholder = "Optional";
    const error = view.errors[part.block_id];
    const hint = part.hint ? el("div", { class: "hint" }, part.hint.text) : "";
    return el("div", {}, el("label", {}, part.label.text, field), hint, error ? el("div", { class: "error" }, error) : "");
  });
  const submit = (event) => {
    event.preventDefault();
    const values = {};
    for (const [blockId, actionId, field] of inputs) (values[blockId] ??= {})[actionId] = entered(field);
    act("submit", { view_id: view.id, values });
  };
  box.replaceChildren(
    el(
      "form",
      { role: "dialog", "aria-modal": "true", "aria-label": view.title?.text, onsubmit: submit },
      el("h2", {}, view.title?.text ?? ""),
      ...nodes,
      el(
        "div",
        { class: "actions" },
        el("button", { type: "button", onclick: () => act("close", { view_id: view.id }) }, view.close?.text ?? "Cancel"),
        view.submit ? el("button", { class: "primary" }, view.submit.text) : "",
      ),
    ),
  );
  box.querySelector("input,textarea,select,button")?.focus();
}

function draw() {
  if (!here()) ui.place = state.channels[0].id;
  seen[`${state.me}${ui.place}`] = here().messages.at(-1)?.ts ?? "";
  drawSidebar();
  drawPlace();
  drawMessages();
  drawThread();
  drawIntercom();
  drawModal();
}

async function refresh() {
  const answer = await fetch(`/api/state?user=${ui.user ?? ""}`);
  state = await answer.json();
  ui.user ??= state.me;
}

// What changes while the state is on its way may not be in it: it is asked for again.
let asking = false;
let stale = false;
async function changed() {
  stale = true;
  if (asking) return;
  asking = true;
  try {
    while (stale) {
      stale = false;
      await refresh();
      if (ui.conversation) await show(ui.conversation.id);
      else draw();
    }
  } catch {
    toast("The demo does not answer. Is it still running?");
  } finally {
    asking = false;
  }
}

await refresh();
composer($("composer"), "Message, or /intercom …", (typed) => {
  const command = typed.match(/^\/intercom\b\s*([\s\S]*)$/);
  if (command) return act("command", { channel: ui.place, text: command[1] });
  return act("post", { channel: ui.place, text: encoded(typed) });
});
composer($("reply"), "Reply…", (typed) => act("post", { channel: ui.place, thread_ts: ui.thread, text: encoded(typed) }));
$("close-thread").addEventListener("click", () => {
  ui.thread = null;
  draw();
});
draw();
new EventSource("/api/events").onmessage = changed;
