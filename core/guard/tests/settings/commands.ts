/** Options of runners that change what is printed, not what is run. */
const quiet =
  /^(?:-v{1,3}|-q|-R|-s|--?(?:verbose|quiet|silent|colors?|colou?r=\w+|no-colors?|reporters?|test-reporter|ci|run|coverage|bail|watch=false|watchAll=false|reporter=[\w-]+|test-reporter=[\w-]+|reporters=[\w-]+|forceExit|detectOpenHandles|parallel|maxWorkers=\S{1,10}|max-warnings=?\d{0,4}|tb=\w+|durations=\d+|strict-markers|race|count=1|no-progress|batch-mode|locked|all-features|workspace|experimental-[\w-]+))$/;

/** What follows an option: a number, or the name of a reporter, but no file of the repository. */
const isValue = (word: string, option: string): boolean =>
  /^(?:-R|--?(?:reporter|reporters|test-reporter))$/.test(option)
    ? /^[\w-]{1,40}$/.test(word)
    : /^\d{1,4}$/.test(word) && quiet.test(option);

/** Ways to let a command end with success whatever it did. */
const swallows =
  /\|\|\s{0,10}(?::|true|exit\s{0,5}0|echo|printf)|;\s{0,10}(?:true|:|exit\s{0,5}0)\s{0,5}$|\bset \+e\b|\bexit 0\b|--(?:passWithNoTests|pass-with-no-tests|if-present|no-fail|exit-zero|allow-empty|no-exit-code|suppress-no-test-exit-code|update-snapshots?|updateSnapshot)\b/;

/** Words of a command that run tests. */
const runs =
  /\b(?:test|tests|pytest|jest|vitest|mocha|tox|nox|unittest|surefire|verify|spec|ava|cypress|playwright|nextest|ctest|gradlew?|mvnw?|check|lint|coverage|jacoco)\b/;

export const runsTests = (command: string): boolean => runs.test(command);
export const ignoresFailure = (command: string): boolean => swallows.test(command);

/** Whether a changed command still runs all that it ran, and fails when that fails. */
export function isSameCommand(before: string, after: string): boolean {
  if (ignoresFailure(after) && !ignoresFailure(before)) return false;
  const [was, now] = [before, after].map((command) => command.trim().split(/\s+/)) as [string[], string[]];
  let at = 0;
  for (const [i, word] of now.entries()) {
    if (was[at] === word) at++;
    // What follows runs only if all before it has passed.
    else if (at === was.length && word === '&&') return true;
    else if (!quiet.test(word) && !isValue(word, now[i - 1] ?? '')) return false;
  }
  return at === was.length;
}
