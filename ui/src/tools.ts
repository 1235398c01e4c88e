// Calls of our server's tools, and what their results say.
import type { Arguments, CallToolResult, Host } from "./host";

export type Json = Record<string, unknown>;

/** A call that the server or the host refused; the message is fit to be shown. */
export class Refused extends Error {}

/** The content of a result: structured, or the same JSON in its text where a host drops the former. */
export function contentOf(result: CallToolResult): Json | null {
  if (result.structuredContent) return result.structuredContent as Json;
  try {
    const content: unknown = JSON.parse(textOf(result));
    return typeof content === "object" && content !== null ? (content as Json) : null;
  } catch {
    return null;
  }
}

export function textOf(result: CallToolResult): string {
  const texts = (result.content ?? []).map((block) => (block.type === "text" ? block.text : ""));
  return texts.filter(Boolean).join("\n");
}

/** Call a tool. Throws Refused with a text that says what to do. */
export async function call(host: Host, name: string, args: Arguments): Promise<Json> {
  let result: CallToolResult;
  try {
    result = await host.callTool(name, args);
  } catch (error) {
    throw new Refused(lackingOr(name, error instanceof Error ? error.message : String(error)));
  }
  if (result.isError) throw new Refused(lackingOr(name, textOf(result)));
  const content = contentOf(result);
  if (!content) throw new Refused(`${name} answered with nothing that this view can read.`);
  return content;
}

function lackingOr(name: string, text: string): string {
  if (!/^unknown tool|tool .*not found|not allowed/i.test(text)) return text || `${name} failed without a reason.`;
  return `This server does not offer ${name}. Its operator chooses the tools (K6_MCP_TOOLSETS, K6_MCP_TOOLS, read-only).`;
}
