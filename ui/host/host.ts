// A small MCP host for the tests: the SDK's client on one side, the AppBridge of ext-apps on the other.
// It declares that it renders apps, and that it cannot be asked (no elicitation).
import { type CallToolResult, Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { AppBridge, getToolUiResourceUri, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

type Theme = "light" | "dark";

interface Heard {
  links: string[];
  told: string[];
  calls: string[];
}

/** What the page offers to the test that drives it. */
interface Page {
  heard: Heard;
  call(tool: string, args: Record<string, unknown>, theme: Theme): Promise<void>;
  theme(theme: Theme): Promise<void>;
}

declare global {
  interface Window {
    host: Promise<Page>;
  }
}

// As a host sets it for an app that names no domains.
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

const start = async (): Promise<Page> => {
  const capabilities = { extensions: { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } } };
  const client = new Client({ name: "test-host", version: "1" }, { capabilities });
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", location.href)));
  const { tools } = await client.listTools();
  const heard: Heard = { links: [], told: [], calls: [] };
  let bridge: AppBridge | undefined;

  const call = async (name: string, args: Record<string, unknown>, theme: Theme): Promise<void> => {
    const tool = tools.find((one) => one.name === name);
    const uri = tool && getToolUiResourceUri(tool);
    if (!tool || !uri) throw new Error(`${name} has no view`);
    const { contents } = await client.readResource({ uri });
    const html = (contents[0] as { text: string }).text.replace(
      "<head>",
      `<head><meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    );
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.title = name;
    document.body.replaceChildren(frame);
    const view = frame.contentWindow as Window;
    bridge = new AppBridge(
      null,
      { name: "test-host", version: "1" },
      { serverTools: {}, openLinks: {}, updateModelContext: { text: {} } },
      { hostContext: { theme, displayMode: "inline", toolInfo: { tool } } },
    );
    bridge.oncalltool = async (params) => {
      heard.calls.push(params.name);
      return (await client.callTool(params)) as CallToolResult;
    };
    bridge.onopenlink = async ({ url }) => {
      heard.links.push(url);
      return {};
    };
    bridge.onupdatemodelcontext = async ({ content }) => {
      heard.told.push(...(content ?? []).map((block) => (block.type === "text" ? block.text : "")));
      return {};
    };
    bridge.onsizechange = ({ height }) => {
      frame.style.height = `${height ?? 0}px`;
    };
    const ready = new Promise<void>((resolve) => {
      (bridge as AppBridge).oninitialized = () => resolve();
    });
    await bridge.connect(new PostMessageTransport(view, view));
    frame.srcdoc = html;
    await ready;
    await bridge.sendToolInput({ arguments: args });
    const result = await client.callTool({ name, arguments: args });
    await bridge.sendToolResult(result as CallToolResult);
  };
  const theme = async (wanted: Theme): Promise<void> => {
    await bridge?.sendHostContextChange({ theme: wanted });
    document.documentElement.style.colorScheme = wanted;
  };
  return { heard, call, theme };
};

window.host = start();
