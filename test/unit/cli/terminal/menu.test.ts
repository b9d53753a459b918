import { expect, test } from 'vitest';
import { choicesAt } from '../../../../cli/terminal/decide/menu.ts';
import type { GateView } from '../../../../pipeline/service/service.ts';
import { aGate } from '../../web/fake.ts';

const question = { question: 'Which?', context: '', options: ['red', 'blue\u202E\n2 x'], suggested: 'blue\u202E\n2 x' };

test.each<[string, Partial<GateView>, string[]]>([
  [
    'plan',
    { kind: 'plan' },
    [
      'Approve',
      'Approve with a constraint…',
      'Edit the plan in $EDITOR…',
      'Another plan… (2 left)',
      'Reject… (ends the run)',
      'Leave it (the run waits)',
    ],
  ],
  [
    'plan without alternatives left',
    { kind: 'plan', revisionsLeft: 0 },
    [
      'Approve',
      'Approve with a constraint…',
      'Edit the plan in $EDITOR…',
      'Reject… (ends the run)',
      'Leave it (the run waits)',
    ],
  ],
  [
    'checkpoint',
    { kind: 'checkpoint' },
    ['Approve', 'Read the change', 'Reject… (ends the run)', 'Leave it (the run waits)'],
  ],
  [
    'review',
    { kind: 'review' },
    ['Approve', 'Read the change', 'Rework…', 'Reject… (ends the run)', 'Leave it (the run waits)'],
  ],
  [
    'question of an agent, whose suggestion comes first, in one line and with nothing hidden',
    { kind: 'question', question },
    [
      'blue⟨U+202E⟩ 2 x (suggested)',
      'red',
      'Other words…',
      'Read the change',
      'Reject… (ends the run)',
      'Leave it (the run waits)',
    ],
  ],
  [
    'escalation, whose options act (PAGES D1)',
    {
      kind: 'question',
      acceptable: true,
      options: [
        { label: 'Give the agent a hint', does: 'answer', text: 'required' },
        { label: 'Accept the weaker tests', does: 'accept' },
        { label: 'Give up', does: 'reject' },
      ],
    },
    [
      'Give the agent a hint…',
      'Accept the weaker tests (approves the change as it is)',
      'Give up (ends the run)',
      'Other words…',
      'Read the change',
      'Reject… (ends the run)',
      'Leave it (the run waits)',
    ],
  ],
  [
    'question that may be approved, and has no option for it',
    { kind: 'question', acceptable: true },
    ['Answer…', 'Accept the change as it is', 'Read the change', 'Reject… (ends the run)', 'Leave it (the run waits)'],
  ],
])('what may be done at a %s', (_name, change, labels) => {
  const shown = choicesAt(aGate(change)).map(({ label, hint }) => (hint === undefined ? label : `${label} (${hint})`));
  expect(shown).toEqual(labels);
});
