/**
 * Sentences spoken by scripts. A page may carry translations as JSON in
 * `<script type="application/json" id="wb-messages">` (a data block, not a script); English is the key.
 */
let catalogue: Record<string, string> | undefined;

function load(): Record<string, string> {
  const source = document.getElementById("wb-messages")?.textContent;
  return source ? (JSON.parse(source) as Record<string, string>) : {};
}

export function t(message: string, values: Record<string, string | number> = {}): string {
  catalogue ??= load();
  return (catalogue[message] ?? message).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
