// The figures of a run over time, asked for through query_test_run_metrics.
import type { Host } from "./host";
import { call, type Json } from "./tools";

export type Points = [number, number | null][];
/** One line of a chart: its values over the seconds since the run began. */
export interface Line {
  key: string;
  points: Points;
}

interface Query {
  key: string;
  args: Json;
}

interface Series {
  labels?: Record<string, string>;
  value?: number;
  values?: Points;
}

const LATENCY = "http_req_duration";
export const QUERIES: readonly Query[] = [
  // Load generators report their VUs each for itself: the sum is the run's.
  { key: "vus", args: { metric: "vus", group_by: ["instance_id"] } },
  { key: "rate", args: { metric: "http_reqs" } },
  { key: "p50", args: { metric: LATENCY, percentile: 50 } },
  { key: "p95", args: { metric: LATENCY, percentile: 95 } },
  { key: "p99", args: { metric: LATENCY, percentile: 99 } },
  { key: "failed", args: { metric: "http_req_failed" } },
];

/** The series of one answer; none where the run has no such metric (yet). */
export async function query(host: Host, run: number, args: Json): Promise<Series[]> {
  try {
    const answer = await call(host, "query_test_run_metrics", { test_run_id: run, ...args });
    return answer["series"] as Series[];
  } catch (error) {
    if (error instanceof Error && error.message.includes("has no metric")) return [];
    throw error;
  }
}

/** All lines of the charts, two asked for at a time. */
export async function lines(host: Host, run: number): Promise<Line[]> {
  const line = async ({ key, args }: Query): Promise<Line> => {
    // The server widens a step that would give too many values.
    const series = await query(host, run, { ...args, step: 1 });
    return { key, points: summed(series.map((one) => one.values ?? [])) };
  };
  return inPairs(QUERIES, line);
}

export async function inPairs<In, Out>(items: readonly In[], ask: (item: In) => Promise<Out>): Promise<Out[]> {
  const answers: Out[] = [];
  for (let i = 0; i < items.length; i += 2) answers.push(...(await Promise.all(items.slice(i, i + 2).map(ask))));
  return answers;
}

function summed(series: Points[]): Points {
  if (series.length === 1) return series[0] ?? [];
  const sums = new Map<number, number>();
  for (const [second, value] of series.flat()) sums.set(second, (sums.get(second) ?? 0) + (value ?? 0));
  return [...sums].sort(([a], [b]) => a - b);
}
