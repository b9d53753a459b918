import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import { mayRead, readScope } from '../../../../core/review/readers.ts';

const text = `version: 1
people:
  lead: {email: lead@example.com}
  ops: {email: ops@example.com}
  dana: {email: dana@example.com, teams: [web, data]}
  eve: {email: eve@example.com}
operators: [ops]
readers: [dana, eve@example.com]
review: {approvers: [lead]}
`;
const policyOf = (from: string) => {
  const { policy, problems } = parsePolicy(new TextEncoder().encode(from));
  if (!policy) throw new Error(JSON.stringify(problems));
  return policy;
};

describe('R24 who reads which runs', () => {
  const policy = policyOf(text);
  const runs = {
    'of web': { team: 'web', requester: 'lead' },
    'of pay': { team: 'pay', requester: 'lead' },
    'own, of pay': { team: 'pay', requester: 'eve' },
  };
  test.each([
    ['lead', ['of web', 'of pay', 'own, of pay']],
    ['ops@example.com', ['of web', 'of pay', 'own, of pay']],
    // Nobody of the policy: who may ask at all is decided before.
    ['stranger@example.com', ['of web', 'of pay', 'own, of pay']],
    ['dana', ['of web']],
    ['DANA@example.com', ['of web']],
    ['eve', ['own, of pay']],
  ])('%s reads the runs %j', (who, expected) => {
    const scope = readScope(policy, who);
    expect(Object.entries(runs).flatMap(([name, run]) => (mayRead(scope, run) ? [name] : []))).toEqual(expected);
  });

  test('a reader is no approver by default, and the policy refuses one who is both', () => {
    const open = text.replace('review: {approvers: [lead]}\n', '').replace(', eve@example.com', '');
    expect(policyOf(open).review.approvers).toEqual(['lead', 'ops', 'eve']);
    const rules = (from: string) => parsePolicy(new TextEncoder().encode(from)).problems.map(({ rule }) => rule);
    expect(rules(text.replace('[lead]', '[lead, dana]'))).toContain('reader-decides');
    expect(rules(text.replace('[dana, eve@example.com]', '[dana, nobody]'))).toContain('unknown-person');
  });
});
