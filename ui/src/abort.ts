// The button that aborts a run: it asks in the view before it calls.
import { h, say } from "./dom";
import type { Host } from "./host";
import { call } from "./tools";

export class AbortButton {
  readonly element = h("div", { class: "abort" });
  readonly #host: Host;
  readonly #run: number;
  readonly #aborted: () => void;
  readonly #status = h("p", { role: "status", class: "status" });
  readonly #open = h("button", { type: "button", click: () => this.#ask(true) }, "Abort…");
  readonly #question: HTMLElement;
  readonly #no = h("button", { type: "button", click: () => this.#ask(false) }, "Keep it running");

  constructor(host: Host, run: number, aborted: () => void) {
    this.#host = host;
    this.#run = run;
    this.#aborted = aborted;
    const yes = h("button", { type: "button", class: "danger", click: () => void this.#abort() }, "Abort the run");
    this.#question = h(
      "div",
      { class: "question", role: "group", "aria-labelledby": "abort-ask", hidden: true },
      h("p", { id: "abort-ask" }, `Abort run ${run}? What it used so far is charged, and it cannot be resumed.`),
      h("div", { class: "buttons" }, yes, this.#no),
    );
    this.#question.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#ask(false);
    });
    this.element.append(this.#open, this.#question, this.#status);
  }

  show(underWay: boolean): void {
    this.#open.hidden = !underWay || !this.#question.hidden;
    if (!underWay) this.#question.hidden = true;
  }

  #ask(asking: boolean): void {
    this.#question.hidden = !asking;
    this.#open.hidden = asking;
    (asking ? this.#no : this.#open).focus();
  }

  async #abort(): Promise<void> {
    this.#ask(false);
    this.#open.disabled = true;
    this.#status.classList.remove("bad");
    say(this.#status, "Aborting…");
    try {
      await call(this.#host, "abort_test_run", { test_run_id: this.#run });
      say(this.#status, "Aborted. Stopping takes a moment.");
      this.#aborted();
      await this.#host.tellModel(`The person aborted test run ${this.#run} in the view.`);
    } catch (error) {
      this.#open.disabled = false;
      this.#status.classList.add("bad");
      say(this.#status, error instanceof Error ? error.message : String(error));
    }
  }
}
