import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLive } from '../../../../cli/terminal/live.ts';
import { pagerOf } from '../../../../cli/terminal/pager.ts';
import { fitted, fittedPath, hanging, padded, widthOf } from '../../../../cli/terminal/text.ts';

test.each([
  ['abc', 3],
  ['請求書', 6],
  ['한글', 4],
  ['ｶﾅ', 2],
  ['👩‍🚀', 2],
  ['🇩🇪', 2],
  ['e\u0301', 1],
  ['\u001b[31mred\u001b[39m', 3],
])('%j takes %i columns, and is padded by them', (text, width) => {
  expect(widthOf(text)).toBe(width);
  expect(widthOf(padded(text, 10))).toBe(10);
});

describe('a text', () => {
  test('is wrapped at words, below its label; a word that is too long is broken', () => {
    expect(hanging('tests  ', `one two three four ${'x'.repeat(25)}`, 27)).toEqual([
      'tests  one two three four',
      '       xxxxxxxxxxxxxxxxxxxx',
      '       xxxxx',
    ]);
  });

  test('keeps the indentation of lists below their text', () => {
    expect(hanging('  ', '- one two three four five six\n   12. seven eight nine ten eleven', 28)).toEqual([
      '  - one two three four five',
      '    six',
      '     12. seven eight nine ten',
      '         eleven',
    ]);
  });

  test('is wrapped by columns, not by characters', () => {
    const lines = hanging('', '請求書の合計を偶数へ丸める、そして検査を加える', 20);
    expect(lines.map(widthOf).every((width) => width <= 20)).toBe(true);
    expect(lines.join('')).toBe('請求書の合計を偶数へ丸める、そして検査を加える');
  });

  test('is left as it is where there is no width', () => {
    expect(hanging('  ', 'a '.repeat(200).trim(), Number.POSITIVE_INFINITY)).toEqual([`  ${'a '.repeat(200).trim()}`]);
    expect(fitted('x'.repeat(300), Number.POSITIVE_INFINITY)).toBe('x'.repeat(300));
  });

  test('is cut with an ellipsis, and its style ends there', () => {
    expect(fitted('請求書の合計', 7)).toBe('請求書…');
    expect(fitted('abc', 3)).toBe('abc');
    expect(fitted('👩‍🚀👩‍🚀👩‍🚀', 5)).toBe('👩‍🚀👩‍🚀…');
    expect(fitted('\u001b[31mlong and red\u001b[39m', 6)).toBe('\u001b[31mlong …\u001b[0m');
  });

  test('of a path loses its first folders', () => {
    expect(fittedPath('src/deep/folder/file.ts', 23)).toBe('src/deep/folder/file.ts');
    expect(fittedPath('src/deep/folder/file.ts', 16)).toBe('…/folder/file.ts');
    expect(widthOf(fittedPath('src/deep/a-very-long-file-name.ts', 12))).toBeLessThanOrEqual(12);
  });
});

test('live lines are erased row by row, also when a narrower terminal has broken them', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  const live = createLive(stream as unknown as NodeJS.WriteStream);
  live.draw(['x'.repeat(90), 'short']);
  stream.read();
  stream.columns = 50;
  live.clear();
  // 90 columns are two rows now, and the other line is one.
  expect(String(stream.read()).split('\u001b[K')).toHaveLength(4);
  live.clear();
  expect(stream.read()).toBe(null);
});

test.each([
  [{ GIT_PAGER: 'delta --dark', PAGER: 'more' }, ['delta', '--dark']],
  [{ PAGER: 'more' }, ['more']],
  [{}, ['less']],
  [{ PAGER: 'cat' }, undefined],
  [{ PAGER: '' }, undefined],
  [{ PAGER: 'less; touch owned' }, ['less']],
  [{ PAGER: 'diff-so-fancy | less' }, ['less']],
])('the pager of %j is %j', (env, pager) => {
  expect(pagerOf({ PATH: process.env.PATH, HOME: '/nonexistent', ...env })).toEqual(pager);
});
