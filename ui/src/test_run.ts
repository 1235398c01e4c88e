// The view of a test run: `ui://k6-cloud/test-run.html`. After a start that needs a yes, it is the card first.
import type { Arguments, CallToolResult, McpUiHostContext } from "./host";
import { isRun, type Run } from "./run";
import { RunView } from "./run_view";
import { Screen } from "./screen";
import type { Json } from "./tools";

class TestRunScreen extends Screen {
  #view: RunView | undefined;

  override onContext(context: McpUiHostContext): void {
    super.onContext(context);
    this.#view?.redraw();
  }

  override onInput(args: Arguments): void {
    super.onInput(args);
    // A wait takes long, so the run is shown while the model is waiting for it.
    if (typeof args["test_run_id"] === "number" && this.host.capabilities.serverTools) this.#follow(args["test_run_id"]);
  }

  override onTeardown(): void {
    this.#view?.stop();
  }

  override onResult(result: CallToolResult): void {
    // The view that is up already tells the same, and newer; only a failure is news.
    if (!this.#view || result.isError) super.onResult(result);
  }

  protected override onDone(content: Json): void {
    const started = content["result"] as { test_run_id?: number; page_url?: string } | undefined;
    if (isRun(content)) this.#follow(content["id"] as number, content as unknown as Run);
    else if (typeof started?.test_run_id === "number") this.#follow(started.test_run_id, undefined, started.page_url);
    else super.onDone(content);
  }

  #follow(id: number, known?: Run, pageUrl?: string): void {
    this.#view?.stop();
    this.#view = new RunView(this.host, id, pageUrl);
    this.show(this.#view.element);
    void this.#view.follow(known);
  }
}

const screen = new TestRunScreen("k6-cloud-test-run");
// The system's theme holds where the host names none.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => screen.onContext({}));
void screen.open();
