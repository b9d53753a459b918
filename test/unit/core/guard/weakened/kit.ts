import type { Edits, Files } from '../changes.ts';

/** One change of a repository, as an agent might make it. */
export interface Row {
  name: string;
  weaker: boolean;
  base: Files;
  edits: Edits;
}

type Change = (base: Files) => Edits;

const textAt = (base: Files, path: string): string => {
  const text = base[path];
  if (typeof text !== 'string') throw new Error(`${path} is not in the base`);
  return text;
};

/** Replaces pieces of a file; each piece has to be there. */
export const swap =
  (path: string, ...pieces: [from: string, to: string][]): Change =>
  (base) => {
    let text = textAt(base, path);
    for (const [from, to] of pieces) {
      if (!text.includes(from)) throw new Error(`${from} is not in ${path}`);
      text = text.replace(from, () => to);
    }
    return [[path, text]];
  };
export const swapAll =
  (path: string, from: string, to: string): Change =>
  (base) => [[path, textAt(base, path).replaceAll(from, to)]];
export const gone =
  (...paths: string[]): Change =>
  () =>
    paths.map((path) => [path, null]);
export const whole =
  (path: string, text: string): Change =>
  () => [[path, text]];
export const moved =
  (path: string, to: string, edit: (text: string) => string = (text) => text): Change =>
  (base) => [
    [path, null],
    [to, edit(textAt(base, path))],
  ];
export const indented =
  (path: string, from: string, to: string, before: string, after: string): Change =>
  (base) => {
    const text = textAt(base, path);
    const [start, end] = [text.indexOf(from), text.indexOf(to)];
    if (start < 0 || end < start) throw new Error(`${from} … ${to} is not in ${path}`);
    const piece = text.slice(start, end + to.length).replace(/^(?=.)/gm, '    ');
    return [[path, text.slice(0, start) + before + piece + after + text.slice(end + to.length)]];
  };

const row =
  (weaker: boolean) =>
  (name: string, base: Files, ...changes: Change[]): Row => ({
    name,
    weaker,
    base,
    edits: changes.flatMap((change) => change(base)),
  });
export const weaker = row(true);
export const innocent = row(false);
