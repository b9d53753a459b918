import { changedKeys, type Entries } from './entries.ts';

/** Settings of runners that neither leave out a test nor let a failure pass. */
const harmless = new Set(
  [
    'alias moduleNameMapper resolve plugins reporters reporter outputFile environment testEnvironment css server globals name displayName',
    'testTimeout hookTimeout timeout slow pool poolOptions maxWorkers minWorkers threads workers fileParallelism sequence clearMocks restoreMocks',
    'mockReset resetMocks unstubEnvs unstubGlobals provider cacheDirectory cache verbose color colors logHeapUsage typecheck transform preset',
    'collectCoverageFrom coverageReporters coverageDirectory reportsDirectory watch watchPathIgnorePatterns ui open logLevel define optimizeDeps build',
    'envlist deps description basepython passenv skip_install usedevelop minversion requires markers log_cli log_level log_cli_level pythonpath',
    'asyncio_mode console_output_style junit_family show_missing skip_covered precision tmp_path_retention_policy extras package isolated_build',
    'use baseURL headless viewport locale trace screenshot video webServer max-line-length line-length max-complexity',
    'path crate-type doc proc-macro edition required-version recursive require extension import loader spec-reporter parallel jobs title version',
  ]
    .join(' ')
    .split(' '),
);
/** `name` of a Cargo target is harmless, `name` alone is in the list above. */
const minimum = /(?:threshold|coverage|fail_under|fail-under|lines|branches|functions|statements|minimum)/i;

/** Whether a change of one setting cannot make the tests weaker. */
function isHarmless(key: string, before: string | undefined, after: string | undefined): boolean {
  if (key === '') return false;
  const parts = key.split('.');
  if (minimum.test(key) && isMoreOrEqual(before, after)) return true;
  // A section header without settings says nothing.
  if (before === undefined && after === '') return true;
  if (before === '' && after === undefined) return true;
  return parts.some((part) => harmless.has(part));
}

function isMoreOrEqual(before: string | undefined, after: string | undefined): boolean {
  const [was, is] = [before, after].map((text) =>
    text === undefined ? undefined : Number(text.replace(/[^\d.]/g, '') || Number.NaN),
  );
  if (is === undefined || Number.isNaN(is)) return false;
  return was === undefined || is >= was;
}

/** The settings that changed and may matter; undefined for a file that cannot be read, whose every change matters. */
export function mattering(before: Entries | undefined, after: Entries | undefined): string[] | undefined {
  if (!before || !after) return undefined;
  return changedKeys(before, after).filter((key) => !isHarmless(key, before.get(key), after.get(key)));
}
