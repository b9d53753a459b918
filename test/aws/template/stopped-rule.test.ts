/** Which stopped tasks the rule of the template hands over, with the containers that accounts and specs add to a task. */
import { expect, test } from 'vitest';
import { stoppedRule } from '../../support/aws/deployed.ts';

interface Container {
  name: string;
  exitCode?: number;
}
const agents: [string, Container[]][] = [
  ['nothing', []],
  ['an agent of GuardDuty without an exit code', [{ name: 'aws-guardduty-agent-Ab12' }]],
  ['an agent of GuardDuty that ended well', [{ name: 'aws-guardduty-agent-Ab12', exitCode: 0 }]],
  ['an agent of GuardDuty that was killed', [{ name: 'aws-guardduty-agent-Ab12', exitCode: 137 }]],
];
const services: Container[] = [{ name: 'service-1', exitCode: 143 }];

const handedOver = (stopCode: string | undefined, containers: Container[]): boolean =>
  stoppedRule({
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    detail: {
      clusterArn: '<Cluster>',
      lastStatus: 'STOPPED',
      startedBy: 'r-1/verify/1/1',
      ...(stopCode === undefined ? {} : { stopCode }),
      containers,
    },
  });

test.each(agents)('beside %s, a sandbox is handed over unless it ended well', (_what, agent) => {
  const of = (stopCode: string | undefined, exitCode?: number): boolean =>
    handedOver(stopCode, [...agent, { name: 'sandbox', ...(exitCode === undefined ? {} : { exitCode }) }, ...services]);
  // Its gateway still stores the outputs.
  expect(of('EssentialContainerExited', 0)).toBe(false);
  expect(of('EssentialContainerExited', 1)).toBe(true);
  expect(of('EssentialContainerExited', 137)).toBe(true);
  expect(of('TaskFailedToStart')).toBe(true);
  expect(of('SpotInterruption', 143)).toBe(true);
  expect(of('UserInitiated')).toBe(true);
  expect(of(undefined)).toBe(true);
});

test.each(agents)('beside %s, a gateway is handed over however it ended', (_what, agent) => {
  for (const exitCode of [0, 1])
    expect(handedOver('EssentialContainerExited', [...agent, { name: 'gateway', exitCode }])).toBe(true);
});
