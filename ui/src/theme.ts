// Light or dark as the host says, else as the system prefers; the host's own colours and fonts where it sends them.
import type { McpUiHostContext } from "./host";

export function applyTheme({ theme, styles }: McpUiHostContext): void {
  const root = document.documentElement;
  if (theme) root.dataset["theme"] = theme;
  for (const [name, value] of Object.entries(styles?.variables ?? {})) {
    if (value !== undefined) root.style.setProperty(name, value);
  }
}

/** Colours of the style sheet as a canvas needs them: resolved for the theme that holds now. */
export function resolvedColors<Name extends string>(names: readonly Name[]): Record<Name, string> {
  const probe = document.body.appendChild(document.createElement("span"));
  const colors = {} as Record<Name, string>;
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    colors[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colors;
}
