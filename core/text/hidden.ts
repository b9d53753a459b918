/**
 * Characters that a reader does not see, or that change how the text around them is displayed: controls, format and
 * bidirectional characters, line separators, half surrogate pairs, fillers, blanks that count as letters or symbols, variation selectors, tags. A model and a
 * compiler read them. In emoji that Unicode recommends they are part of what a reader sees.
 */
const hidden =
  /\p{RGI_Emoji}|([[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{13441}\u{13442}\u{16FE4}\u{1D159}]--[\t\n]]+)/gv;

/** They change the order in which text is displayed (https://trojansource.codes). */
const bidi = /^[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]$/;
/** Marks of direction; they belong to text in these scripts. */
const mark = /^[\u061C\u200E\u200F]$/;
const rightToLeft = /[\p{scx=Hebr}\p{scx=Arab}\p{scx=Syrc}\p{scx=Thaa}\p{scx=Nkoo}]/v;
/** Joiners; some scripts need them after a letter. */
const joiner = /^[\u200C\u200D]$/;
const joining =
  /[[\p{L}\p{M}]--[\p{scx=Latn}\p{scx=Grek}\p{scx=Cyrl}\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]]$/v;

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** Replaces runs of hidden characters. */
const replaceHidden = (text: string, by: (run: string) => string): string =>
  text.replace(hidden, (found, run: string | undefined) => (run === undefined ? found : by(run)));

/**
 * Text from outside for a person who decides: hidden characters are shown as code points. Removing them, as in a prompt,
 * would hide them from the reviewer.
 */
export const visible = (text: string): string =>
  replaceHidden(text.replaceAll('\r\n', '\n'), (run) => Array.from(run, (each) => `⟨${codeOf(each)}⟩`).join(''));

/** Text from outside for a model, without what a reviewer would not see. */
export const withoutHidden = (text: string): string => replaceHidden(text, () => '');

/** A hidden character in a text. */
export interface HiddenCharacter {
  character: string;
  offset: number;
  kind: 'control' | 'bidi' | 'invisible';
  /** For a person, for example `U+202E changes the display order of the text`. */
  says: string;
}

/**
 * The hidden characters that no text needs, in order: without line ends, and without the joiners and marks of direction
 * that belong to the script around them.
 */
export function* hiddenIn(text: string): Generator<HiddenCharacter> {
  for (const { 1: run, index } of text.matchAll(hidden)) {
    let offset = index;
    for (const character of run ?? '') {
      if (!belongs(text, character, offset)) {
        const kind = bidi.test(character) ? 'bidi' : /^\p{Cc}$/u.test(character) ? 'control' : 'invisible';
        yield { character, offset, kind, says: `${codeOf(character)} ${says[kind]}` };
      }
      offset += character.length;
    }
  }
}

const says = {
  bidi: 'changes the display order of the text',
  control: 'is a control character',
  invisible: 'is invisible',
} as const;

/** How much text around a character says which script it is in. */
const around = 100;

function belongs(text: string, character: string, offset: number): boolean {
  if (character === '\r') return text[offset + 1] === '\n';
  if (joiner.test(character)) return joining.test(text.slice(Math.max(0, offset - 2), offset));
  return mark.test(character) && rightToLeft.test(text.slice(Math.max(0, offset - around), offset + around));
}
