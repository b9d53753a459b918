import { hiddenIn } from '../text/hidden.ts';

/**
 * The first hidden character that a text has and its earlier version had not: one that a reviewer of the diff does not
 * see, or that changes the order in which the line is displayed. Control characters do not count, because they are shown
 * as code points and test data contains them; nor does a byte order mark.
 */
export function findHidden(text: string, before: string): { line: number; says: string } | undefined {
  let known: Map<string, number> | undefined;
  const counts = new Map<string, number>();
  for (const { character, kind, says, offset } of hiddenIn(text)) {
    if (kind === 'control' || (character === '\uFEFF' && offset === 0)) continue;
    known ??= countIn(before);
    const count = (counts.get(character) ?? 0) + 1;
    counts.set(character, count);
    if (count > (known.get(character) ?? 0)) return { line: lineOf(text, offset), says };
  }
  return undefined;
}

function countIn(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { character } of hiddenIn(text)) counts.set(character, (counts.get(character) ?? 0) + 1);
  return counts;
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** Files that people read as text, by the end of their name or by the whole of it. */
const textFile =
  /\.(?:[cm]?[jt]sx?|json[5c]?|py|rb|go|rs|java|kts?|scala|groovy|gradle|php|p[lm]|lua|swift|cc?|cpp|cxx|hh?|hpp|cs|fs|vb|mm?|(?:ba|z|fi)?sh|ps1|bat|cmd|sql|html?|s?css|sass|less|vue|svelte|astro|xml|ya?ml|toml|ini|cfg|conf|properties|mdx?|txt|rst|tf|proto|graphql|exs?|erl|hs|clj|dart|r|jl|mk|cmake|feature|snap)$|(?:^|\/)(?:\.[^/.]+|\w*file)$/i;

/** Whether a file that git takes for binary, because it has a byte 0, is one that programs read as source. */
export const hidesContent = (path: string, text: string): boolean => textFile.test(path) || text.startsWith('#!');
