import type { Guess } from '../../core/installation/guess/guess.ts';
import { sandboxLines, yamlText } from './toolchain.ts';

/** The files that `drydock init` writes. */

export const firstTask = 'AGENTS-GUIDE-001';

export function policyText({
  name,
  root,
  who,
  ci,
  agentFolder,
}: {
  name: string;
  root: string;
  who: string;
  ci: string[];
  agentFolder: string;
}): string {
  return `# The policy of Drydock on this machine. It is never read from a commit. Check it with: drydock policy check
version: 1
people:
  ${JSON.stringify(who)}: {}
repositories:
  ${JSON.stringify(name)}: {host: git, url: ${JSON.stringify(root)}}
agents:
  default: guide
  profiles:
    # A program of your own: it writes the guide that the first task asks for.
    guide: {kind: command, command: [node, /agent/agent.mjs], files: ${JSON.stringify(agentFolder)}}
    # An agent with a model. Install it (drydock agents add gemini), set GEMINI_API_KEY, and run with --agent gemini.
    gemini: {agent: gemini, model: gemini-2.5-pro}
models: {allow: ["google/*"]}
egress: {registries: [npm, pypi, maven, go, crates], hosts: []}
limits: {usd_per_run: 5, timeout_minutes: 30}
# Solo: you may approve your own runs, and the pull request says so. To change this, list other approvers.
review: {approvers: [${JSON.stringify(who)}], required_reviewers: 1, solo: true}
protected_paths: [".github/**", ".agent-tasks/**"${ci.map((file) => `, ${JSON.stringify(file)}`).join('')}]
`;
}

/** Files for the first task in order of preference; some repositories let git ignore the first. */
export const guides = ['AGENTS.md', 'CONTRIBUTING.md', 'README.md'] as const;
type Guide = (typeof guides)[number];

export function specText({
  name,
  branch,
  tool,
  guide,
}: {
  name: string;
  branch: string;
  tool: Guess;
  guide: Guide;
}): string {
  return `task_id: ${firstTask}
title: Write ${guide} for the next contributor to this repository
repository: ${yamlText(name)}
target_branch: ${yamlText(branch)}
output_branch_prefix: agent/agents-guide
instructions: |
  Write \`${guide}\` in the root of the repository: the purpose of each folder, how to install, build and test.
  Keep it under 60 lines, and name only files and commands that exist.
constraints:
  - Change only ${guide}
excluded_paths:
  - src/**
success_criteria:
  - says: ${guide} exists and says how to test
    run: grep -q -i test ${guide}
sandbox:
${sandboxLines(tool).join('\n')}
budget:
  max_usd: 1
review:
  require_human_approval: true
  required_reviewers: 1
`;
}

export const agentText = `// A command agent; any program can be one. It runs in the repository, and Drydock collects its changes when it ends.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const task = readFileSync(process.env.DRYDOCK_PROMPT_FILE, 'utf8');
const guide = /Write \`(\\w+\\.md)\`/.exec(task)?.[1] ?? 'AGENTS.md';
const folders = readdirSync('.', { withFileTypes: true }).filter((e) => e.isDirectory() && !e.name.startsWith('.') && e.name !== 'node_modules');
const scripts = existsSync('package.json') ? (JSON.parse(readFileSync('package.json', 'utf8')).scripts ?? {}) : {};
// In a further round the guide is there; its sections are written anew.
const text = existsSync(guide) ? readFileSync(guide, 'utf8') : '# For agents, and people\\n';
const before = text.split('\\n## Folders\\n', 1)[0].trimEnd() + '\\n\\n';
const lines = [
  '## Folders',
  '',
  ...folders.map((e) => '- \`' + e.name + '/\`: ' + readdirSync(e.name).length + ' entries'),
  '',
  '## Commands',
  '',
  ...Object.entries(scripts).map(([name, command]) => '- \`npm run ' + name + '\`: \`' + command + '\`'),
  '- Test before you stop; the task says by which command.',
];
writeFileSync(guide, before + lines.join('\\n') + '\\n');
console.log('Wrote ' + guide);
`;
