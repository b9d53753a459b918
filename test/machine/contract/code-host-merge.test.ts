/** The merge of the parts of a campaign: two changes of one commit, on every code host. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defined } from '../../../core/defined.ts';
import { blobsByPath, type ChangeSet } from '../../../core/run/change-set.ts';
import { gitFixture, type HostFixture, startGitHubFixtures } from './code-host-fixtures.ts';
import { change, type Edit, lines, removeTempFolders } from './git-fixture.ts';

const adapters: [string, () => Promise<{ fixture(): Promise<HostFixture>; close(): Promise<void> }>][] = [
  ['git', async () => ({ fixture: gitFixture, close: async () => undefined })],
  ['github', startGitHubFixtures],
];
afterAll(removeTempFolders);

describe.each(adapters)('merge of two changes on the %s code host', (_, start) => {
  let adapter: Awaited<ReturnType<typeof start>>;
  let at: HostFixture;
  beforeAll(async () => {
    adapter = await start();
  });
  afterAll(() => adapter.close());
  beforeEach(async () => {
    at = await adapter.fixture();
  });

  async function merged(sides: { ancestor?: Edit[]; ours?: Edit[]; theirs: Edit[] }) {
    const set = (edits: Edit[] | undefined): ChangeSet | undefined => edits && change(at.base, edits);
    const result = await at.host.merge(at.repository, {
      base: at.base,
      labels: { ours: 'merged', theirs: 'p2' },
      theirs: change(at.base, sides.theirs),
      ...defined({ ancestor: set(sides.ancestor), ours: set(sides.ours) }),
    });
    const blobs = blobsByPath(result.change);
    return {
      base: result.change.manifest.base,
      conflicts: result.conflicts,
      ops: result.change.manifest.entries.map(({ op, path }) => `${op} ${path}`),
      text: (path: string) => Buffer.from(blobs.get(path) ?? []).toString(),
    };
  }

  it('without another side gives the change itself', async () => {
    const result = await merged({
      theirs: [
        ['new.txt', 'new\n'],
        ['src/b.txt', null],
      ],
    });
    expect(result).toMatchObject({ base: at.base, conflicts: [], ops: ['put new.txt', 'delete src/b.txt'] });
  });

  it('keeps both sides, also within one file', async () => {
    const result = await merged({
      ours: [
        ['src/a.txt', lines(1, 2, 3, 4, 55)],
        ['ours.txt', 'o\n'],
      ],
      theirs: [
        ['src/a.txt', lines(11, 2, 3, 4, 5)],
        ['theirs.txt', 't\n'],
      ],
    });
    expect(result).toMatchObject({ conflicts: [], ops: ['put ours.txt', 'put src/a.txt', 'put theirs.txt'] });
    expect(result.text('src/a.txt')).toBe(lines(11, 2, 3, 4, 55));
  });

  it('a side that undoes what it was given undoes it in the result', async () => {
    const given: Edit[] = [
      ['a-new.txt', 'a\n'],
      ['src/a.txt', lines(1, 2, 33, 4, 5)],
    ];
    const result = await merged({ ancestor: given, ours: given, theirs: [['b-new.txt', 'b\n']] });
    expect(result).toMatchObject({ conflicts: [], ops: ['put b-new.txt'] });
  });

  it('what was given and changed again on top is no conflict', async () => {
    const given: Edit[] = [['src/a.txt', lines(1, 2, 33, 4, 5)]];
    const result = await merged({
      ancestor: given,
      ours: [...given, ['other.txt', 'o\n']],
      theirs: [['src/a.txt', lines(1, 2, 333, 4, 5)]],
    });
    expect(result).toMatchObject({ conflicts: [], ops: ['put other.txt', 'put src/a.txt'] });
    expect(result.text('src/a.txt')).toBe(lines(1, 2, 333, 4, 5));
  });

  it('the same lines changed on both sides are a conflict, marked with the names of the sides', async () => {
    const result = await merged({
      ours: [['src/a.txt', lines(1, 2, 33, 4, 5)]],
      theirs: [['src/a.txt', lines(1, 2, 333, 4, 5)]],
    });
    expect(result.conflicts).toEqual(['src/a.txt']);
    expect(result.text('src/a.txt')).toBe(
      `${lines(1, 2)}<<<<<<< merged\n${lines(33)}=======\n${lines(333)}>>>>>>> p2\n${lines(4, 5)}`,
    );
  });

  it('a file that one side deletes and the other changes is a conflict', async () => {
    const result = await merged({ ours: [['src/a.txt', null]], theirs: [['src/a.txt', lines(1, 2, 3, 4, 5, 6)]] });
    expect(result.conflicts).toEqual(['src/a.txt']);
  });
});
