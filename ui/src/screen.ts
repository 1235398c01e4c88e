// The frame of a view: connects to the host, and shows what the result of a call asks for.
import { askedBy, card } from "./card";
import { type Child, h } from "./dom";
import { type Arguments, type CallToolResult, Host, type Listener, type McpUiHostContext } from "./host";
import { dryRun, outcome } from "./outcome";
import { applyTheme } from "./theme";
import { contentOf, type Json, textOf } from "./tools";

/** The screens of all views: card, outcome, dry run, and the words of whatever else came. */
export class Screen implements Listener {
  protected readonly host: Host = new Host(this);
  protected args: Arguments = {};
  readonly #root = document.getElementById("view") as HTMLElement;

  constructor(readonly name: string) {}

  async open(): Promise<void> {
    await this.host.connect(this.name);
  }

  onContext(context: McpUiHostContext): void {
    applyTheme(context);
  }

  onInput(args: Arguments): void {
    this.args = args;
  }

  onCancelled(reason: string | undefined): void {
    this.show(h("p", { role: "status" }, `The call was cancelled${reason ? `: ${reason}` : ""}.`));
  }

  onTeardown(): void {}

  onResult(result: CallToolResult): void {
    const content = contentOf(result);
    if (result.isError || !content) this.show(h("p", { class: "verdict bad", role: "alert" }, textOf(result) || "No result."));
    else this.onContent(content, result);
  }

  /** Show the content of a result that is no error. */
  protected onContent(content: Json, result: CallToolResult): void {
    if (content["status"] === "confirmation_required") this.#ask(content, result);
    else if (content["status"] === "dry_run") this.show(...dryRun(this.tool, content));
    else this.onDone(content);
  }

  /** Show that the call was made. */
  protected onDone(content: Json): void {
    this.show(...outcome(this.tool, content));
  }

  protected show(...children: Child[]): void {
    this.#root.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
  }

  protected get tool(): string {
    return this.host.context.toolInfo?.tool.name ?? "the call";
  }

  #confirmed(content: Json): void {
    this.onDone({ ...content, confirmed_by: "card" });
    // The button that had the focus is gone.
    this.#root.focus();
  }

  #ask(content: Json, result: CallToolResult): void {
    const asked = askedBy(result, content, this.args, this.host);
    if (asked && this.host.capabilities.serverTools) {
      this.show(card(this.host, asked, (done) => this.#confirmed(done)));
      return;
    }
    this.show(
      h("pre", { class: "preview" }, String(content["preview"] ?? "")),
      h("p", { role: "status" }, "Nothing was done yet. This host lets a view call no tools: answer in the chat."),
    );
  }
}
