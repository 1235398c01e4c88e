// Thresholds and checks of a run as rows: read from its options, and measured through query_test_run_metrics.
import type { Host } from "./host";
import { inPairs, query } from "./queries";
import type { Json } from "./tools";

const MOST = 20;
const EXPRESSION = /^\s*(p\(\s*(\d+(?:\.\d+)?)\s*\)|[a-z]+)\s*(===|==|!=|<=|>=|<|>)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i;
const SELECTED = /^([^{]+)(?:\{(.*)\})?$/s;
// k6's words for an aggregation as arguments; `rate` and `value` are the default of their metric's type.
const METHODS: Record<string, Json> = {
  count: { method: "total" },
  rate: {},
  value: {},
  avg: { method: "avg" },
  min: { method: "min" },
  max: { method: "max" },
  med: { percentile: 50 },
};

export interface Threshold {
  name: string;
  args: Json | null;
  holds(value: number): boolean;
}

export interface ThresholdRow {
  name: string;
  value: number | null;
  /** Null: it has no samples, so nothing is proved, or cannot be measured here. */
  holds: boolean | null;
}

export interface CheckRow {
  name: string;
  ratio: number;
  count: number | null;
}

export function thresholdsOf(options: Json | undefined): Threshold[] {
  const set = (options?.["thresholds"] ?? {}) as Record<string, unknown>;
  const pairs = Object.entries(set).flatMap(([selected, conditions]) =>
    expressions(conditions).map((expression) => threshold(selected, expression)),
  );
  return pairs.slice(0, MOST);
}

export async function thresholdRows(host: Host, run: number, options: Json | undefined): Promise<ThresholdRow[]> {
  return inPairs(thresholdsOf(options), async ({ name, args, holds }) => {
    const value = args ? ((await query(host, run, args))[0]?.value ?? null) : null;
    return { name, value, holds: value === null ? null : holds(value) };
  });
}

/** The checks, those that fail first. */
export async function checkRows(host: Host, run: number): Promise<CheckRow[]> {
  const args = { metric: "checks", group_by: ["check"] };
  const [ratios, counts] = await Promise.all([query(host, run, args), query(host, run, { ...args, method: "count" })]);
  const count = new Map(counts.map((one) => [one.labels?.["check"], one.value ?? null]));
  const rows = ratios.map((one) => ({
    name: one.labels?.["check"] ?? "",
    ratio: one.value ?? 0,
    count: count.get(one.labels?.["check"]) ?? null,
  }));
  return rows.sort((a, b) => a.ratio - b.ratio);
}

function expressions(conditions: unknown): string[] {
  const list = Array.isArray(conditions) ? conditions : [conditions];
  const texts = list.map((one) => (typeof one === "object" && one !== null ? (one as Json)["threshold"] : one));
  return texts.filter((text) => typeof text === "string");
}

function threshold(selected: string, expression: string): Threshold {
  const name = `${selected} ${expression}`;
  const [, method = "", percentile, operator = "", limit = ""] = EXPRESSION.exec(expression) ?? [];
  const [, metric = "", labels] = SELECTED.exec(selected) ?? [];
  const how = percentile === undefined ? METHODS[method.toLowerCase()] : { percentile: Number(percentile) };
  const args = how && metric ? { metric: metric.trim(), labels: labelsOf(labels), ...how } : null;
  return { name, args, holds: (value) => compare(value, operator, Number(limit)) };
}

function labelsOf(text: string | undefined): Record<string, string> {
  const pairs = (text ?? "").split(",").map((part) => [part.split(":", 1)[0] ?? "", part.slice(part.indexOf(":") + 1)] as const);
  const clean = pairs.map(([name, value]) => [name.trim(), value.trim().replace(/^['"]|['"]$/g, "")] as const);
  return Object.fromEntries(clean.filter(([name]) => name));
}

function compare(value: number, operator: string, limit: number): boolean {
  if (operator === "<") return value < limit;
  if (operator === "<=") return value <= limit;
  if (operator === ">") return value > limit;
  if (operator === ">=") return value >= limit;
  return operator === "!=" ? value !== limit : value === limit;
}
