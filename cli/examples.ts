import type { Command } from 'commander';

/** What to type, for commands that one example explains. The others have their examples beside their options. */
const examples: Readonly<Record<string, readonly string[]>> = {
  revise: ['drydock revise FIX-1 "Keep the old name as an alias."'],
  reject: ['drydock reject FIX-1 "The plan changes the wrong module."'],
  answer: [
    'drydock answer FIX-1 "Round to the even neighbour."',
    'drydock answer FIX-1 --option 2',
    'drydock answer GREET-1/de "The formal one."          answer a part of a campaign',
  ],
  list: ['drydock list --limit 10 --json'],
  status: ['drydock status', 'drydock status FIX-1 --json'],
  events: ['drydock events FIX-1 --follow'],
  show: ['drydock show FIX-1', 'drydock show GREET-1/de --evidence --json    show a part of a campaign'],
  egress: ['drydock egress FIX-1'],
  why: ['drydock why src/round.js:12'],
  cancel: ['drydock cancel FIX-1 --reason "No longer needed"'],
  retry: ['drydock retry FIX-1 --yes'],
  pause: ['drydock pause'],
  resume: ['drydock resume'],
  estimate: ['drydock estimate .agent-tasks/FIX-1.yaml --json'],
  prompt: ['drydock prompt .agent-tasks/FIX-1.yaml'],
  new: ['drydock new FIX-1'],
  budget: ['drydock budget web --json'],
  audit: [
    'drydock audit FIX-1 --json',
    'drydock audit --verify',
    'drydock audit --who lead --path src/auth --since 2026-11-01 --format csv',
  ],
  'policy check': ['drydock policy check drydock.policy.yaml --json'],
  doctor: ['drydock doctor --policy drydock.policy.yaml --json'],
  'images build': ['drydock images build node --agents codex,pi'],
  'images pull': ['drydock images pull --from registry.example.com/drydock'],
  'images list': ['drydock images list --json'],
  'agents list': ['drydock agents list --json'],
  'agents add': ['drydock agents add codex'],
  'agents remove': ['drydock agents remove codex'],
  'github setup': ['drydock github setup --org acme --webhook-url https://drydock.acme.example/webhooks/github'],
  'aws preflight': ['drydock aws preflight --region eu-central-1'],
  'aws up': ['drydock aws up --org acme --dry-run'],
  'aws status': ['drydock aws status --json'],
  'aws down': ['drydock aws down --dry-run'],
  'aws init': ['drydock aws init --region eu-central-1'],
};

/** Adds the examples to the help of the commands below this one. */
export function addExamples(parent: Command, path: readonly string[] = []): void {
  for (const command of parent.commands) {
    const name = [...path, command.name()];
    const lines = examples[name.join(' ')];
    if (lines)
      command.addHelpText(
        'after',
        `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
      );
    addExamples(command, name);
  }
}
