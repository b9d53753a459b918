import type { ChangeEntry } from '../../run/change-set.ts';
import { attributeMatcher } from '../attributes.ts';
import { textOf } from '../input.ts';
import { type FileKind, isLockFile, kindOf, meaning } from './file-kinds.ts';

interface Seen {
  rule: FileKind;
  path: string;
  line: number;
  message: string;
}

/** How programs, libraries and archives of code begin. */
const programs: [begins: number[], what: string][] = [
  [[0x7f, 0x45, 0x4c, 0x46], 'a program or library of Linux'],
  [[0x4d, 0x5a], 'a program or library of Windows'],
  [[0xcf, 0xfa, 0xed, 0xfe], 'a program or library of macOS'],
  [[0xca, 0xfe, 0xba, 0xbe], 'a class of Java, or a program of macOS'],
  [[0x00, 0x61, 0x73, 0x6d], 'a module of WebAssembly'],
  [[0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e], 'a library of object files'],
];
const archives =
  /\.(?:jar|war|whl|egg|nupkg|gem|crate|apk|aar|node|pyc|pyd|so|dylib|dll|exe|class|wasm|deb|rpm|phar)$/i;

/** What programs write from other files of the repository. */
const generated =
  /(?:^|\/)(?:dist|build|out|generated|__generated__)\/|\.min\.(?:js|css)$|\.(?:pb|gen|generated|g)\.\w{1,5}$|_pb2(?:_grpc)?\.pyi?$|\.bundle\.js$/i;
const header = /@generated\b|\bDO NOT EDIT\b/;

/** Whether the name of a file, or its beginning, says that a program made it. */
export const looksGenerated = (path: string, beginning: string): boolean =>
  generated.test(path) || header.test(beginning);

/** Whether the content of a path at the base is needed. */
export const mayBeUnreadable = (path: string): boolean => archives.test(path) || generated.test(path);

/** Compiled code, which no diff shows, and files that a program writes, although nothing changed that it reads. */
export function unreadablePlaces(
  entries: ChangeEntry[],
  contents: ReadonlyMap<string, Uint8Array>,
  base: ReadonlyMap<string, Uint8Array>,
): Seen[] {
  const isMarked = attributeMatcher(base, /^(?:linguist-generated(?:=true)?|-diff)$/);
  const isGenerated = ({ path }: ChangeEntry): boolean =>
    generated.test(path) || isMarked(path) || header.test(textOf(contents.get(path)?.subarray(0, 2_000)));
  const isSource = (entry: ChangeEntry): boolean =>
    !isLockFile(entry.path) && kindOf(entry.path) !== 'TestsChanged' && !/\.(?:md|txt|rst)$/i.test(entry.path);
  const written = entries.filter(isGenerated);
  const others = entries.filter((entry) => isSource(entry) && !isGenerated(entry));
  return [
    ...entries.flatMap((entry): Seen[] => {
      const content = contents.get(entry.path);
      if (entry.op === 'delete' || entry.mode === '120000' || !content) return [];
      const what = programs.find(([begins]) => begins.every((byte, i) => content[i] === byte))?.[1];
      if (what === undefined && !archives.test(entry.path)) return [];
      return [seen('BinaryChanged', entry.path, `is ${what ?? 'an archive of compiled code'}`)];
    }),
    ...(others.length > 0
      ? []
      : written.map(({ path }) => seen('GeneratedChanged', path, 'changes, and nothing that it is made from does'))),
  ];
}

const seen = (rule: FileKind, path: string, what: string): Seen => ({
  rule,
  path,
  line: 1,
  message: `${what}: ${meaning[rule]}`,
});
