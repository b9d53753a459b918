import type { Command } from 'commander';

interface CommandFile {
  /** Loads the file on demand: loading all takes longer than most commands. */
  load(): Promise<{ register(program: Command): void }>;
  /** Its commands, as the list of all commands shows them: name, arguments, description. */
  commands: readonly (readonly [usage: string, description: string])[];
}

/** One file per group of commands, in the order of the help, which needs none of the files. */
export const catalogue: readonly CommandFile[] = [
  {
    load: () => import('./commands/run.ts'),
    commands: [['run [options] <file>', 'run a task spec: plan, approval, build, verification, draft pull request']],
  },
  {
    load: () => import('./commands/ask/draft.ts'),
    commands: [
      [
        'draft [options] <text>',
        'turn a request in plain language into a task spec, and open a pull request that adds it',
      ],
    ],
  },
  {
    load: () => import('./commands/ask/split.ts'),
    commands: [['split [options] <file>', 'let an agent propose the parts of a campaign for a task spec']],
  },
  {
    load: () => import('./commands/serve.ts'),
    commands: [
      ['serve [options]', 'start the server process: run submitted specs, resume runs after a crash, serve the pages'],
    ],
  },
  {
    load: () => import('./commands/gates.ts'),
    commands: [
      ['approve [options] <gate>', 'approve a plan, a checkpoint or a change'],
      ['revise [options] <gate> <text>', 'ask for another plan, or for rework of a change'],
      ['reject [options] <gate> <reason>', 'end the run'],
      ['answer [options] <gate> [text]', 'answer a question of the run'],
    ],
  },
  {
    load: () => import('./commands/inspect.ts'),
    commands: [
      ['list [options]', 'list runs, newest first'],
      ['status [options] [run]', 'show one run, or all unfinished runs'],
      ['events [options] <run>', 'list the events of a run, oldest first'],
      [
        'egress [options] <run>',
        'show outgoing traffic, refused requests, and the policy or spec line that would allow them',
      ],
      ['why [options] <file:line>', 'show the spec, plan phase and approver of a line'],
    ],
  },
  {
    load: () => import('./commands/look/show.ts'),
    commands: [
      ['show [options] <run>', 'show a run: what was asked, its steps, the open decision, the change, tests and cost'],
    ],
  },
  {
    load: () => import('./commands/look/diff.ts'),
    commands: [
      [
        'diff [options] <run> [path]',
        'show the newest change of a run, before it is published too; on a terminal through a pager',
      ],
    ],
  },
  {
    load: () => import('./commands/look/inbox.ts'),
    commands: [['inbox [options]', 'list the decisions that wait for you, most urgent first']],
  },
  {
    load: () => import('./commands/look/watch.ts'),
    commands: [['watch [options]', 'follow all live runs until Ctrl-C']],
  },
  {
    load: () => import('./commands/lifecycle.ts'),
    commands: [
      ['cancel [options] <run>', 'stop a run; money already spent stays charged'],
      ['tell [options] <run> <text>', 'say something to the agent of a run while it works'],
      ['retry [options] <run>', 'run the same spec again as the next attempt'],
      ['pause [options]', 'admit no new runs; running runs continue'],
      ['resume [options]', 'admit new runs again'],
    ],
  },
  {
    load: () => import('./commands/specs.ts'),
    commands: [
      ['lint [options] [files...]', 'check specs: form, clarity, how to delegate them, and what cannot be installed'],
      ['estimate [options] <file>', 'estimate the cost of a run, and compare it with the budget; starts no agent'],
      ['prompt [options] <file>', 'print the prompt that an agent gets for a spec'],
      ['new [options] <task-id>', 'write a spec template under .agent-tasks/'],
    ],
  },
  {
    load: () => import('./commands/memory/runbook.ts'),
    commands: [['runbook', 'make specs from parameterised guides in .agent-tasks/runbooks, and see what came of them']],
  },
  {
    load: () => import('./commands/memory/knowledge.ts'),
    commands: [
      ['knowledge', 'lessons of the team in .agent-tasks/knowledge, which prompts get for the paths that they name'],
    ],
  },
  {
    load: () => import('./commands/budget.ts'),
    commands: [['budget [options] [team]', "show the budget of each team's sprint, and what its runs cost"]],
  },
  {
    load: () => import('./commands/look/audit.ts'),
    commands: [
      [
        'audit [options] [run]',
        'show all events, votes and model calls of a run; search the lines of all runs; check their chains',
      ],
    ],
  },
  {
    load: () => import('./commands/policy.ts'),
    commands: [['policy', 'work with the policy, the operator’s configuration']],
  },
  {
    load: () => import('./commands/doctor.ts'),
    commands: [['doctor [options]', 'check this machine and the policy, and name a remedy for each problem']],
  },
  {
    load: () => import('./commands/images.ts'),
    commands: [['images', 'the container images of `--sandbox container`']],
  },
  {
    load: () => import('./commands/agents.ts'),
    commands: [['agents', 'the coding agents that Drydock knows by name']],
  },
  {
    load: () => import('./commands/init.ts'),
    commands: [['init [options]', 'write a policy and a first spec for the current repository, and lint the spec']],
  },
  {
    load: () => import('./commands/demo.ts'),
    commands: [
      [
        'demo [options]',
        'run a small task from spec to draft pull request, in a fresh folder; needs no key and no account',
      ],
    ],
  },
  {
    load: () => import('./commands/github-setup/setup.ts'),
    commands: [['github', 'set up GitHub']],
  },
  {
    load: () => import('./commands/aws/aws.ts'),
    commands: [['aws', 'a deployment in your own AWS account, from a checkout']],
  },
];
