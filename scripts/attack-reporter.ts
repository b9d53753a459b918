import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

const maxReason = 300;

/**
 * One line for each attempt of the attack tables, `held` or `ESCAPED`, and their numbers at the end. A test that could not
 * run does not count as held: it is `skipped` if it says itself what it needs, such as root for another user's attempts,
 * and `ESCAPED` otherwise.
 */
export default class AttackReporter implements Reporter {
  #held = 0;
  #escaped = 0;
  #skipped = 0;

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    const skipped = state === 'skipped' && test.options.mode === 'skip';
    const held = state === 'passed';
    if (held) this.#held += 1;
    else if (skipped) this.#skipped += 1;
    else this.#escaped += 1;
    const reason = held || skipped ? '' : `: ${firstLine(errors?.[0]?.message ?? state)}`;
    const file = relative(process.cwd(), test.module.moduleId).replace(/\.test\.ts$/, '');
    console.log(`${held ? 'held   ' : skipped ? 'skipped' : 'ESCAPED'}  ${file}: ${test.fullName}${reason}`);
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
  }
}

const firstLine = (message: string): string =>
  (stripVTControlCharacters(message).split('\n', 1)[0] ?? '').slice(0, maxReason);
