import type { PartView } from '../../pipeline/campaign/view.ts';
import { type Markup, markup, runPath } from './markup.ts';

const box = { width: 172, height: 40, gapX: 44, gapY: 14, margin: 2 } as const;
/** Characters of a name that a box has room for. */
const maxName = 22;

/** The parts of a campaign as a graph: what depends on nothing is on the left, and lines lead to what starts from it. */
export function partGraph(given: readonly PartView[]): Markup {
  const needed = new Set(given.flatMap(({ dependsOn }) => dependsOn));
  const last = given.filter(({ id }) => !needed.has(id)).map(({ id }) => id);
  const parts: Node[] = [
    ...given.map((part) => ({ ...part, says: `${part.status}${part.merged ? ' · merged' : ''}` })),
    { ...whole(given), dependsOn: last },
  ];
  const levels = levelsOf(parts);
  const at = new Map<string, { x: number; y: number }>();
  const rows = new Map<number, number>();
  for (const { id } of parts) {
    const level = levels.get(id) ?? 0;
    const row = rows.get(level) ?? 0;
    rows.set(level, row + 1);
    at.set(id, {
      x: box.margin + level * (box.width + box.gapX),
      y: box.margin + row * (box.height + box.gapY),
    });
  }
  const width = Math.max(0, ...[...at.values()].map(({ x }) => x)) + box.width + box.margin;
  const height = Math.max(0, ...[...at.values()].map(({ y }) => y)) + box.height + box.margin;
  const lines = parts.flatMap(({ id, dependsOn }) =>
    dependsOn.flatMap((other) => {
      const [from, to] = [at.get(other), at.get(id)];
      if (!from || !to) return [];
      const [x1, y1, x2, y2] = [from.x + box.width, from.y + box.height / 2, to.x, to.y + box.height / 2];
      const middle = (x1 + x2) / 2;
      return [markup`<path d="M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"></path>`];
    }),
  );
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Graph of the parts"><svg class="graph" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-label="Parts and what they wait for">${lines}${parts.map((part) => node(part, at.get(part.id) ?? { x: 0, y: 0 }))}</svg></div>`;
}

type Node = Pick<PartView, 'id' | 'title' | 'dependsOn' | 'runId' | 'merged'> & { status: string; says: string };

/** What all parts lead to. */
function whole(parts: readonly PartView[]): Node {
  const merged = parts.filter((part) => part.merged).length;
  const expected = parts.filter(({ status }) => status !== 'left-out').length;
  return {
    ...{ id: 'one change', title: 'The merged change', dependsOn: [], runId: null, merged: false },
    status: merged > 0 && merged === expected ? 'done' : 'planned',
    says: `${merged} of ${expected} merged`,
  };
}

function node(part: Node, { x, y }: { x: number; y: number }): Markup {
  const name = part.id.length > maxName ? `${part.id.slice(0, maxName - 1)}…` : part.id;
  const after = part.dependsOn.length === 0 ? '' : `, after ${part.dependsOn.join(', ')}`;
  const shape = markup`<title>${part.id}: ${part.title}, ${part.status}${after}</title><rect class="${part.status}" x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="6"></rect><text x="${x + 12}" y="${y + 17}" class="name">${name}</text><text x="${x + 12}" y="${y + 32}" class="state">${part.says}</text>`;
  return part.runId === null ? markup`<g>${shape}</g>` : markup`<a href="${runPath(part.runId)}">${shape}</a>`;
}

/** How many parts come before each one, on the longest way. */
function levelsOf(parts: readonly Node[]): Map<string, number> {
  const levels = new Map<string, number>();
  // Parts have no circles; each pass settles at least one of them.
  for (let pass = 0; pass < parts.length && levels.size < parts.length; pass++)
    for (const { id, dependsOn } of parts)
      if (!levels.has(id) && dependsOn.every((other) => levels.has(other)))
        levels.set(id, Math.max(0, ...dependsOn.map((other) => (levels.get(other) ?? 0) + 1)));
  return levels;
}
