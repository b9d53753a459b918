import { createHmac } from 'node:crypto';
import { createWebhook, webhookPath } from '../../../adapters/github/webhook/receiver.ts';
import { parseJson } from '../../../core/bounded-json.ts';
import { readRunArguments } from '../../../core/comment/run-arguments.ts';
import { filesOfDiff } from '../../../core/diff/unified.ts';
import { parseGitmodules, repositoryOf, shownUrl } from '../../../core/git/submodules.ts';
import { lfsMatcher } from '../../../core/guard/lfs.ts';
import { parseLesson } from '../../../core/knowledge/parse.ts';
import { parsePlan } from '../../../core/plan/parse.ts';
import { checkpoint, question } from '../../../core/run/phase.ts';
import { readRunbook } from '../../../core/runbook/parse.ts';
import { gitBlobSha } from '../../../core/task-spec/fingerprint.ts';
import { readChange } from '../../../pipeline/phases/read-change.ts';
import { type Parser, textUnits } from '../parser.ts';

const base = 'a'.repeat(40);
const content = Buffer.from('hello\n');
const put = { op: 'put', path: 'a.txt', mode: '100644', blobSha: gitBlobSha(content), bytes: content.length };

/** JSON that an agent leaves as a file, read by a schema. */
const left = (schema: typeof question | typeof checkpoint, ...samples: unknown[]): Parser => ({
  parse(input) {
    const json = parseJson(input, { depth: 10, values: 1_000 });
    const output = 'value' in json ? schema.safeParse(json.value).data : undefined;
    return { valid: output !== undefined, output };
  },
  samples: { json: samples },
  grows: textUnits('{"question":"q","name":"n","summary":"', '"}'),
});

const secret = 's'.repeat(32);
const webhook = createWebhook({ secrets: () => [secret], inbox: { put: async () => true } });
const from = {
  repository: { full_name: 'acme/calc' },
  installation: { id: 77 },
  sender: { login: 'dev', id: 1, type: 'User' },
};
const deliveries = [
  { event: 'push', ...from, ref: 'refs/heads/main', before: base, after: 'b'.repeat(40), commits: [] },
  { event: 'check_run', ...from, action: 'completed', check_run: { name: 'build', head_sha: base } },
  { event: 'status', ...from, sha: base, context: 'ci', state: 'success' },
  {
    event: 'issue_comment',
    ...from,
    action: 'created',
    issue: { number: 5, pull_request: {} },
    comment: { id: 8, created_at: '2026-11-21T06:00:00Z', body: '/drydock status', user: from.sender },
  },
];

const lesson = (text: string): string =>
  `---\napplies_to: [src/**]\nfrom: [https://example.com/1]\nadded: 2026-05-01\nreview_by: 2026-11-01\n---\n\n${text}\n`;
const runbook = `---
runbook: r
version: 1
parameters:
  p: {description: P, type: word, default: a, pattern: "[a-z]+"}
  q: {description: Q, type: list, default: [src/**]}
spec:
  target_paths: ["\${q}"]
  sandbox: {package_manager: npm, test_command: "npm test \${p}"}
triggers:
  - {schedule: "0 6 * * 1", timezone: UTC}
  - {push: {branches: [main], paths: [src/**]}}
---

# Do \${p}

Read \${q}.
`;

export const pipelineParsers: Record<string, Parser> = {
  lessons: {
    parse(input) {
      const { lesson: output, problems } = parseLesson('.agent-tasks/knowledge/a.md', input);
      return { valid: output !== undefined, output: output ?? problems };
    },
    samples: { bytes: [lesson('It is so.'), lesson('One.\n\nTwo `three` <b>four</b>.')] },
    grows: textUnits('---\napplies_to: [src/**]\nadded: 2026-05-01\nreview_by: 2026-11-01\n---\n'),
    // Each fault is told with its place.
    outputPerByte: 60,
  },
  runbooks: {
    parse(input) {
      const { runbook: output, problems } = readRunbook('.agent-tasks/runbooks/r.md', input);
      return { valid: output !== undefined, output: output ?? problems };
    },
    samples: { bytes: [runbook] },
    grows: [
      ...textUnits('---\nrunbook: r\nversion: 1\nspec: {title: "', '"}\n---\nx\n'),
      { before: runbook, unit: '${p} ' },
      { before: runbook, unit: '${x} ' },
    ],
    outputPerByte: 60,
  },
  'arguments of /drydock run': {
    parse(input) {
      const output = readRunArguments(input.toString('utf8'));
      return { valid: typeof output !== 'string', output };
    },
    samples: { bytes: ['docs a=1 b="two words"', 'docs'] },
    grows: textUnits(),
  },
  'list of submodules': {
    parse(input) {
      const declared = parseGitmodules(input.toString('utf8'));
      const parent = { name: 'acme/app', location: '/srv/app' };
      const repositories = {
        'acme/lib': { host: 'github' as const },
        'local/x': { host: 'git' as const, url: '/srv/x' },
      };
      const output = declared.map(({ path, url }) => [path, shownUrl(url), repositoryOf(url, parent, repositories)]);
      return { valid: output.length > 0, output };
    },
    samples: {
      bytes: [
        '[submodule "x"]\n\tpath = x\n\turl = ../lib.git\n[submodule "y"]\n\tpath = "y z"\n\turl = git@h:acme/lib\n',
      ],
    },
    grows: textUnits('[submodule "x"]\npath=x\nurl=../', '\n'),
  },
  'attributes of Git LFS': {
    parse(input) {
      const inLfs = lfsMatcher(new Map([['.gitattributes', input]]));
      const output = ['a.psd', 'art/a.psd', 'art/raw/a'].map(inLfs);
      return { valid: output.includes(true), output };
    },
    samples: { bytes: ['*.psd filter=lfs -text\n/art/** filter=lfs diff=lfs\n# x\n'] },
    grows: textUnits('*.psd filter=lfs\n', ' filter=lfs\n'),
  },
  'change set': {
    parse(manifest) {
      const change = readChange(
        new Map<string, Uint8Array>([
          ['changeset.json', manifest],
          ['changeset.blobs', content],
        ]),
        base,
      );
      return change instanceof Error
        ? { valid: false, output: change.message }
        : { valid: true, output: change.manifest };
    },
    samples: {
      json: [
        { base, entries: [put] },
        { base, entries: [put, { op: 'delete', path: 'b/c.txt' }] },
        { base, entries: [put, { ...put, mode: '160000', path: 'sub', bytes: 0 }] },
      ],
    },
    grows: [
      ...textUnits(`{"base":"${base}","entries":[`, ']}'),
      {
        before: `{"base":"${base}","entries":[`,
        unit: '{"op":"delete","path":"a"},',
        after: '{"op":"delete","path":"b"}]}',
      },
    ],
  },
  plan: {
    parse(input) {
      return { valid: true, output: parsePlan(input.toString('utf8'), 'agent') };
    },
    errors: ['ResultInvalid'],
    samples: {
      bytes: [
        'summary: s\nphases:\n  - name: a\n    files: [a.ts]\n    steps: [one]\n',
        JSON.stringify({
          summary: 's',
          phases: [{ name: 'a' }],
          risks: ['r'],
          research: [{ claim: 'c', source: 's' }],
        }),
        'phases: [{name: a, estimate: 5 minutes, checkpoint: true}]\nrollback: none\n',
      ],
    },
    grows: textUnits('phases: [{name: a}]\nsummary: ').concat(
      ['- a\n', 'a: b\n', '[', '{', '? ', '&a ', '!!t ', '"', '|\n', '#'].map((unit) => ({ unit })),
    ),
    outputPerByte: 12,
  },
  question: left(question, { question: 'q', context: 'c', options: ['a', 'b'], suggested: 'a' }, { question: 'q' }),
  checkpoint: left(checkpoint, { name: 'n', summary: 's' }, { name: 'n' }),
  webhook: {
    async parse(input) {
      // The name of the event is a header, and part of what is changed here.
      const json = parseJson(input, { depth: 400, values: 10_000 });
      const event =
        'value' in json && typeof json.value === 'object' && json.value && 'event' in json.value
          ? json.value.event
          : 'push';
      const headers = {
        'content-type': 'application/json',
        'x-github-event': /^[ -~]{1,50}$/.test(String(event)) ? String(event) : 'push',
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(input).digest('hex')}`,
      };
      const answer = await webhook.request(webhookPath, { method: 'POST', headers, body: new Uint8Array(input) });
      if (answer.status !== 202 && answer.status !== 400) throw new Error(`answered ${answer.status}`);
      const output: unknown = await answer.json();
      return { valid: (output as { queued?: boolean }).queued === true, output };
    },
    samples: { json: deliveries },
    grows: [...textUnits('{"ref":"', '","after":"a"}'), { before: '{"ref":1,"after":', unit: '[' }],
  },
  diff: {
    parse(input) {
      const output = filesOfDiff(input.toString('utf8'));
      return { valid: output.length > 0, output };
    },
    samples: {
      bytes: [
        'diff --git a/a.txt b/a.txt\nindex 1..2 100644\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n',
        'diff --git "a/\\303\\244.txt" "b/\\303\\244.txt"\nnew file mode 100644\n@@ -0,0 +1 @@\n+x\n',
      ],
    },
    grows: [...textUnits(), ...['diff --git ', 'diff --git a/b b/b\n', '@@\n', '+\n', '-'].map((unit) => ({ unit }))],
    outputPerByte: 40,
  },
};
