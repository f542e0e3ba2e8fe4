/** True while a person types, so that single keys must do nothing. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const field = target.closest("input, textarea, select, [contenteditable]:not([contenteditable='false'])");
  if (!field) return false;
  if (field instanceof HTMLInputElement) {
    return !["checkbox", "radio", "button", "submit", "reset", "range", "color", "file"].includes(field.type);
  }
  return true;
}

/** A sprite icon, cloned from any icon that the server has rendered, so that its address is known. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  const sprite = document.body.dataset["sprite"] ?? "/static/icons.svg";
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

export function fragmentOf(html: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export function csrfToken(): string {
  const headers = document.body.getAttribute("hx-headers");
  if (!headers) return "";
  return (JSON.parse(headers) as Record<string, string>)["X-CSRFToken"] ?? "";
}
