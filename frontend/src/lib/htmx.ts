import htmx from "htmx.org";
import { Idiomorph } from "idiomorph";
import { t } from "./i18n.ts";
import { toast } from "./toast.ts";

/** What somebody has unfolded stays so when the page is written anew. */
function isFold(name: string, node: Element): boolean {
  return name === "open" && node instanceof HTMLDetailsElement;
}

/** What an element has found out by itself (the state of the connection, who is here) the server does not know. */
function keepsItself(node: Node): boolean {
  return node instanceof Element && node.matches("wb-live, wb-presence");
}

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}

window.htmx = htmx;

/** `hx-swap="morph"` (or `morph:innerHTML`) keeps focus, selection and open details while content changes. */
htmx.defineExtension("morph", {
  isInlineSwap: (style: string) => style === "morph" || style === "morph:outerHTML",
  handleSwap: (style: string, target: Node, fragment: Node) => {
    if (!style.startsWith("morph")) return false;
    const morphStyle = style === "morph:innerHTML" ? "innerHTML" : "outerHTML";
    const content = fragment instanceof DocumentFragment ? [...fragment.children] : fragment;
    const callbacks = {
      beforeAttributeUpdated: (name: string, node: Element) => !isFold(name, node),
      beforeNodeMorphed: (node: Node) => !keepsItself(node),
    };
    return Idiomorph.morph(target as Element, content as Element, { morphStyle, callbacks }) as unknown as Node[];
  },
} as unknown as Parameters<typeof htmx.defineExtension>[1]);

document.addEventListener("htmx:sendError", () => {
  toast(t("Not sent: no connection. Check the network and try again."), "danger");
});

document.addEventListener("htmx:responseError", (event) => {
  const status = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail.xhr.status;
  if (status === 401 || status === 403) toast(t("You may not do this, or your sign-in has expired."), "danger");
  else if (status === 404) toast(t("This no longer exists, or you may not see it."), "danger");
  else toast(t("The server could not do this. Nothing was changed; try again."), "danger");
});

export { htmx };
