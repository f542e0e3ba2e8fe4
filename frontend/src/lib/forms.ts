/** After a page or fragment with errors arrives, the reader lands on the first thing to correct. */
export function focusFirstError(root: ParentNode): boolean {
  const field = root.querySelector<HTMLElement>("[aria-invalid='true']:not([data-sample] *)");
  field?.focus();
  return field !== null;
}

function start(): void {
  if (!focusFirstError(document)) document.querySelector<HTMLElement>("[data-errors-summary]:not([data-sample] *)")?.focus();
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target instanceof Element) focusFirstError(event.target);
});

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();

/** A form that stays on the page after it was sent (the composer) empties itself once the server took it. */
document.addEventListener("htmx:afterRequest", (event) => {
  const detail = (event as CustomEvent<{ elt: Element; successful: boolean }>).detail;
  if (detail.successful && detail.elt instanceof HTMLFormElement && "resetOnSuccess" in detail.elt.dataset) detail.elt.reset();
});

/** A form whose answer takes its time (`data-busy`) says so on its button and is sent once. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("busy" in form.dataset)) return;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
  event.submitter?.setAttribute("aria-busy", "true");
});

/** The page may come back from the browser's memory as it was left. */
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const busy of document.querySelectorAll("form[data-busy], form[data-busy] [aria-busy]")) busy.removeAttribute("aria-busy");
});
