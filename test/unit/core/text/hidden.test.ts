import { describe, expect, it } from 'vitest';
import { plain } from '../../../../cli/terminal/output.ts';
import { findHidden } from '../../../../core/guard/hidden.ts';
import { cardOf } from '../../../../core/notification/card.ts';
import { fence, stripHidden } from '../../../../core/prompt/fence.ts';
import { code, escapeMarkdown, oneLine } from '../../../../core/publish/escape.ts';
import { readText } from '../../../../core/task-spec/text.ts';
import { hiddenIn, visible } from '../../../../core/text/hidden.ts';
import { markup } from '../../../../web/html/markup.ts';
import { sampleNotice } from '../../../support/notices.ts';
import { violationsOf } from '../guard/changes.ts';

/** Read by a compiler or a model, and not by a person. */
const unseen: [name: string, text: string][] = [
  ['a right-to-left override', 'a\u202Eb'],
  ['an isolate', 'a\u2066b'],
  ['a mark of direction in text of one direction', 'a\u200Fb'],
  ['a zero-width space', 'a\u200Bb'],
  ['a joiner between Latin letters', 'a\u200Db'],
  ['a word joiner', 'a\u2060b'],
  ['an unassigned code point that is ignored', 'a\u2065b'],
  ['a soft hyphen', 'a\u00ADb'],
  ['a byte order mark within a text', 'a\uFEFFb'],
  ['a combining grapheme joiner', 'a\u034Fb'],
  ['Hangul fillers', 'a\u115F\u1160\u3164\uFFA0b'],
  ['a blank in Braille', 'a\u2800b'],
  ['Khmer vowels without a shape', 'a\u17B4\u17B5b'],
  ['Mongolian variation selectors', 'a\u180B\u180C\u180D\u180Eb'],
  ['variation selectors', 'a\uFE00\uFE01\uFE0E\uFE0Fb'],
  ['more variation selectors', 'a\u{E0100}\u{E01EF}b'],
  ['tags', 'a\u{E0041}\u{E007F}b'],
  ['reserved code points beside the tags', 'a\u{E0FFF}b'],
  ['shorthand format controls', 'a\u{1BCA0}b'],
  ['musical format controls', 'a\u{1D173}b'],
  ['interlinear annotation', 'a\uFFF9b\uFFFB'],
  ['code points beside it', 'a\uFFF0\uFFF8b'],
  ['a line separator', 'a\u2028b'],
  ['Egyptian blanks, which count as letters', 'a\u{13441}\u{13442}b'],
  ['a Khitan filler and a note head without a shape', 'a\u{16FE4}\u{1D159}b'],
  ['a flag that ends in a payload', '🏴\u{E0061}\u{E0062}\u{E0063}\u{E007F}'],
  ['an emoji with two selectors', '❤\uFE0F\uFE0F'],
];

/** What people write. */
const seen: [name: string, text: string][] = [
  ['emoji of several people', 'a 👩‍👩‍👧 and 🏳️‍🌈'],
  ['emoji with a selector', '❤️ ☺️ ©️'],
  ['keycaps and flags', '1️⃣ #️⃣ 🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['tones of skin', '👍🏽 🧑🏿‍🚀'],
  ['line ends and tabs', 'a\r\n\tb\n'],
  ['letters with accents, combined or not', 'é e\u0301 ß 漢字'],
];
/** What some scripts need; the pages still show it. */
const scripts: [name: string, text: string][] = [
  ['a non-joiner in Persian', 'می\u200Cخواهم'],
  ['a joiner in Hindi', 'क्\u200Dष'],
  ['a mark of direction in Hebrew', 'שלום (a)\u200F, שלום'],
];

const titled = (title: string) => {
  const { run, ...notice } = sampleNotice('delivered');
  return { ...notice, ...(run ? { run: { ...run, title } } : {}) };
};

const anyUnseen = /[\p{Cf}\p{Zl}\p{Default_Ignorable_Code_Point}\u2800]/u;

describe('hidden characters', () => {
  it.each(unseen)('are shown wherever text from outside is shown: %s', (_, text) => {
    const shown = {
      visible: visible(text),
      page: String(markup`${text}`),
      terminal: plain(text),
      'mail and chat': cardOf(titled(text)).subject,
      'commit and title': oneLine(text),
      'code in a comment': code(text),
    };
    for (const [place, result] of Object.entries(shown)) {
      const rest = place === 'terminal' || place === 'page' ? result : result.replaceAll(/\p{RGI_Emoji}/gv, '');
      expect([place, rest.replaceAll(/\p{RGI_Emoji}/gv, '')]).not.toEqual([place, expect.stringMatching(anyUnseen)]);
    }
    expect(visible(text)).toMatch(/⟨U\+[0-9A-F]{4,6}⟩/);
    expect(escapeMarkdown(text)).toContain('⟨U\\+');
  });

  it.each(unseen)('do not reach a model: %s', (_, text) => {
    for (const result of [stripHidden(text), fence(text, text)])
      expect(result.replaceAll(/\p{RGI_Emoji}/gv, '')).not.toMatch(anyUnseen);
  });

  it.each(unseen)('are faults of a spec, and violations of a change: %s', async (_, text) => {
    expect(readText(Buffer.from(`instructions: ${text}\n`)).faults).not.toEqual([]);
    const edits: [string, string][] = [['src/a.ts', `// one\n// ${text}\n`]];
    expect(await violationsOf({ edits })).toMatchObject([
      { rule: 'HiddenCharacters', path: 'src/a.ts', message: expect.stringMatching(/^line 2: U\+/) },
    ]);
  });

  it.each([...seen, ...scripts])('are not what people write: %s', async (_, text) => {
    expect([...hiddenIn(text)]).toEqual([]);
    expect(await violationsOf({ edits: [['src/a.ts', text]] })).toEqual([]);
  });

  it.each(seen)('leave what people write as it is: %s', (_, text) => {
    const plainText = text.replaceAll('\r\n', '\n');
    expect([visible(text), stripHidden(text)]).toEqual([plainText, plainText]);
  });

  it('are found in new lines only', () => {
    const old = `a\u200Bb\nsecond\n`;
    expect(findHidden(`a\u200Bb\nsecond, changed\n`, old)).toBeUndefined();
    expect(findHidden(`a\u200Bb, changed\n`, old)).toBeUndefined();
    expect(findHidden(`${old}c\u200Bd\n`, old)).toEqual({ line: 3, says: 'U+200B is invisible' });
    expect(findHidden(`${old}c\u202Ed\n`, old)).toEqual({
      line: 3,
      says: 'U+202E changes the display order of the text',
    });
  });

  it.each([
    ['a byte order mark at the start', '\uFEFFa\n'],
    ['controls, which are shown as code points', 'a\f\u001b[31m\n'],
    ['a binary file', '\0a\u200Bb'],
  ])('do not stand against %s', async (_, text) => {
    expect(await violationsOf({ edits: [['src/a', text]] })).toEqual([]);
  });
});
