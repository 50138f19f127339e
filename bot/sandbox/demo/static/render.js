// From Slack's messages to DOM nodes. Nothing here ever parses HTML: text stays text.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key === "dataset") Object.assign(node.dataset, value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Elements that a person holds on to: a press, a choice or a focus in them outlives a redraw.
const WHOLE = new Set(["button", "a", "select", "form"]);

// Make the box's children look like `nodes`, and leave what did not change where it is.
export function redraw(box, nodes) {
  let old = [...box.childNodes];
  const shown = nodes.map((node) => {
    const n = typeof node === "string" ? document.createTextNode(node) : node;
    const isBox = n.nodeType === Node.ELEMENT_NODE && !WHOLE.has(n.localName);
    const at = old.findIndex((other) =>
      isBox ? other.cloneNode(false).isEqualNode(n.cloneNode(false)) : other.isEqualNode(n),
    );
    if (at < 0) return n;
    const kept = old[at];
    old = old.slice(at + 1);
    if (isBox) redraw(kept, [...n.childNodes]);
    return kept;
  });
  for (const child of [...box.childNodes]) if (!shown.includes(child)) child.remove();
  shown.forEach((node, index) => {
    if (box.childNodes[index] !== node) box.insertBefore(node, box.childNodes[index] ?? null);
  });
}

const unescape = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function link(url, label) {
  const safe = /^(https?|slack|mailto):/i.test(url);
  if (!safe) return document.createTextNode(label);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "\\*\\*([^*\\n]+)\\*\\*",
    "\\[([^\\]\\n]+)\\]\\((https?:[^)\\s]+)\\)",
    "<([^>\\n]+)>",
    "(?<![\\w*])[*]([^*\\n]+)[*](?![\\w*])",
    "(?<![\\w_])_([^_\\n]+)_(?![\\w_])",
    "(https?:\\/\\/[^\\s<>)]+)",
    ":([a-z_]+):",
  ].join("|"),
  "g",
);
const EMOJI = { warning: "⚠️", white_check_mark: "✅", no_entry_sign: "🚫", arrow_down: "⬇️" };

function inline(text, names, markdown) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(unescape(text.slice(last, match.index)));
    last = match.index + match[0].length;
    const [, code, bold, label, url, angle, star, under, bare, emoji] = match;
    if (code) nodes.push(el("code", {}, unescape(code)));
    else if (bold) nodes.push(el("strong", {}, ...inline(bold, names, markdown)));
    else if (label) nodes.push(link(url, unescape(label)));
    else if (angle) nodes.push(angled(angle, names));
    else if (star) nodes.push(el(markdown ? "em" : "strong", {}, ...inline(star, names, markdown)));
    else if (under) nodes.push(el("em", {}, ...inline(under, names, markdown)));
    else if (bare) nodes.push(link(bare, bare));
    else nodes.push(EMOJI[emoji] ?? match[0]);
  }
  nodes.push(unescape(text.slice(last)));
  return nodes;
}

function angled(inside, names) {
  const [target, label] = inside.split("|");
  if (target.startsWith("@")) {
    return el("span", { class: "mention" }, `@${names[target.slice(1)] ?? target.slice(1)}`);
  }
  const date = target.match(/^!date\^(\d+)\^/);
  if (date) return document.createTextNode(new Date(Number(date[1]) * 1000).toLocaleString());
  if (target.startsWith("!")) return el("span", { class: "mention" }, `@${target.slice(1)}`);
  if (/^(https?|mailto):/.test(target)) return link(target, unescape(label ?? target));
  return document.createTextNode(`<${inside}>`);
}

export function rich(text, names, markdown) {
  const box = el("div", { class: "body" });
  let list = null;
  let code = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      if (code) code = null;
      else box.append((code = el("pre")));
      list = null;
      continue;
    }
    if (code) {
      code.append(unescape(line) + "\n");
      continue;
    }
    const item = line.match(/^\s*([-*•]|\d+\.)\s+(.*)$/);
    if (item) {
      const kind = /\d/.test(item[1]) ? "ol" : "ul";
      if (!list || list.localName !== kind) box.append((list = el(kind)));
      list.append(el("li", {}, ...inline(item[2], names, markdown)));
      continue;
    }
    list = null;
    const heading = markdown && line.match(/^#{1,4}\s+(.*)$/);
    const quote = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (heading) box.append(el("p", {}, el("strong", {}, ...inline(heading[1], names, markdown))));
    else if (quote) box.append(el("blockquote", {}, ...inline(quote[1], names, markdown)));
    else if (markdown && /^\|.*\|\s*$/.test(line)) table(box, line, names);
    else if (line.trim()) box.append(el("p", {}, ...inline(line, names, markdown)));
  }
  return box;
}

function table(box, line, names) {
  if (/^[|\s:-]+$/.test(line)) return;
  let grid = box.lastElementChild;
  if (!grid || grid.localName !== "table") box.append((grid = el("table")));
  const cells = line.trim().slice(1, -1).split("|");
  const tag = grid.rows.length ? "td" : "th";
  grid.append(el("tr", {}, ...cells.map((c) => el(tag, {}, ...inline(c.trim(), names, true)))));
}

// A text object: markup only where it says so.
function said(object, names) {
  if (object.type === "mrkdwn") return rich(object.text, names, false);
  return el("div", { class: "body" }, el("p", {}, object.text));
}

const plain = (object) => (object && typeof object === "object" ? (object.text ?? "") : "");

export function task(card) {
  const marks = { complete: "✓", error: "✕", pending: "", in_progress: "" };
  const words = { complete: "done", error: "failed", pending: "waiting", in_progress: "running" };
  const sources = card.sources.map((s) => el("small", {}, link(s.url, s.text)));
  return el(
    "div",
    { class: "task", dataset: { status: card.status } },
    el("span", { class: "mark", role: "img", "aria-label": words[card.status] }, marks[card.status]),
    el("div", {}, card.title, card.output ? el("small", {}, unescape(card.output)) : null, ...sources),
  );
}

// A task card that is a block of a message says its outcome in rich text, a streamed one as text.
function cardOf(item) {
  const words = (item.output?.elements ?? []).flatMap((part) => part.elements.map((e) => e.text ?? ""));
  return { status: item.status, title: item.title, output: words.join(""), sources: item.sources ?? [] };
}

export function block(item, names, press) {
  switch (item.type) {
    case "section": {
      const parts = [];
      if (item.text) parts.push(said(item.text, names));
      for (const field of item.fields ?? []) parts.push(said(field, names));
      if (item.accessory) parts.push(actions([item.accessory], press));
      return el("div", {}, ...parts);
    }
    case "header":
      return el("h3", {}, plain(item.text));
    case "divider":
      return el("hr");
    case "context":
      return el("div", { class: "context" }, ...item.elements.map((e) => said(e, names)));
    case "markdown":
      return rich(item.text, names, true);
    case "rich_text":
      return el("div", {}, ...item.elements.map(richText));
    case "task_card":
      return task(cardOf(item));
    case "plan":
      return el("div", {}, el("strong", {}, plain(item.title) || item.title), ...(item.tasks ?? []).map((c) => task(cardOf(c))));
    case "actions":
    case "context_actions":
      return actions(item.elements, press);
    default:
      return el("div", { class: "note" }, `(${item.type})`);
  }
}

function richText(part) {
  const nodes = part.elements.flatMap(piece);
  if (part.type === "rich_text_preformatted") return el("pre", {}, ...nodes);
  if (part.type === "rich_text_list") {
    const items = part.elements.map((item) => el("li", {}, ...item.elements.flatMap(piece)));
    return el(part.style === "ordered" ? "ol" : "ul", {}, ...items);
  }
  return el(part.type === "rich_text_quote" ? "blockquote" : "p", {}, ...nodes);
}

// One element of rich text: literal, whatever stands in it.
function piece(item) {
  if (item.type === "link") return [link(item.url, item.text ?? item.url)];
  let nodes = (item.text ?? "").split("\n").flatMap((line, n) => (n ? [el("br"), line] : [line]));
  const tags = { code: "code", bold: "strong", italic: "em", strike: "s" };
  for (const [style, tag] of Object.entries(tags)) {
    if (item.style?.[style]) nodes = [el(tag, {}, ...nodes)];
  }
  return nodes;
}

function actions(elements, press) {
  return el("div", { class: "actions" }, ...elements.flatMap((e) => element(e, press)));
}

// Two elements that look alike and do different things are not equal: `redraw` goes by it.
const does = (item, value = item.value) => ({ action: item.action_id ?? "", value: value ?? "" });

function element(item, press) {
  if (item.type === "button" && item.url) {
    const props = { href: item.url, target: "_blank", rel: "noopener", class: item.style, dataset: does(item) };
    return el("a", { ...props, onclick: () => press(item.action_id, item.value) }, plain(item.text));
  }
  if (item.type === "button") {
    const sure = () => !item.confirm || window.confirm(`${plain(item.confirm.title)}\n\n${plain(item.confirm.text)}`);
    const pressed = () => sure() && press(item.action_id, item.value);
    const props = { type: "button", class: item.style, onclick: pressed, dataset: does(item) };
    return el("button", props, plain(item.text));
  }
  if (item.type === "feedback_buttons") {
    return ["positive_button", "negative_button"].map((side) => {
      const value = item[side].value;
      const props = { type: "button", onclick: () => press(item.action_id, value), dataset: does(item, value) };
      return el("button", props, plain(item[side].text));
    });
  }
  if (item.type?.endsWith("select")) {
    const chosen = item.initial_option?.value;
    const options = (item.options ?? []).map((o) => el("option", { value: o.value, selected: o.value === chosen }, plain(o.text)));
    const choose = (event) => press(item.action_id, event.target.value);
    const none = chosen ? [] : [el("option", {}, "…")];
    return el("select", { "aria-label": "Choose", onchange: choose, dataset: does(item) }, ...none, ...options);
  }
  return el("span", { class: "note" }, `(${item.type})`);
}
