// node scripts/layout.ts: the number of source files of each folder, the lengths of files, and the terms in identifiers.
// Ends with 1 when a folder holds more than 14 files (tests and generated files apart), a file has more than 350 lines,
// the median is over 90, or an identifier uses a term that docs/glossary.md replaced.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const maxFiles = 14;
const maxLines = 350;
const maxMedian = 90;

/** Identifiers of earlier terms, with the term of docs/glossary.md that replaced each. */
const replacedTerms: [term: RegExp, instead: string][] = [
  [/\b(?:PhaseTry|tries)\b(?=\s*[.,:;=()[\]}?])/, 'attempt'],
  [/\b[Ss]ightings?\b|\bfirstLook\b|\badoptOnce\b/, 'seen spec, baseline import'],
  [/\b(?:openOwner|OwnerOptions|OwnerGone|OwnerClient|markOwner|connectOwner)\b/, 'server process'],
  [/\b(?:placeOf|Place)\b(?=\s*[.,:;=()[\]}|&<>])/, 'hosted repository, slot, link'],
  [/\bTold\b|\bcreateTold\b|\btold\b(?=\s*:\s*(?:true|false|Told))/, 'sent'],
  [/\bloadTask\b(?=\(deps, runId)/, 'loadRunContext'],
  [/\b(?:Flights?|flights?)\b(?=\s*[.,:;=()[\]}])/, 'invocation'],
  [/\bsettle(?:Phase|Run|Ci)\b(?=\()/, 'endPhase, endRun, answerCiWait'],
  [/\b(?:NameFirewall|nameFirewall|frontDoor|wireVersion|WireAnswer)\b/, 'DNS firewall, IAM route, API'],
  [/\bconst (?:most|longest|largest|fewest|least)[A-Z]\w*/, 'max…, min…'],
];

const root = new URL('..', import.meta.url);
const files = execFileSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter(
    (file) => file !== '' && !file.startsWith('test/') && !file.endsWith('.d.ts') && file !== 'scripts/layout.ts',
  );
const textOf = new Map(files.map((file) => [file, readFileSync(new URL(file, root), 'utf8')]));
const lines = files.map((file) => ({ file, count: (textOf.get(file)?.split('\n').length ?? 1) - 1 }));
const sorted = lines.map(({ count }) => count).sort((a, b) => a - b);
const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
const folders = [...Map.groupBy(files, dirname)].sort(([a], [b]) => (a < b ? -1 : 1));

const faults = [
  ...folders.filter(([, held]) => held.length > maxFiles).map(([folder, held]) => `${folder}: ${held.length} files`),
  ...lines.filter(({ count }) => count > maxLines).map(({ file, count }) => `${file}: ${count} lines`),
  ...(median > maxMedian ? [`the median file has ${median} lines`] : []),
  ...files.flatMap((file) =>
    (textOf.get(file) ?? '')
      .split('\n')
      .flatMap((line, i) =>
        replacedTerms
          .filter(([term]) => !/^\s*(?:\*|\/\/|\/\*)/.test(line) && term.test(line))
          .map(([, instead]) => `${file}:${i + 1}: say ${instead}`),
      ),
  ),
];
if (!process.argv.includes('--quiet')) {
  for (const [folder, held] of folders) console.log(`${String(held.length).padStart(3)}  ${folder}`);
  console.log(`${files.length} files, median ${median} lines, longest ${sorted.at(-1)}`);
}
for (const fault of faults) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
