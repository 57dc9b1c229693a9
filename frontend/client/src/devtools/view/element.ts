/** Makes elements. Nothing here takes markup or styles as text, so that no Content-Security-Policy has to allow it. */

/** An attribute; `false` and `undefined` are none. */
type Attributes = { readonly [name: string]: string | number | boolean | undefined };

/** An element of HTML. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  page: Document,
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = page.createElement(tag);
  set(made, attributes);
  made.append(...children);
  return made;
}

/** An element of SVG. */
export function svg(page: Document, tag: string, attributes: Attributes = {}, ...children: Node[]): SVGElement {
  const made = page.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement;
  set(made, attributes);
  made.append(...children);
  return made;
}

/** Sets attributes, and takes those away that are `false` or `undefined`. */
export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) {
      element.removeAttribute(name);
    } else {
      element.setAttribute(name, value === true ? "" : `${value}`);
    }
  }
}
