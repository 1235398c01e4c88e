// The charts of a run, over the seconds since it began. A table holds the same values for those who cannot see them.
import uPlot from "uplot";
import { fill, h, table } from "./dom";
import type { Line, Points } from "./queries";
import { resolvedColors } from "./theme";
import { clock, milliseconds, percent, short } from "./words";

const HEIGHT = 160;
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];
const COLORS = ["series-1", "series-2", "series-3", "grid", "axis"] as const;
type Color = (typeof COLORS)[number];

interface Drawn {
  key: string;
  label: string;
  color: Color;
  dash?: number[];
}

interface Panel {
  title: string;
  lines: Drawn[];
  say(value: number): string;
  stepped?: boolean;
  filled?: boolean;
  whole?: boolean;
}

const PANELS: readonly Panel[] = [
  { title: "Virtual users", say: short, whole: true, stepped: true, filled: true, lines: [{ key: "vus", label: "VUs", color: "series-1" }] },
  { title: "Requests per second", say: short, filled: true, lines: [{ key: "rate", label: "requests/s", color: "series-1" }] },
  {
    title: "Response time",
    say: milliseconds,
    lines: [
      { key: "p50", label: "p50", color: "series-1" },
      { key: "p95", label: "p95", color: "series-2", dash: [6, 3] },
      { key: "p99", label: "p99", color: "series-3", dash: [2, 3] },
    ],
  },
  { title: "Failed requests", say: percent, filled: true, lines: [{ key: "failed", label: "failed", color: "series-3" }] },
];

/** The four charts and their table, in `element`. */
export class Charts {
  readonly element = h("section", { class: "charts", "aria-label": "Charts", hidden: true });
  readonly #charts = PANELS.map((panel) => new Chart(panel));
  readonly #values = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Values of the charts" });

  constructor() {
    const grid = h("div", { class: "grid" }, ...this.#charts.map((chart) => chart.element));
    this.element.append(grid, h("details", {}, h("summary", {}, "Values as a table"), this.#values));
  }

  show(lines: Line[]): void {
    const byKey = new Map(lines.map((line) => [line.key, line.points]));
    this.element.hidden = !lines.some((line) => line.points.length > 0);
    if (this.element.hidden) return;
    for (const chart of this.#charts) chart.show(byKey);
    fill(this.#values, valuesTable(byKey));
  }

  /** Draw again in the colours of the theme that holds now. */
  redraw(): void {
    for (const chart of this.#charts) chart.redraw();
  }
}

class Chart {
  readonly element: HTMLElement;
  readonly #panel: Panel;
  readonly #plot = h("div", { class: "plot", role: "img" });
  readonly #legend = h("span", { class: "legend" });
  #chart: uPlot | undefined;
  #data: uPlot.AlignedData = [[]];

  constructor(panel: Panel) {
    this.#panel = panel;
    this.element = h("figure", {}, h("figcaption", {}, h("h2", {}, panel.title), this.#legend), this.#plot);
    new ResizeObserver(() => this.#chart?.setSize(this.#size())).observe(this.#plot);
  }

  show(byKey: Map<string, Points>): void {
    const drawn = this.#panel.lines.map(({ key }) => byKey.get(key) ?? []);
    this.#data = joined(drawn);
    this.#tell(null);
    this.#plot.setAttribute("aria-label", `${this.#panel.title}: ${this.#summary()}`);
    if (this.#chart) this.#chart.setData(this.#data);
    else this.redraw();
  }

  redraw(): void {
    if (this.#data[0].length === 0) return;
    this.#chart?.destroy();
    this.#chart = new uPlot(this.#options(), this.#data, this.#plot);
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(120, this.#plot.clientWidth), height: HEIGHT };
  }

  #options(): uPlot.Options {
    const color = resolvedColors(COLORS);
    const axis = { stroke: color.axis, grid: { stroke: color.grid, width: 1 }, ticks: { show: false }, font: "11px sans-serif" };
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "run" }, points: { size: 6 } },
      scales: { x: { time: false, range: (_, __, max) => [0, Math.max(1, max)] }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
      axes: [
        { ...axis, size: 28, space: 56, values: (_, ticks) => ticks.map(clock) },
        { ...axis, size: 58, space: 26, ...(this.#panel.whole && { incrs: WHOLE }), values: (_, ticks) => ticks.map((tick) => this.#panel.say(tick)) },
      ],
      series: [{}, ...this.#panel.lines.map((line) => this.#series(line, color))],
      hooks: { setCursor: [(chart) => this.#tell(chart.cursor.idx ?? null)] },
    };
  }

  #series(line: Drawn, color: Record<Color, string>): uPlot.Series {
    const stroke = color[line.color];
    return {
      stroke,
      width: 2,
      ...(line.dash && { dash: line.dash }),
      ...(this.#panel.filled && { fill: stroke.replace("rgb(", "rgba(").replace(")", ", 0.12)") }),
      ...(this.#panel.stepped && { paths: uPlot.paths.stepped?.({ align: 1 }) }),
      points: { show: (chart) => chart.data[0].length < 3 },
    };
  }

  /** The legend: the values under the cursor, else the newest. */
  #tell(at: number | null): void {
    const second = at === null ? undefined : this.#data[0][at];
    const items = this.#panel.lines.map((line, i) => {
      const values = this.#data[i + 1] ?? [];
      const value = at === null ? last(values) : values[at];
      return h("span", { class: `key ${line.color}` }, `${line.label} `, h("b", {}, value == null ? "–" : this.#panel.say(value)));
    });
    fill(this.#legend, ...items, second !== undefined && h("span", { class: "quiet" }, `at ${clock(second)}`));
  }

  #summary(): string {
    return this.#panel.lines
      .map((line, i) => {
        const values = [...(this.#data[i + 1] ?? [])].filter((value): value is number => value != null);
        if (values.length === 0) return `${line.label}: no values`;
        const [newest, highest] = [values.at(-1) ?? 0, Math.max(...values)];
        return `${line.label} now ${this.#panel.say(newest)}, at most ${this.#panel.say(highest)}`;
      })
      .join("; ");
  }
}

function joined(drawn: Points[]): uPlot.AlignedData {
  const tables = drawn.map((points): uPlot.AlignedData => [points.map(([second]) => second), points.map(([, value]) => value)]);
  return tables.length > 1 ? uPlot.join(tables) : (tables[0] ?? [[]]);
}

function last(values: ArrayLike<number | null | undefined>): number | null | undefined {
  return [...Array.from(values)].reverse().find((value) => value != null);
}

function valuesTable(byKey: Map<string, Points>): HTMLTableElement {
  const lines = PANELS.flatMap((panel) => panel.lines.map((line) => ({ ...line, say: panel.say })));
  const columns = lines.map((line) => new Map(byKey.get(line.key) ?? []));
  const seconds = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort((a, b) => a - b);
  const rows = seconds.map((second) => [
    clock(second),
    ...columns.map((column, i) => {
      const value = column.get(second);
      return value == null ? "–" : (lines[i]?.say(value) ?? "");
    }),
  ]);
  return table("Values over the time since the run began", ["Time", ...lines.map((line) => line.label)], rows);
}
