// The view of one run: status, charts, thresholds and checks, kept up to date while it is under way.
import { AbortButton } from "./abort";
import { Charts } from "./charts";
import { type Child, fill, h, say, table } from "./dom";
import type { Host } from "./host";
import { Poller } from "./poller";
import { type Line, lines } from "./queries";
import { isFinal, type Run, standing } from "./run";
import { type CheckRow, checkRows, type ThresholdRow, thresholdRows } from "./thresholds";
import { call } from "./tools";
import { clock, duration, moment, percent, short } from "./words";

const STATUS_SECONDS = 5;
const CHANGING_SECONDS = 2;
// The charts are asked for in every second round, the tables in every fourth: each costs several calls.
const ROUNDS = { charts: 2, tables: 4 };

export class RunView {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #id: number;
  readonly #poller: Poller;
  readonly #abort: AbortButton;
  readonly #charts = new Charts();
  readonly #badge = h("span", { class: "badge" });
  readonly #line = h("p", { class: "line", role: "status" });
  readonly #progress = h("div", { class: "progress" });
  readonly #verdict = h("div", {});
  readonly #facts = h("dl", { class: "facts" });
  readonly #problem = h("p", { class: "status bad", role: "alert" });
  readonly #tables = h("div", { class: "tables" });
  #run: Run | undefined;
  #round = 0;
  #gone = 0;
  #watched = false;

  constructor(host: Host, id: number, pageUrl: string | undefined) {
    this.#host = host;
    this.#id = id;
    this.#abort = new AbortButton(host, id, () => void this.#poller.now());
    this.element = h(
      "article",
      { class: "run", "aria-label": `Test run ${id}` },
      h("header", {}, h("h1", {}, `Test run ${id}`), this.#badge),
      this.#line,
      this.#progress,
      this.#verdict,
      this.#facts,
      h("div", { class: "buttons" }, this.#refresh(), pageUrl !== undefined && this.#link(pageUrl), this.#abort.element),
      this.#problem,
      this.#charts.element,
      this.#tables,
    );
    this.#poller = new Poller(() => this.#ask(), this.element);
  }

  /** Show the run, of which `known` is known already, and follow it to its end. */
  async follow(known?: Run): Promise<void> {
    if (known) this.#show(known);
    await this.#poller.now();
  }

  redraw(): void {
    this.#charts.redraw();
  }

  stop(): void {
    this.#poller.stop();
  }

  /** One round; the seconds until the next, or null when the run has ended. */
  async #ask(): Promise<number | null> {
    try {
      this.#show((await call(this.#host, "get_test_run", { test_run_id: this.#id })) as unknown as Run);
      await this.#figures();
      say(this.#problem, "");
    } catch (error) {
      say(this.#problem, error instanceof Error ? error.message : String(error));
      throw error;
    }
    const run = this.#run;
    if (!run || isFinal(run)) return null;
    return run.status === "running" ? Math.max(STATUS_SECONDS, elapsed(run) / 60) : CHANGING_SECONDS;
  }

  async #figures(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    // Nothing is measured yet; the rounds count from when load began.
    if (run.status !== "running" && !isFinal(run)) return;
    const round = this.#round++;
    const due = (every: number): boolean => isFinal(run) || round % every === 0;
    if (due(ROUNDS.charts)) this.#chart(await lines(this.#host, this.#id));
    if (due(ROUNDS.tables)) {
      const thresholds = await thresholdRows(this.#host, this.#id, run.options);
      fill(this.#tables, thresholdTable(thresholds, run), checkTable(await checkRows(this.#host, this.#id)));
    }
  }

  #chart(drawn: Line[]): void {
    this.#charts.show(drawn);
    // The run's own count of seconds comes only with its end.
    this.#gone = Math.max(0, ...drawn.flatMap(({ points }) => points.map(([second]) => second)));
    if (this.#run) fill(this.#progress, progressOf(this.#run, this.#gone));
  }

  #show(run: Run): void {
    this.#run = run;
    const { text, kind } = standing(run);
    this.#badge.className = `badge ${kind}`;
    say(this.#badge, text);
    say(this.#line, lineOf(run));
    fill(this.#progress, progressOf(run, this.#gone));
    fill(this.#verdict, run.verdict && h("p", { class: `verdict ${kind}` }, run.verdict));
    fill(this.#facts, ...factsOf(run));
    this.#abort.show(!isFinal(run));
    void this.#tellEnd(run);
  }

  /** The model is told of an end that it may not have seen; only of one, and in our own words. */
  async #tellEnd(run: Run): Promise<void> {
    if (!isFinal(run)) {
      this.#watched = true;
      return;
    }
    if (!this.#watched) return;
    this.#watched = false;
    await this.#host.tellModel(`Test run ${this.#id} has ended: ${standing(run).text}. get_test_run tells its verdict.`);
  }

  #refresh(): HTMLElement {
    return h("button", { type: "button", click: () => {
      this.#round = 0;
      void this.#poller.now();
    } }, "Refresh");
  }

  #link(url: string): HTMLElement {
    const shown = h("span", { class: "quiet", role: "status" });
    const open = async (): Promise<void> => {
      // Where the host opens no links, the address can be copied.
      if (!(await this.#host.openLink(url))) say(shown, url);
    };
    return h("span", {}, h("button", { type: "button", click: () => void open() }, "Open the run's page ↗"), shown);
  }
}

function elapsed(run: Run): number {
  return (Date.now() - Date.parse(run.created)) / 1000;
}

function lineOf(run: Run): string {
  const { text } = standing(run);
  if (!isFinal(run)) return `Run ${run.id} is ${text}.`;
  // The verdict says more than the message, where there is one.
  return `Run ${run.id}: ${text}.${run.message && !run.verdict ? ` ${run.message}` : ""}`;
}

function progressOf(run: Run, gone: number): Child {
  const expected = run.estimated_seconds;
  if (isFinal(run) || !expected || run.status !== "running") return null;
  const words = `${clock(gone)} of about ${clock(expected)}`;
  return h("div", {}, h("progress", { max: expected, value: Math.min(gone, expected), "aria-label": "Progress of the run" }), h("span", { class: "quiet" }, words));
}

function factsOf(run: Run): Child[] {
  const facts: [string, string | undefined][] = [
    ["Load test", String(run.load_test_id)],
    ["Started", moment(run.created)],
    ["Duration", run.seconds ? duration(run.seconds) : undefined],
    ["Max. VUs", run.max_vus === undefined ? undefined : short(run.max_vus)],
    ["Cost", run.vuh === undefined ? undefined : `${short(run.vuh)} VUh`],
    ["Started by", run.started_by],
  ];
  return facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

function thresholdTable(rows: ThresholdRow[], run: Run): Child {
  // The options may come later than the run.
  if (rows.length === 0 && !run.options) return null;
  if (rows.length === 0) return h("p", { class: "quiet" }, "The run has no thresholds, so none can fail it.");
  const cells = rows.map(({ name, value, holds }): Child[] => [name, value === null ? "–" : short(value), mark(holds)]);
  return h("div", { class: "scroll" }, table("Thresholds", ["Threshold", "Measured", "Holds"], cells));
}

function checkTable(rows: CheckRow[]): Child {
  if (rows.length === 0) return null;
  const cells = rows.map(({ name, ratio, count }): Child[] => [
    h("span", {}, mark(ratio === 1, true), ` ${name}`),
    percent(ratio),
    count === null ? "–" : short(count),
  ]);
  return h("div", { class: "scroll" }, table("Checks", ["Check", "Passed", "Times"], cells));
}

function mark(holds: boolean | null, bare = false): HTMLElement {
  const [sign, word, kind] = holds === null ? ["–", "no samples", ""] : holds ? ["✓", "yes", "good"] : ["✗", "no", "bad"];
  return h("span", { class: `mark ${kind}` }, h("span", { "aria-hidden": "true" }, sign), bare ? h("span", { class: "spoken" }, holds ? "passed:" : "failed:") : ` ${word}`);
}
