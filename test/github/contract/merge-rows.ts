import type { Edit } from '../../machine/contract/git-fixture.ts';
import { lines } from '../../machine/contract/git-fixture.ts';

/** Nine lines, some of them changed. */
const many = (...changed: number[]) =>
  lines(...Array.from({ length: 9 }, (_, i) => (changed.includes(i) ? i * 100 : i)));
const other = many(0, 1, 2, 3, 4, 5, 6, 7, 8);
const bytes = (...some: number[]) => new Uint8Array([0, 1, 2, 3, 255, ...some]);

/** A target that moved and a change, and what git makes of the two. */
export interface MergeRow {
  /** Put on top of the first files before the two part. */
  base?: Edit[];
  target: Edit[];
  change: Edit[];
  ops: string[];
  /** Names aside: which side's version a file beside another is, each host says in its own way. */
  conflicts?: string[];
  text?: [string, string][];
}

export const mergeRows: [string, MergeRow][] = [
  [
    "the target's rename with a change in it",
    {
      base: [['m.txt', many()]],
      target: [
        ['m.txt', null],
        ['dir/n.txt', many(1)],
      ],
      change: [['m.txt', many(7)]],
      ops: ['put dir/n.txt'],
      text: [['dir/n.txt', many(1, 7)]],
    },
  ],
  [
    "the change's rename of what the target changed",
    {
      base: [['m.txt', many()]],
      target: [['m.txt', many(1)]],
      change: [
        ['m.txt', null],
        ['dir/n.txt', many(7)],
      ],
      ops: ['put dir/n.txt', 'delete m.txt'],
      text: [['dir/n.txt', many(1, 7)]],
    },
  ],
  [
    'both rename to the same name',
    {
      base: [['m.txt', many()]],
      target: [
        ['m.txt', null],
        ['n.txt', many(1)],
      ],
      change: [
        ['m.txt', null],
        ['n.txt', many(7)],
      ],
      ops: ['put n.txt'],
      text: [['n.txt', many(1, 7)]],
    },
  ],
  [
    'both rename, each to its own name',
    {
      base: [['m.txt', many()]],
      target: [
        ['m.txt', null],
        ['n.txt', many(1)],
      ],
      change: [
        ['m.txt', null],
        ['o.txt', many(7)],
      ],
      ops: ['put n.txt', 'put o.txt'],
      conflicts: ['m.txt', 'n.txt', 'o.txt'],
      text: [
        ['n.txt', many(1, 7)],
        ['o.txt', many(1, 7)],
      ],
    },
  ],
  [
    'the target renames what the change deletes',
    {
      base: [['m.txt', many()]],
      target: [
        ['m.txt', null],
        ['n.txt', many(1)],
      ],
      change: [['m.txt', null]],
      ops: [],
      conflicts: ['n.txt'],
    },
  ],
  [
    'a rename to where the other side put a file',
    {
      base: [['m.txt', many()]],
      target: [
        ['m.txt', null],
        ['n.txt', many(1)],
      ],
      change: [
        ['m.txt', many(7)],
        ['n.txt', 'mine\n'],
      ],
      ops: ['put n.txt'],
      conflicts: ['n.txt'],
    },
  ],
  [
    'a rename that conflicts to where the other side put a file',
    {
      base: [['m.txt', many()]],
      target: [
        ['m.txt', null],
        ['n.txt', many(1)],
      ],
      change: [
        ['m.txt', many(2)],
        ['n.txt', 'mine\n'],
      ],
      ops: ['put n.txt'],
      conflicts: ['n.txt'],
      // One conflict in another: the inner one has longer markers.
      text: [
        [
          'n.txt',
          [
            `<<<<<<<\n${lines(0)}<<<<<<<<\n${lines(100, 2)}========\n${lines(1, 200)}>>>>>>>>\n`,
            `${lines(3, 4, 5, 6, 7, 8)}=======\nmine\n>>>>>>>\n`,
          ].join(''),
        ],
      ],
    },
  ],
  [
    'conflicts near each other, and one further off',
    {
      base: [['m.txt', lines(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]],
      target: [['m.txt', lines(11, 2, 3, 4, 55, 6, 7, 8, 9, 1010)]],
      change: [['m.txt', lines(12, 2, 3, 4, 56, 6, 7, 8, 9, 1011)]],
      ops: ['put m.txt'],
      conflicts: ['m.txt'],
      text: [
        [
          'm.txt',
          [
            `<<<<<<<\n${lines(11, 2, 3, 4, 55)}=======\n${lines(12, 2, 3, 4, 56)}>>>>>>>\n`,
            `${lines(6, 7, 8, 9)}<<<<<<<\n${lines(1010)}=======\n${lines(1011)}>>>>>>>\n`,
          ].join(''),
        ],
      ],
    },
  ],
  [
    'too little alike for a rename',
    {
      base: [['m.txt', many()]],
      target: [
        ['m.txt', null],
        ['n.txt', other],
      ],
      change: [['m.txt', many(7)]],
      ops: ['put m.txt'],
      conflicts: ['m.txt'],
    },
  ],
  [
    'lines that touch',
    {
      target: [['src/a.txt', lines(1, 22, 3, 4, 5)]],
      change: [['src/a.txt', lines(1, 2, 33, 4, 5)]],
      ops: ['put src/a.txt'],
      conflicts: ['src/a.txt'],
    },
  ],
  [
    'both make the same change and one more',
    {
      target: [['src/a.txt', lines(11, 2, 3, 4, 5)]],
      change: [['src/a.txt', lines(11, 2, 3, 4, 55)]],
      ops: ['put src/a.txt'],
      text: [['src/a.txt', lines(11, 2, 3, 4, 55)]],
    },
  ],
  [
    'CRLF',
    {
      base: [['w.txt', many().replaceAll('\n', '\r\n')]],
      target: [['w.txt', many(1).replaceAll('\n', '\r\n')]],
      change: [['w.txt', many(7).replaceAll('\n', '\r\n')]],
      ops: ['put w.txt'],
      text: [['w.txt', many(1, 7).replaceAll('\n', '\r\n')]],
    },
  ],
  [
    'other ends of lines on one side',
    {
      target: [['src/a.txt', lines(1, 2, 3, 4, 5).replaceAll('\n', '\r\n')]],
      change: [['src/a.txt', lines(1, 2, 3, 4, 55)]],
      ops: ['put src/a.txt'],
      conflicts: ['src/a.txt'],
    },
  ],
  [
    'no line feed at the end',
    {
      target: [['src/a.txt', lines(11, 2, 3, 4, 5)]],
      change: [['src/a.txt', lines(1, 2, 3, 4, 5).trimEnd()]],
      ops: ['put src/a.txt'],
      text: [['src/a.txt', lines(11, 2, 3, 4, 5).trimEnd()]],
    },
  ],
  [
    'conflict without a line feed at the end',
    {
      target: [['src/b.txt', 'B']],
      change: [['src/b.txt', 'C']],
      ops: ['put src/b.txt'],
      conflicts: ['src/b.txt'],
      text: [['src/b.txt', '<<<<<<<\nB\n=======\nC\n>>>>>>>\n']],
    },
  ],
  [
    'bytes that are no UTF-8',
    {
      base: [['l.txt', Buffer.from(`caf\xe9\n${many()}`, 'latin1')]],
      target: [['l.txt', Buffer.from(`caf\xe9\n${many(1)}`, 'latin1')]],
      change: [['l.txt', Buffer.from(`caf\xe9\n${many(7)}`, 'latin1')]],
      ops: ['put l.txt'],
      text: [['l.txt', Buffer.from(`caf\xe9\n${many(1, 7)}`, 'latin1').toString()]],
    },
  ],
  [
    'a mode on one side and lines on the other',
    {
      target: [['src/a.txt', lines(1, 2, 3, 4, 5), '100755']],
      change: [['src/a.txt', lines(1, 2, 3, 4, 55)]],
      ops: ['put 100755 src/a.txt'],
    },
  ],
  [
    'a mode alone, where the target changed lines',
    {
      target: [['src/a.txt', lines(1, 2, 3, 4, 55)]],
      change: [['src/a.txt', lines(1, 2, 3, 4, 5), '100755']],
      ops: ['put 100755 src/a.txt'],
      text: [['src/a.txt', lines(1, 2, 3, 4, 55)]],
    },
  ],
  ['a deletion on both sides', { target: [['src/b.txt', null]], change: [['src/b.txt', null]], ops: [] }],
  [
    'a deletion of what the target changed',
    { target: [['src/b.txt', 'B\n']], change: [['src/b.txt', null]], ops: [], conflicts: ['src/b.txt'] },
  ],
  ['the same new file on both sides', { target: [['n', 'n\n']], change: [['n', 'n\n']], ops: [] }],
  [
    'two new files of one name',
    {
      target: [['n', 'a\n']],
      change: [['n', 'b\n']],
      ops: ['put n'],
      conflicts: ['n'],
      text: [['n', '<<<<<<<\na\n=======\nb\n>>>>>>>\n']],
    },
  ],
  [
    'a binary on both sides',
    { base: [['x', bytes()]], target: [['x', bytes(7)]], change: [['x', bytes(8)]], ops: [], conflicts: ['x'] },
  ],
  ['a binary on one side', { base: [['x', bytes()]], target: [['y', 'y']], change: [['x', bytes(8)]], ops: ['put x'] }],
  [
    'a link on both sides',
    { target: [['link', 'there', '120000']], change: [['link', 'here', '120000']], ops: [], conflicts: ['link'] },
  ],
  [
    'a file where the other side has a folder',
    { target: [['n/x', 'x\n']], change: [['n', 'file\n']], ops: ['put n~'], conflicts: ['n~'] },
  ],
  [
    'a folder where the other side has a file',
    {
      target: [['n', 'file\n']],
      change: [['n/x', 'x\n']],
      ops: ['delete n', 'put n/x', 'put n~'],
      conflicts: ['n~'],
    },
  ],
  [
    'a folder in the place of a file that the target changed',
    {
      target: [['src/b.txt', 'B\n']],
      change: [
        ['src/b.txt', null],
        ['src/b.txt/x', 'x\n'],
      ],
      ops: ['delete src/b.txt', 'put src/b.txt/x', 'put src/b.txt~'],
      conflicts: ['src/b.txt~'],
    },
  ],
  [
    'a link and a file of one name',
    {
      target: [['n', 'file\n']],
      change: [['n', 'there', '120000']],
      ops: ['put 120000 n', 'put n~'],
      conflicts: ['n', 'n~'],
    },
  ],
];
