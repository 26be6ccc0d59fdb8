/** A few words for the DOM. */

/** The element with this id; the page is broken without it. */
export function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`#${id} is missing`);
  return found as unknown as T;
}

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  set(made, attributes);
  made.append(...children);
  return made;
}

export function svg(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(made, attributes);
  made.append(...children);
  return made;
}

/** null and false take an attribute away. */
export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Rows of a description list, changed in place so that nothing jumps. named: how a name is drawn. */
export function figures(
  list: HTMLElement,
  rows: readonly (readonly [name: string, value: string])[],
  named: (name: string) => Node,
): void {
  while (list.children.length > rows.length) list.lastElementChild!.remove();
  rows.forEach(([name, value], i) => {
    let row = list.children[i];
    if (row === undefined) {
      row = el("div", {}, el("dt"), el("dd"));
      list.append(row);
    }
    const [term, detail] = [row.children[0]!, row.children[1]!];
    if (row.getAttribute("data-name") !== name) {
      row.setAttribute("data-name", name);
      term.replaceChildren(named(name));
    }
    if (detail.textContent !== value) detail.textContent = value;
  });
}

/** At most one call in `everyMs`, and always the newest at the end. */
export function throttled(everyMs: number, call: () => void): () => void {
  let timer = 0;
  let last = -Infinity;
  return () => {
    clearTimeout(timer);
    const wait = last + everyMs - performance.now();
    const run = () => {
      last = performance.now();
      call();
    };
    if (wait <= 0) run();
    else timer = window.setTimeout(run, wait);
  };
}

export const prefersStill = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
