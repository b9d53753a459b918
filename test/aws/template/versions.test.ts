/**
 * Which code and configuration an execution has until it ends (AWS-REVIEW F17): the definition names a published version of each
 * step, and a version is published exactly when something changes that Lambda freezes in it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cdk from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { PolicyInput } from '../../../core/policy/schema.ts';
import { functionNames } from '../../../lib/names.ts';
import { stepNames } from '../../../pipeline/payloads.ts';
import {
  functionId,
  ofType,
  only,
  roleStatements,
  root,
  synthesizeHere,
  type Template,
  text,
  writeBundles,
} from '../../support/aws/template.ts';

const policy = parse(readFileSync(join(root, 'examples/aws/drydock.policy.yaml'), 'utf8')) as PolicyInput;
type Change = Parameters<typeof synthesizeHere>;

let folder: string;
let before: Template;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-versions-'));
  before = synthesizeHere({ policy }).run;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Logical id of the version of each step that the definition names. */
function namedBy(run: Template): Map<string, string> {
  const definition = JSON.parse(text(only(run, 'AWS::StepFunctions::StateMachine').DefinitionString)) as {
    States: Record<string, { Arguments?: { FunctionName: string } }>;
  };
  const names = Object.values(definition.States).flatMap(({ Arguments }) => Arguments?.FunctionName ?? []);
  const versions = new Map(ofType(run, 'AWS::Lambda::Version'));
  return new Map(
    names.map((name) => {
      const id = name.slice(1, -1);
      const of = text(versions.get(id)?.FunctionName).slice(1, -1);
      return [stepNames.find((step) => functionId(run, step) === of) ?? name, id];
    }),
  );
}

/** The steps that have another version in the second template. */
const published = (run: Template): string[] => {
  const earlier = namedBy(before);
  return [...namedBy(run)].filter(([step, id]) => earlier.get(step) !== id).map(([step]) => step);
};

describe('the definition', () => {
  test('names a version of each step, which stays when the next one replaces it, and goes when its deployment fails', () => {
    expect([...namedBy(before).keys()].sort()).toEqual([...stepNames].sort());
    const versions = ofType(before, 'AWS::Lambda::Version');
    expect(versions).toHaveLength(stepNames.length);
    for (const [id, { Description }] of versions) {
      expect(before.Resources[id]).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
      // After a restore the template is the same and the table another one: that replaces the version.
      expect(Object.keys(before.Parameters)).toContain((Description as { Ref: string }).Ref);
      expect(text(Description)).toMatch(/runs/);
    }
  });

  test('may call every version of its steps and no other function', () => {
    const allowed = roleStatements(before).filter(
      ({ of, actions }) => of.includes('MachineRole') && actions.includes('lambda:InvokeFunction'),
    );
    const steps = stepNames.map((name) => `<${functionId(before, name)}.Arn>:*`);
    expect(allowed.flatMap(({ resources }) => resources).sort()).toEqual(steps.sort());
    expect(functionNames.length).toBeGreaterThan(stepNames.length);
  });
});

const launching = ['plan', 'build', 'verify'];
const bundlesWith = (step: string): string => {
  const bundles = writeBundles(mkdtempSync(join(folder, 'bundles-')));
  writeFileSync(join(bundles, step, 'index.mjs'), 'export const handler = async () => "of the next release";\n');
  return bundles;
};
const files = (content: string): PolicyInput => {
  const agent = mkdtempSync(join(folder, 'agent-'));
  mkdirSync(agent, { recursive: true });
  writeFileSync(join(agent, 'agent.mjs'), content);
  const profile = { kind: 'command', command: ['node', '/agent/agent.mjs'], files: agent };
  return { ...policy, agents: { default: 'own', profiles: { own: profile } } } as PolicyInput;
};

describe('a version is published', () => {
  test.each<[string, () => Change, readonly string[]]>([
    ['of a step whose code changes', () => [{ policy, bundles: bundlesWith('publish') }], ['publish']],
    [
      'of the steps that launch, for another image',
      () => [{ policy, images: { node: `sha256:${'a'.repeat(64)}` } }],
      launching,
    ],
    [
      'of the steps that launch, for another image of the gateway',
      () => [{ policy, images: { gateway: `sha256:${'a'.repeat(64)}` } }],
      launching,
    ],
    [
      'of the steps that launch, for another policy',
      () => [{ policy: { ...policy, limits: { ...policy.limits, memory_mb: 8_192 } } }],
      launching,
    ],
  ])('%s', (_, change, steps) => {
    expect(published(synthesizeHere(...change()).run).sort()).toEqual([...steps].sort());
  });

  test('of the steps that launch, for other files of an agent', () => {
    const [one, same, other] = ['1', '1', '2'].map((content) =>
      namedBy(synthesizeHere({ policy: files(content) }).run),
    );
    const changed = (to: typeof one) => [...(to ?? [])].filter(([step, id]) => one?.get(step) !== id);
    expect(changed(same).map(([step]) => step)).toEqual(expect.not.arrayContaining(launching));
    expect(changed(other).map(([step]) => step)).toEqual(expect.arrayContaining(launching));
  });
});

describe('no version is published, because Lambda refuses one without a change', () => {
  test.each<[string, () => Change]>([
    ['for nothing', () => [{ policy }]],
    ['for a tag', () => [{ policy }, (app) => cdk.Tags.of(app).add('cost-center', 'web')]],
    [
      'for an alarm and a boundary of roles',
      () => [
        {
          policy,
          more: (scope) => ({
            alarmTopic: sns.Topic.fromTopicArn(scope, 'T', 'arn:aws:sns:us-east-1:123456789012:t'),
            permissionsBoundary: iam.ManagedPolicy.fromAwsManagedPolicyName('PowerUserAccess'),
          }),
        },
      ],
    ],
    ['for a function that is no step', () => [{ policy, bundles: bundlesWith('reconcile') }]],
  ])('%s', (_, change) => {
    expect(published(synthesizeHere(...change()).run)).toEqual([]);
  });
});
