// The view's end of the MCP Apps bridge: JSON-RPC with the host over postMessage.
//
// The types are those of @modelcontextprotocol/ext-apps. Its `App` class is not bundled: with the validators it
// brings along it has 650 kB, ten times the rest of a view, and the host loads the view again for every call.
import type { CallToolResult } from "@modelcontextprotocol/client";
import type {
  McpUiHostCapabilities,
  McpUiHostContext,
  McpUiInitializeRequest,
  McpUiInitializeResult,
} from "@modelcontextprotocol/ext-apps";

export type { CallToolResult, McpUiHostContext };
export type Arguments = Record<string, unknown>;

const PROTOCOL_VERSION = "2026-01-26";
const METHOD_NOT_FOUND = -32601;

/** What the host tells the view. */
export interface Listener {
  onInput(args: Arguments): void;
  onResult(result: CallToolResult): void;
  onCancelled(reason: string | undefined): void;
  onContext(context: McpUiHostContext): void;
  onTeardown(): void;
}

interface Message {
  jsonrpc: "2.0";
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { code: number; message: string };
}

interface Pending {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}

/** The host around this view. */
export class Host {
  context: McpUiHostContext = {};
  capabilities: McpUiHostCapabilities = {};
  readonly #pending = new Map<number | string, Pending>();
  readonly #listener: Listener;
  #lastId = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
    window.addEventListener("message", (event) => {
      if (event.source === window.parent && isMessage(event.data)) this.#receive(event.data);
    });
  }

  /** Shake hands. The call that opened the view, and its result, come afterwards. */
  async connect(name: string): Promise<void> {
    const params: McpUiInitializeRequest["params"] = {
      appInfo: { name, version: "1" },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
      protocolVersion: PROTOCOL_VERSION,
    };
    const answer = (await this.#request("ui/initialize", params)) as McpUiInitializeResult;
    this.capabilities = answer.hostCapabilities ?? {};
    this.context = answer.hostContext ?? {};
    this.#listener.onContext(this.context);
    this.#send({ jsonrpc: "2.0", method: "ui/notifications/initialized", params: {} });
    this.#reportSize();
  }

  /** Call a tool of our server. Rejects when the host does not pass it on, or the connection fails. */
  async callTool(name: string, args: Arguments): Promise<CallToolResult> {
    return (await this.#request("tools/call", { name, arguments: args })) as CallToolResult;
  }

  /** Open a page in the person's browser; false when the host will not. */
  async openLink(url: string): Promise<boolean> {
    try {
      const answer = (await this.#request("ui/open-link", { url })) as { isError?: boolean };
      return !answer.isError;
    } catch {
      return false;
    }
  }

  /** Let the model know, by its context or else by a message. Only our own words and numbers may be in it. */
  async tellModel(text: string): Promise<void> {
    const content = [{ type: "text", text }];
    try {
      if (this.capabilities.updateModelContext) await this.#request("ui/update-model-context", { content });
      else if (this.capabilities.message) await this.#request("ui/message", { role: "user", content });
    } catch {
      // The person sees the outcome all the same.
    }
  }

  #request(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ jsonrpc: "2.0", id, method, params: params as Record<string, unknown> });
    });
  }

  #send(message: Message): void {
    // The host's origin is not known to a sandboxed view; what it sends are calls the host may refuse.
    window.parent.postMessage(message, "*");
  }

  #receive(message: Message): void {
    if (message.method === undefined) this.#settle(message);
    else if (message.id === undefined) this.#notified(message.method, message.params ?? {});
    else this.#answer(message.id, message.method);
  }

  #settle({ id, result, error }: Message): void {
    if (id === undefined) return;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) pending?.reject(new Error(error.message));
    else pending?.resolve(result);
  }

  #notified(method: string, params: Record<string, unknown>): void {
    if (method === "ui/notifications/tool-input") this.#listener.onInput((params["arguments"] ?? {}) as Arguments);
    if (method === "ui/notifications/tool-result") this.#listener.onResult(params as unknown as CallToolResult);
    if (method === "ui/notifications/tool-cancelled") this.#listener.onCancelled(params["reason"] as string | undefined);
    if (method === "ui/notifications/host-context-changed") {
      this.context = { ...this.context, ...params };
      this.#listener.onContext(this.context);
    }
  }

  #answer(id: number | string, method: string): void {
    if (method === "ui/resource-teardown") this.#listener.onTeardown();
    if (method === "ping" || method === "ui/resource-teardown") this.#send({ jsonrpc: "2.0", id, result: {} });
    else this.#send({ jsonrpc: "2.0", id, error: { code: METHOD_NOT_FOUND, message: `No such method: ${method}` } });
  }

  #reportSize(): void {
    let last = "";
    const report = (): void => {
      const { width, height } = document.body.getBoundingClientRect();
      const params = { width: Math.ceil(width), height: Math.ceil(height) };
      if (JSON.stringify(params) === last) return;
      last = JSON.stringify(params);
      this.#send({ jsonrpc: "2.0", method: "ui/notifications/size-changed", params });
    };
    new ResizeObserver(report).observe(document.body);
    report();
  }
}

function isMessage(data: unknown): data is Message {
  return typeof data === "object" && data !== null && (data as Message).jsonrpc === "2.0";
}
