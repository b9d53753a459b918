import { attributeMatcher } from './attributes.ts';

/** Begins each pointer of Git LFS. */
const pointer = /^version https:\/\/git-lfs\.github\.com\/spec\//;

/** Whether the base stores a path in Git LFS: its content is a pointer, or a `.gitattributes` of the base says so. */
export function lfsMatcher(base: ReadonlyMap<string, Uint8Array>): (path: string) => boolean {
  const matches = attributeMatcher(base, /^filter=lfs$/);
  return (path) => isPointer(base.get(path)) || matches(path);
}

const isPointer = (content: Uint8Array | undefined): boolean =>
  content !== undefined && content.length < 1024 && pointer.test(new TextDecoder().decode(content));
