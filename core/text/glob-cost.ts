/** Characters of a path; what is longer is refused for its length. */
const maxLength = 1_000;
/** Asterisks between two slashes. Each multiplies the time of a match by the length of a name. */
const maxStars = 3;
/** Texts that the braces of a glob stand for. They multiply the time of a match too. */
const maxTexts = 256;
/** Stands for an asterisk of an alternative in braces, so that two of them are not read as `**`. */
const star = '\u0000';

/** Why matching a glob could take too long; undefined if it cannot. A glob may come from an agent or a stranger. */
export function globCost(glob: string): string | undefined {
  if (glob.length > maxLength) return undefined;
  let texts = 1;
  const withoutBraces = (text: string): string =>
    text.replace(/\{([^{}]*)\}/g, (_all, inner: string) => {
      const alternatives = inner.split(',');
      texts *= alternatives.length;
      return star.repeat(Math.max(...alternatives.map(starsIn)));
    });
  let flat = glob;
  for (let next = withoutBraces(flat); next !== flat; next = withoutBraces(flat)) flat = next;
  if (texts > maxTexts) return `Braces may stand for at most ${maxTexts} texts.`;
  const most = Math.max(...flat.split('/').map((part) => (part === '**' ? 0 : starsIn(part))));
  return most > maxStars ? `At most ${maxStars} asterisks are allowed between two slashes.` : undefined;
}

const starsIn = (text: string): number => [...text].filter((each) => each === '*' || each === star).length;
