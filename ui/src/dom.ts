// Elements, made from text only: what a script or a test is called can never become markup.
type Attribute = string | number | boolean | ((event: Event) => void) | undefined;
export type Child = Node | string | null | undefined | false;

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** Replace what an element holds, but only if it would look different: focus and selection survive. */
export function fill(element: Element, ...children: Child[]): void {
  const holder = h("div", {}, ...children);
  if (holder.innerHTML !== element.innerHTML) element.replaceChildren(...holder.childNodes);
}

/** Say something in a live region; saying the same again would make screen readers repeat it. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function table(caption: string, heads: string[], rows: Child[][]): HTMLTableElement {
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, i) => h(i ? "td" : "th", i ? {} : { scope: "row" }, cell))))),
  );
}
