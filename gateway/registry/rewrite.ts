import type { Transform } from 'node:stream';
import { type Replacement, replaceTexts } from '../replace.ts';

const withEscapes = (text: string): string => text.replaceAll('/', '\\/');

/** Replaces the beginnings of URLs, which end with a slash, in a text, also where slashes are escaped as in JSON. */
export const rewriteUrls = (replacements: readonly Replacement[]): Transform =>
  replaceTexts(
    replacements.flatMap(({ from, to }) => [
      { from, to },
      { from: withEscapes(from), to: withEscapes(to) },
    ]),
  );
