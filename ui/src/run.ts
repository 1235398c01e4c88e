// A run as get_test_run tells it.
import type { Json } from "./tools";

export interface Run {
  id: number;
  load_test_id: number;
  status: string;
  result?: string;
  message?: string;
  created: string;
  ended?: string;
  seconds?: number;
  estimated_seconds?: number;
  max_vus?: number;
  vuh?: number;
  started_by?: string;
  verdict?: string;
  options?: Json;
}

const FINAL = ["completed", "aborted"];

export function isRun(content: Json): boolean {
  return typeof content["id"] === "number" && typeof content["load_test_id"] === "number" && typeof content["status"] === "string";
}

export function isFinal(run: Run): boolean {
  return FINAL.includes(run.status);
}

/** How a run ended, or how it is getting on: for a badge. */
export function standing(run: Run): { text: string; kind: "good" | "bad" | "warn" | "live" } {
  if (!isFinal(run)) return { text: run.status.replaceAll("_", " "), kind: "live" };
  if (run.result === "passed") return { text: "passed", kind: "good" };
  if (run.result === "failed") return { text: "failed", kind: "bad" };
  return { text: run.status === "aborted" ? "aborted" : "error", kind: "warn" };
}
