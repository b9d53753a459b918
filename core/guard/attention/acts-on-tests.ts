/**
 * Added lines that change what existing tests of their file do: they end or leave the program, stand around existing
 * code, replace what the tests use, or decide whether tests run.
 */
const acts = [
  // Ends the program or the test.
  /\b(?:process\.(?:exit|abort|reallyExit)|os\._exit|sys\.exit|System\.exit|Runtime\.getRuntime|process::exit|std::exit|os\.Exit|Environment\.Exit|exit!)\b|^\s{0,40}(?:exit|die|return|raise SystemExit|throw new \w{1,40}Skip\w{0,40})\b[^\n\w"'`]{0,10}$/,
  // Never true, or only somewhere.
  /\bif\s{0,10}\(?\s{0,10}(?:!?(?:false|0|1\s?===?\s?2|process\.env|import\.meta\.env)|False|None|not os\.environ|os\.environ|os\.getenv|TYPE_CHECKING)\b|\bassume\w{0,40}\s{0,10}\(|\bAssumptions?\.|\btesting\.Short\(\)|\bpending\s?[('"]/,
  // Marks of whole tests, classes or files.
  /^\s{0,40}@(?:Tag|Category|Enabled\w{1,60}|Disabled\w{0,60}|Ignore\w{0,40}|Timeout|RunWith|ExtendWith|Execution|ConditionalOn\w{1,40}|Requires\w{1,40}|unittest\.\w{1,40}|expectedFailure|pytest\.mark\.(?!parametrize)\w{1,40}|pytest\.fixture\(.{0,200}autouse)|^\s{0,40}(?:pytestmark|__test__|collect_ignore\w{0,20}|pytest_plugins)\s{0,10}=|^\s{0,40}\/\/(?:go:build|\s?\+build)|^\s{0,40}#!?\[(?:cfg|should_panic|ignore|allow|test_only)|^\s{0,40}(?:\/\/|\/?\*{1,2})\s{0,10}@(?:jest-environment|vitest-environment|jest-config|ts-nocheck|flow)/,
  // Before or after every test, and replacements of what tests use.
  /^\s{0,40}(?:before|after|setup|teardown|beforeEach|afterEach|beforeAll|afterAll|before_each|suiteSetup|onTestFailed|around)\s{0,10}[({]|^\s{0,40}(?:async )?def (?:setup|teardown|setUp|tearDown|pytest_)\w{0,60}\s{0,10}\(|^\s{0,40}@(?:Before|After|Rule|ClassRule|MockBean|SetUp|TearDown)\w{0,30}|\bfunc (?:TestMain|init)\s{0,10}\(/,
  /^(?:await )?(?:jest|vi|mock|td|sinon|proxyquire|rewire|nock)\b[.(]|\bjest\.(?:retryTimes|setTimeout)|\b(?:globalThis|global|window|self)\.\w{1,60}\s{0,10}=[^=]|\bglobalThis\[|\b(?:Object|Reflect)\.(?:defineProperty|assign|setPrototypeOf|defineProperties)\(|\.prototype(?:\.\w{1,60}|\[.{1,60}\])\s{0,10}=[^=]|^\s{0,40}(?:var|let|const|function|class)\s{1,10}(?:expect|assert|it|test|describe|should|require)\b|\bsys\.modules\[|\bbuiltins\.\w{1,40}\s{0,10}=|\bmonkeypatch\.|^\s{0,8}(?:sys\.|importlib\.)/,
  /\bexpect\.extend\b|\bchai\.use\b|\bassert\.\w{1,40}\s{0,10}=[^=]|^\s{0,40}import\s{1,10}["']|^\s{0,40}require\s{0,10}\(|\bimport\s{1,10}\{[^}]{0,200}\bas (?:expect|assert|it|test|describe)\b/,
  /\b(?:eval|exec|Function|execSync|spawnSync|child_process|subprocess|os\.system)\b/,
];

const pairs: [open: RegExp, close: RegExp][] = [
  [/[([{]/g, /[)\]}]/g],
  [/\/\*/g, /\*\//g],
  [/<!--/g, /-->/g],
];
/** An odd number of them begins or ends a text around existing lines. */
const quotes = [/"""/g, /'''/g, /`/g, /^(?:=begin|=end|=pod|=cut|__END__)/gm];

const count = (text: string, each: RegExp): number => text.match(each)?.length ?? 0;

/** Whether a run of added lines changes what the existing lines around it do. */
export function actsOnTests(lines: string[]): boolean {
  const text = lines.join('\n');
  const around =
    pairs.some(([open, close]) => count(text, open) !== count(text, close)) ||
    quotes.some((quote) => count(text, quote) % 2 === 1);
  return around || lines.some((line) => acts.some((act) => act.test(line)));
}
