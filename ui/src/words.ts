// Numbers and times as people read them.

/** Four significant digits at most, and thousands apart: 12,345 or 1.234. */
export function short(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : undefined;
  return value.toLocaleString("en", digits === 0 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 });
}

export function milliseconds(value: number): string {
  return value >= 10_000 ? `${short(value / 1000)} s` : `${short(Number(value.toPrecision(3)))} ms`;
}

export function percent(ratio: number): string {
  return `${short(Number((ratio * 100).toPrecision(3)))} %`;
}

/** Seconds as 4 s, 1:05 min or 2:03:04 h. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return `${clock(whole)} ${whole < 3600 ? "min" : "h"}`;
}

/** Seconds as 0:04, 1:05 or 2:03:04. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

export function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleString();
}

/** A field's name as a label: `test_run_id` becomes `Test run id`. */
export function label(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
