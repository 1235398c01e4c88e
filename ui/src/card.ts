// The confirmation card: shows what a call would do, and makes the call once the person agrees.
import { h, say } from "./dom";
import type { Arguments, CallToolResult, Host } from "./host";
import { call, type Json, Refused } from "./tools";
import { label } from "./words";

/** Where our server puts, for this card only, which tool it was and the name that has to be typed. */
const META = "k6-cloud-mcp/confirm";

interface Asked {
  tool: string;
  args: Arguments;
  token: string;
  preview: string;
  typedName: string | undefined;
}

/** What a confirmation_required result asks; null for any other result, or one whose call is not known. */
export function askedBy(result: CallToolResult, content: Json, args: Arguments, host: Host): Asked | null {
  const meta = (result._meta?.[META] ?? {}) as { tool?: string; typedName?: string | null };
  const tool = meta.tool ?? host.context.toolInfo?.tool.name;
  const token = content["confirmation_token"];
  if (content["status"] !== "confirmation_required" || typeof token !== "string" || !tool) return null;
  const { confirmation_token: _, ...rest } = args;
  return { tool, args: rest, token, preview: String(content["preview"] ?? ""), typedName: meta.typedName ?? undefined };
}

/** The card. `done` takes the content of the result once the call was made. */
export function card(host: Host, asked: Asked, done: (content: Json) => void): HTMLElement {
  const status = h("p", { role: "status", class: "status" });
  const harmless = host.context.toolInfo?.tool.annotations?.destructiveHint === false;
  const kind = harmless ? "primary" : "danger";
  const go = h("button", { type: "button", class: kind, disabled: asked.typedName !== undefined }, "Go ahead");
  const stop = h("button", { type: "button" }, "Stop");
  const name = h("input", { id: "typed", type: "text", autocomplete: "off", spellcheck: "false", "aria-describedby": "typed-why" });
  const question = asked.typedName !== undefined && typing(name, asked.typedName);
  name.addEventListener("input", () => {
    go.disabled = name.value.trim() !== asked.typedName?.trim();
  });
  const answer = { go, stop, name, status };
  const agree = (): void => void confirm(host, asked, answer, done);
  stop.addEventListener("click", () => void decline(host, asked, answer));
  go.addEventListener("click", agree);
  // Not a form: a sandboxed view may not submit one.
  name.addEventListener("keydown", (event) => {
    if (event.key === "Enter") agree();
  });
  return h(
    "section",
    { class: "card", "aria-labelledby": "ask" },
    h("h1", { id: "ask" }, `${label(asked.tool)}?`),
    h("p", {}, "Nothing was done yet. This is what would happen:"),
    h("pre", { class: "preview", tabindex: "0", "aria-label": "What would happen" }, asked.preview),
    question,
    h("div", { class: "buttons" }, go, stop),
    status,
  );
}

interface Answer {
  go: HTMLButtonElement;
  stop: HTMLButtonElement;
  name: HTMLInputElement;
  status: HTMLElement;
}

function typing(input: HTMLInputElement, name: string): HTMLElement {
  return h(
    "div",
    { class: "typing" },
    h("label", { for: "typed" }, "Type ", h("strong", { class: "name" }, name), " to confirm"),
    input,
    h("p", { id: "typed-why", class: "quiet" }, "This cannot be undone."),
  );
}

async function confirm(host: Host, asked: Asked, answer: Answer, done: (content: Json) => void): Promise<void> {
  if (answer.go.disabled) return;
  close(answer, "Asking the server…");
  try {
    const content = await call(host, asked.tool, { ...asked.args, confirmation_token: asked.token });
    done(content);
    await host.tellModel(
      `In the confirmation card the person chose to go ahead. ${asked.tool} was called with the token; its status is ` +
        `${String(content["status"])}${ids(content)}. The token is used up: do not call ${asked.tool} again for this.`,
    );
  } catch (error) {
    await failed(host, asked, answer, error);
  }
}

async function failed(host: Host, asked: Asked, answer: Answer, error: unknown): Promise<void> {
  answer.status.classList.add("bad");
  say(answer.status, error instanceof Refused ? error.message : String(error));
  await host.tellModel(
    `In the confirmation card the person chose to go ahead, but ${asked.tool} failed. Read the object before trying again.`,
  );
}

async function decline(host: Host, asked: Asked, answer: Answer): Promise<void> {
  close(answer, "Stopped. Nothing was done.");
  await host.tellModel(
    `In the confirmation card the person chose to stop: ${asked.tool} was not done. Do not use the confirmation_token.`,
  );
}

function close({ go, stop, name, status }: Answer, text: string): void {
  for (const element of [go, stop, name]) element.disabled = true;
  status.tabIndex = -1;
  status.focus();
  say(status, text);
}

/** The ids in a result: numbers, which can carry nobody's words to the model. */
function ids(content: Json): string {
  const result = Object.entries((content["result"] ?? {}) as Json);
  const found = result.filter(([name, value]) => /(^|_)id$/.test(name) && typeof value === "number");
  return found.map(([name, value]) => `, ${name} ${value as number}`).join("");
}
