/** How test runners print failed tests and their sums. Each reader sees every line of an output. */

/** Names that a stream of failed tests may add; more are not tolerated anyway. */
const maxNames = 1_000;

export interface Counts {
  /** Failed tests, and failed groups of tests. */
  names: Set<string>;
  /** Names of groups of tests, failed or not. */
  groups: Set<string>;
  summaries: number;
  total: number;
  failed: number;
  errors: number;
}

interface Reader {
  read(line: string): void;
  end(): Counts;
}

interface Family {
  name: string;
  create(): Reader;
}

const noCounts = (): Counts => ({
  names: new Set(),
  groups: new Set(),
  summaries: 0,
  total: 0,
  failed: 0,
  errors: 0,
});

function add(names: Set<string>, name: string): void {
  const clean = name.trim();
  if (clean !== '' && names.size < maxNames) names.add(clean);
}

/** A reader that needs no state beside its counts. */
const simple = (name: string, read: (line: string, counts: Counts) => void): Family => ({
  name,
  create() {
    const counts = noCounts();
    return { read: (line) => read(line, counts), end: () => counts };
  },
});

/** `name (1.2ms)`, `name 12ms`, `name (3 ms)` → `name`. */
const withoutDuration = (text: string): string => text.replace(/ \(?[\d.]+ ?m?s\)?$/, '');

/** The number before a word, in a list such as `1 failed | 11 passed` or `1 failed, 2 errors in 0.12s`. */
function numbersOf(list: string): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const part of list.split(/[,|]/)) {
    const [number = '', word = ''] = part.trim().split(' ', 2);
    if (/^\d{1,9}$/.test(number)) numbers[word] = Number(number);
  }
  return numbers;
}

/** TAP of any producer, and node:test, which prints `✖` instead of `not ok` unless its reporter is `tap`. */
const tap: Family = {
  name: 'TAP or node:test',
  create() {
    const counts = noCounts();
    let [planned, passed, failed] = [0, 0, 0];
    let plans = 0;
    let last = '';
    return {
      read(line) {
        const text = line.trimStart();
        const topLevel = text.length === line.length;
        const [, not, rest] = /^(not )?ok \d+(?: - | |$)(.*)$/.exec(text) ?? [];
        if (rest !== undefined) {
          const [name = '', directive = ''] = rest.split(' # ', 2);
          const isFailure = not !== undefined && !/^(?:todo|skip)/i.test(directive);
          last = isFailure ? name.trim() : '';
          if (isFailure) add(counts.names, name);
          if (topLevel) [passed, failed] = isFailure ? [passed, failed + 1] : [passed + 1, failed];
        } else if (/^type: ['"]?suite/.test(text) && last !== '') counts.groups.add(last);
        else if (text.startsWith('▶ ')) add(counts.groups, withoutDuration(text.slice(2)));
        else if (text.startsWith('✖ ') && text !== '✖ failing tests:')
          add(counts.names, withoutDuration(text.slice(2)));
        else if (topLevel && text.startsWith('Bail out!')) counts.errors += 1;
        else if (topLevel && /^1\.\.\d{1,9}$/.test(text))
          [plans, planned] = [plans + 1, planned + Number(text.slice(3))];
        const [, field, number] = /^[#ℹ] (tests|fail|cancelled) (\d{1,9})$/.exec(line) ?? [];
        if (field === 'tests') [counts.summaries, counts.total] = [counts.summaries + 1, counts.total + Number(number)];
        else if (field === 'fail') counts.failed += Number(number);
        else if (field === 'cancelled') counts.errors += Number(number);
      },
      end() {
        if (counts.summaries > 0 || plans === 0) return counts;
        // Without sums, the plan says how many results there have to be.
        const missing = Math.max(0, planned - passed - failed);
        return { ...counts, summaries: plans, total: passed + failed, failed, errors: counts.errors + missing };
      },
    };
  },
};

const vitest: Family = {
  name: 'vitest',
  create() {
    const counts = noCounts();
    const files = new Set<string>();
    let failedFiles = 0;
    return {
      read(line) {
        const text = line.trimStart();
        if (text.startsWith('× ')) add(counts.names, withoutDuration(text.slice(2)));
        // ` FAIL  test/a.test.ts > suite > name`, or without a test if the file did not load
        else if (text.startsWith('FAIL  ') && text.includes(' > ')) add(files, text.slice(6).split(' > ', 1)[0] ?? '');
        else if (/^⎯+ Failed Suites \d/.test(text)) counts.errors += 1;
        else if (text.startsWith('Test Files  ')) failedFiles += numbersOf(text.slice(12)).failed ?? 0;
        else if (text.startsWith('Errors  ')) counts.errors += Object.values(numbersOf(text.slice(8)))[0] ?? 1;
        else if (/^Tests {2}.*\(\d{1,9}\)$/.test(text)) {
          counts.summaries += 1;
          counts.failed += numbersOf(text.slice(7)).failed ?? 0;
          counts.total += Number(text.slice(text.lastIndexOf('(') + 1, -1));
        }
      },
      end: () => ({ ...counts, errors: counts.errors + Math.max(0, failedFiles - files.size) }),
    };
  },
};

const jest = simple('jest', (line, counts) => {
  const text = line.trimStart();
  if (text.startsWith('✕ ')) add(counts.names, withoutDuration(text.slice(2)));
  else if (text === '● Test suite failed to run') counts.errors += 1;
  else if (line.startsWith('Tests: ') && line.endsWith(' total')) {
    const { failed = 0, total = 0 } = numbersOf(line.slice(7));
    counts.summaries += 1;
    counts.failed += failed;
    counts.total += total;
  }
});

/** Prints a failed test twice: `1) name` among the others, and `1) group` or `1) name:` in a list at the end. */
const mocha: Family = {
  name: 'mocha',
  create() {
    const counts = noCounts();
    const numbers = new Set<string>();
    return {
      read(line) {
        const [, number, name] = /^\s\s+(\d{1,9})\) (.*)$/.exec(line) ?? [];
        if (number !== undefined && name !== undefined) {
          numbers.add(number);
          add(counts.names, name.endsWith(':') ? name.slice(0, -1) : name);
          if (!name.endsWith(':')) counts.groups.add(name.trim());
        }
        const [, count, kind] = /^\s\s(\d{1,9}) (passing|failing|pending)(?: \(\S*\))?$/.exec(line) ?? [];
        if (kind === undefined) return;
        counts.total += Number(count);
        if (kind === 'passing') counts.summaries += 1;
        if (kind === 'failing') counts.failed += Number(count);
      },
      // The numbers of the list run from 1 to the number of failed tests.
      end: () => ({ ...counts, errors: counts.failed === numbers.size ? 0 : Math.abs(counts.failed - numbers.size) }),
    };
  },
};

const pytest = simple('pytest', (line, counts) => {
  const test = /^FAILED (\S+::\S+)/.exec(line)?.[1];
  if (test !== undefined) add(counts.names, test);
  // `=== 1 failed, 11 passed, 1 error in 0.12s ===`, with -q without the signs
  const text = line.replaceAll('=', '').trim();
  const at = text.lastIndexOf(' in ');
  if (at < 0 || !/^[\d.]+s(?: \([\d:]+\))?$/.test(text.slice(at + 4))) return;
  const {
    failed = 0,
    passed = 0,
    skipped = 0,
    xfailed = 0,
    xpassed = 0,
    error = 0,
    errors = 0,
  } = numbersOf(text.slice(0, at));
  const total = failed + passed + skipped + xfailed + xpassed;
  if (total + error + errors === 0) return;
  counts.summaries += 1;
  counts.failed += failed;
  counts.total += total;
  counts.errors += error + errors;
});

/** Counts tests only with `-v`. A package can fail without a failed test: it does not build, or it panics. */
const go: Family = {
  name: 'go test -v',
  create() {
    const counts = noCounts();
    let inPackage = 0;
    let verbose = false;
    return {
      read(line) {
        if (line.startsWith('=== RUN ')) verbose = true;
        const [, outcome, name] = /^\s*--- (PASS|FAIL|SKIP): (\S+)/.exec(line) ?? [];
        if (outcome !== undefined) counts.total += 1;
        if (outcome === 'FAIL' && name !== undefined) {
          add(counts.names, name);
          inPackage += 1;
        }
        if (line.startsWith('panic: ')) counts.errors += 1;
        if (!/^(?:ok {2}|FAIL)\t/.test(line)) return;
        if (line.startsWith('FAIL') && inPackage === 0) counts.errors += 1;
        inPackage = 0;
        counts.summaries += 1;
      },
      end: () => ({ ...counts, summaries: verbose ? counts.summaries : 0, failed: counts.names.size }),
    };
  },
};

/** Runners whose sums are not read: their failed tests are named, and are never tolerated. */
const others = simple('another test runner', (line, counts) => {
  const text = line.trimStart();
  if (text.startsWith('✗ ') || text.startsWith('✘ ')) add(counts.names, withoutDuration(text.slice(2)));
});

export const families: readonly Family[] = [tap, vitest, jest, mocha, pytest, go, others];
