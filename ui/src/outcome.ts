// The outcome of a guarded call, in full: what was done, or what a dry run would send.
import { type Child, h } from "./dom";
import type { Json } from "./tools";
import { label, moment } from "./words";

const BY: Record<string, string> = {
  card: "you, in this card",
  person: "a person, in the host",
  token: "a one-time token",
  policy: "the operator's policy",
  "not needed": "nobody: nothing had to be confirmed",
};

export function outcome(tool: string, content: Json): Child[] {
  const result = content["result"] as Json | undefined;
  const by = BY[String(content["confirmed_by"])];
  return [
    h("p", { class: "verdict good" }, h("strong", {}, `Done: ${label(tool)}.`)),
    by && h("p", { class: "quiet" }, `Confirmed by ${by}.`),
    result && facts(result),
  ];
}

export function dryRun(tool: string, content: Json): Child[] {
  const preview = content["preview"];
  return [
    h("p", { class: "verdict" }, h("strong", {}, `Dry run of ${label(tool)}: nothing was sent.`)),
    typeof preview === "string" && h("pre", { class: "preview" }, preview),
    content["request"] !== undefined && h("pre", { class: "preview" }, JSON.stringify(content["request"], null, 2)),
  ];
}

/** The plain values of a result as a list; nested ones are for the model. */
export function facts(values: Json): HTMLDListElement {
  const rows = Object.entries(values).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return h(
    "dl",
    { class: "facts" },
    ...rows.map(([name, value]) => h("div", {}, h("dt", {}, label(name)), h("dd", {}, shown(value)))),
  );
}

function shown(value: unknown): string {
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? moment(text) : text;
}
