interface Ends {
  source: string;
  target: string;
}

/** Rows a column may have for so many boxes, so that the picture is about twice as wide as high. */
export function rowsFor(boxes: number): number {
  return Math.max(8, Math.round(Math.sqrt(boxes / 0.38)));
}

/**
 * The column of each box: right of all that need it as far as circles allow, layers apart from each other, no column
 * longer than `rows`. elk's own bounded layering takes ten times as long over two hundred boxes.
 */
export function columnsOf(
  boxes: readonly { id: string; layer: number }[], lines: readonly Ends[], rows: number,
): Map<string, number> {
  const needs = new Map<string, string[]>();
  const neededBy = new Map<string, string[]>();
  for (const { source, target } of lines) {
    needs.set(source, [...(needs.get(source) ?? []), target]);
    neededBy.set(target, [...(neededBy.get(target) ?? []), source]);
  }
  const order = topDown(boxes.map(({ id }) => id), needs);
  const rank = new Map(order.map((id, at) => [id, at]));
  const level = new Map<string, number>();
  for (const id of order) {
    for (const other of needs.get(id) ?? []) {
      if (above(rank, id, other)) level.set(other, Math.max(level.get(other) ?? 0, (level.get(id) ?? 0) + 1));
    }
  }
  const columns = new Map<string, number>();
  const used: number[] = [];
  let [layer, first] = [0, 0];
  const sorted = [...boxes].sort((a, b) => a.layer - b.layer || (level.get(a.id) ?? 0) - (level.get(b.id) ?? 0));
  for (const box of sorted) {
    if (box.layer !== layer) [layer, first] = [box.layer, used.length];
    let column = first;
    for (const other of neededBy.get(box.id) ?? []) {
      if (above(rank, other, box.id)) column = Math.max(column, (columns.get(other) ?? -1) + 1);
    }
    while ((used[column] ?? 0) >= rows) column += 1;
    while (used.length <= column) used.push(0);
    used[column] = (used[column] ?? 0) + 1;
    columns.set(box.id, column);
  }
  return columns;
}

function above(rank: Map<string, number>, one: string, other: string): boolean {
  return (rank.get(one) ?? 0) < (rank.get(other) ?? 0);
}

/** Everything before what it needs, but for one step of every circle: the reverse of a depth-first post-order. */
function topDown(ids: readonly string[], needs: Map<string, string[]>): string[] {
  const seen = new Set<string>();
  const done: string[] = [];
  for (const root of ids) {
    if (seen.has(root)) continue;
    seen.add(root);
    const stack = [{ id: root, at: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = needs.get(top.id)?.[top.at];
      top.at += 1;
      if (next === undefined) {
        done.push(top.id);
        stack.pop();
      } else if (!seen.has(next)) {
        seen.add(next);
        stack.push({ id: next, at: 0 });
      }
    }
  }
  return done.reverse();
}
