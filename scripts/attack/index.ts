import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { type Attempt, attemptsIn, table } from './table.ts';

const maxReason = 300;
const programs = / > lets \S+ work$/;
const document = new URL('../../docs/attempts.md', import.meta.url);

/**
 * One line for each attempt of the attack tables, `held` or `ESCAPED`, what it got, and their numbers at the end. A test
 * that could not run does not count as held: it is `skipped` if it says itself what it needs, such as root for another
 * user's attempts, and `ESCAPED` otherwise.
 *
 * docs/attempts.md has a row for each attempt. With `-u` the rows of the files that ran are written; without it, an attempt
 * that has no row there, or a row whose attempt is gone, ends the run with 1. A program that has to work in the sandbox is no attempt:
 * which there are depends on the machine.
 */
export default class AttackReporter implements Reporter {
  #held = 0;
  #escaped = 0;
  #skipped = 0;
  readonly #attempts: Attempt[] = [];
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    const skipped = state === 'skipped' && test.options.mode === 'skip';
    const held = state === 'passed';
    if (held) this.#held += 1;
    else if (skipped) this.#skipped += 1;
    else this.#escaped += 1;
    const { shown } = test.meta();
    const reason =
      held || skipped ? (shown === undefined ? '' : ` → ${shown}`) : `: ${firstLine(errors?.[0]?.message ?? state)}`;
    const file = relative(process.cwd(), test.module.moduleId);
    if (!programs.test(test.fullName)) this.#attempts.push({ file, name: oneLine(test.fullName), shown });
    console.log(
      `${held ? 'held   ' : skipped ? 'skipped' : 'ESCAPED'}  ${file.replace(/\.test\.ts$/, '')}: ${oneLine(test.fullName)}${reason}`,
    );
  }

  onTestModuleEnd(module: TestModule): void {
    // A file that cannot be loaded, or whose preparation fails, has attempts that nobody made.
    for (const { message } of module.errors()) {
      this.#escaped += 1;
      console.log(`ESCAPED  ${relative(process.cwd(), module.moduleId)}: ${firstLine(message)}`);
    }
  }

  onTestRunEnd(): void {
    const skipped = this.#skipped === 0 ? '' : `, and ${this.#skipped} skipped, which need root`;
    console.log(`${this.#held + this.#escaped} attempts, ${this.#escaped} escapes${skipped}`);
    const known = attemptsIn(readFileSync(document, 'utf8'));
    const ran = new Set(this.#attempts.map(({ file }) => file));
    if (this.#vitest?.config.snapshotOptions.updateSnapshot === 'all') {
      writeFileSync(document, table([...known.filter(({ file }) => !ran.has(file)), ...this.#attempts]));
      return;
    }
    const id = ({ file, name }: Attempt): string => `${file}: ${name}`;
    const listed = new Set(known.filter(({ file }) => ran.has(file)).map(id));
    const made = new Set(this.#attempts.map(id));
    const stale = [...[...made].filter((each) => !listed.has(each)), ...[...listed].filter((each) => !made.has(each))];
    if (stale.length === 0) return;
    console.log(
      `docs/attempts.md is not current, write it with \`npm run attack -- -u\`: ${stale.slice(0, 5).join('; ')}`,
    );
    process.exitCode = 1;
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const firstLine = (message: string): string =>
  (stripVTControlCharacters(message).split('\n', 1)[0] ?? '').slice(0, maxReason);
