/** R35 the integrated tree does not depend on the order, where no two parts touch the same lines. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { ancestorsOf, topological } from '../../../core/campaign/order.ts';
import { blobsByPath, type ChangeSet } from '../../../core/run/change-set.ts';
import { gitFixture } from './code-host-fixtures.ts';
import { change, type Edit, removeTempFolders } from './git-fixture.ts';

afterAll(removeTempFolders);

/** Lines of the shared file; each part has its own, far enough from the others that git sees no overlap. */
const apart = 8;
const maxParts = 5;
const sharedLines = Array.from({ length: apart * maxParts }, (_, i) => `line ${i}\n`);
const shared = 'shared.txt';

const graphs = fc
  .array(fc.record({ after: fc.array(fc.nat(10), { maxLength: 2 }), own: fc.boolean(), drops: fc.boolean() }), {
    minLength: 2,
    maxLength: maxParts,
  })
  .map((rows) =>
    rows.map(({ after, ...rest }, i) => ({
      id: `p${i}`,
      at: i,
      depends_on: [...new Set(after.map((n) => `p${n % Math.max(1, i)}`))].filter((id) => id !== `p${i}` && i > 0),
      ...rest,
    })),
  );

const textOf = (set: ChangeSet | undefined, path: string, base: string): string => {
  const bytes = set && blobsByPath(set).get(path);
  return bytes === undefined ? base : Buffer.from(bytes).toString();
};

test('any topological order gives the same change', { timeout: 240_000 }, async () => {
  const at = await gitFixture();
  const base = await at.commit([
    [shared, sharedLines.join('')],
    ...Array.from({ length: maxParts }, (_, i): Edit => [`old/${i}.txt`, `old ${i}\n`]),
  ]);
  const merge = (ours: ChangeSet | undefined, theirs: ChangeSet, ancestor: ChangeSet | undefined) =>
    at.host.merge(at.repository, {
      base,
      theirs,
      labels: { ours: 'merged', theirs: 'part' },
      ...(ours ? { ours } : {}),
      ...(ancestor ? { ancestor } : {}),
    });
  await fc.assert(
    fc.asyncProperty(graphs, async (parts) => {
      const order = topological(parts);
      const before = ancestorsOf(parts);
      const results = new Map<string, { given: ChangeSet | undefined; change: ChangeSet }>();
      const mergeAll = async (ids: readonly string[]): Promise<ChangeSet | undefined> => {
        let merged: ChangeSet | undefined;
        for (const id of ids) {
          const result = results.get(id);
          if (!result) continue;
          const { change: next, conflicts } = await merge(merged, result.change, result.given);
          expect(conflicts).toEqual([]);
          merged = next;
        }
        return merged;
      };
      for (const id of order) {
        const part = parts.find((each) => each.id === id);
        if (!part) continue;
        const given = await mergeAll(order.filter((each) => before.get(id)?.has(each)));
        const lines = textOf(given, shared, sharedLines.join('')).split('\n');
        const line = lines.indexOf(`line ${part.at * apart}`);
        lines[line] = `${lines[line]} of ${id}`;
        const kept = (given?.manifest.entries ?? [])
          .filter(({ path }) => path !== shared)
          .map((entry): Edit => [entry.path, entry.op === 'delete' ? null : textOf(given, entry.path, '')]);
        const edits: Edit[] = [
          ...kept,
          [shared, lines.join('\n')],
          ...(part.own ? [[`new/${id}.txt`, `${id}\n`] as Edit] : []),
          ...(part.drops ? [[`old/${part.at}.txt`, null] as Edit] : []),
        ];
        results.set(id, { given, change: change(base, edits) });
      }
      // The other order takes, of what may come next, the last one.
      const other: string[] = [];
      while (other.length < order.length) {
        const next = order.findLast(
          (id) => !other.includes(id) && [...(before.get(id) ?? [])].every((each) => other.includes(each)),
        );
        if (next === undefined) throw new Error('no part may come next');
        other.push(next);
      }
      const [one, two] = [await mergeAll(order), await mergeAll(other)];
      expect(two?.manifest).toEqual(one?.manifest);
      expect(Buffer.from(two?.blobs ?? []).equals(Buffer.from(one?.blobs ?? []))).toBe(true);
    }),
    { numRuns: 12 },
  );
});
