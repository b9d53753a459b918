import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentText, guides } from '../../../../cli/config/first-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drydock-guide-'));
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, 'agent.mjs'), agentText);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function written(guide: string): string {
  const prompt = join(root, 'prompt.md');
  writeFileSync(prompt, `# Task\n\nWrite \`${guide}\` in the root of the repository.\n`);
  execFileSync(process.execPath, ['agent.mjs'], { cwd: root, env: { DRYDOCK_PROMPT_FILE: prompt } });
  return readFileSync(join(root, guide), 'utf8');
}

test.each(guides)('the first agent writes %s, and in a further round the same again', (guide) => {
  const first = written(guide);
  expect(first).toContain('- `src/`: 0 entries\n');
  expect(written(guide)).toBe(first);
});

test('what a guide says already stays', () => {
  writeFileSync(join(root, 'README.md'), '# A project\n\nIts text.\n');
  const text = written('README.md');
  expect(text).toMatch(/^# A project\n\nIts text\.\n\n## Folders\n/);
  expect(written('README.md')).toBe(text);
});

test('its Markdown has a form that formatters leave as it is: a blank line around headings, one at the end', () => {
  const lines = written('AGENTS.md').split('\n');
  for (const [at, line] of lines.entries())
    if (line.startsWith('#')) expect([lines[at - 1] ?? '', lines[at + 1]]).toEqual(['', '']);
  expect(lines.slice(-2)).toEqual([expect.stringMatching(/./), '']);
});
