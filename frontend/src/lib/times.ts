/**
 * Times as the person wants them. The server writes them so; what arrives live was rendered once for
 * everybody, in UTC, and is written anew here. `body[data-zone]` and `body[data-clock]` say how.
 */
type Form = "time" | "date" | "datetime";

function options(): { timeZone: string | undefined; hour12: boolean | undefined } {
  const { zone, clock } = document.body.dataset;
  return { timeZone: zone, hour12: clock === undefined ? undefined : clock === "12" };
}

function language(): string | undefined {
  return document.documentElement.lang || undefined;
}

/** 03:12 or 3:12 AM. */
export function clockTime(at: Date, seconds = false): string {
  const { timeZone, hour12 } = options();
  return new Intl.DateTimeFormat(language(), {
    hour: hour12 === true ? "numeric" : "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    ...(hour12 === undefined ? {} : { hourCycle: hour12 ? "h12" : "h23" }),
    ...(timeZone ? { timeZone } : {}),
  }).format(at).replace(/\s/gu, " ");
}

/** Day before month, as the server writes it: 20 Nov, 20 Nov 2026. */
function day(at: Date, withYear: boolean, withWeekday = false): string {
  const { timeZone } = options();
  const parts = new Intl.DateTimeFormat(language(), {
    weekday: "short", day: "numeric", month: "short", year: "numeric", ...(timeZone ? { timeZone } : {}),
  }).formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
  return [...(withWeekday ? [part("weekday")] : []), part("day"), part("month"), ...(withYear ? [part("year")] : [])].join(" ");
}

function zoneName(at: Date): string {
  const { timeZone } = options();
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short", ...(timeZone ? { timeZone } : {}) }).formatToParts(at);
  return parts.find((each) => each.type === "timeZoneName")?.value ?? "";
}

function text(at: Date, form: Form): string {
  if (form === "time") return clockTime(at);
  return form === "date" ? day(at, true) : `${day(at, false)} ${clockTime(at)}`;
}

function hover(at: Date): string {
  const own = `${day(at, true, true)} ${clockTime(at, true)} ${zoneName(at)}`;
  return `${own} · ${at.toISOString().slice(11, 19)} UTC`;
}

/** Writes every `<time data-when>` of a live fragment for the person who looks. */
export function localise(root: ParentNode): void {
  if (document.body.dataset["zone"] === undefined) return;
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-when]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    element.title = hover(at);
    const form = element.dataset["when"];
    if (form === "time" || form === "date" || form === "datetime") element.textContent = text(at, form);
  }
}
