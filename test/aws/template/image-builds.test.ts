/** The images are built in the account, after each deployment and every few days (AWS-REVIEW F20). */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { version } from '../../../common/package-info.ts';
import { matches } from '../../support/aws/event-pattern.ts';
import { ofType, only, root, synthesizeHere, type Template, text } from '../../support/aws/template.ts';
import { settingsTemplates } from '../../support/cloudformation/settings.ts';

const { run } = synthesizeHere();
const project = (template: Template) => only(template, 'AWS::CodeBuild::Project') as unknown as Project;
interface Project {
  Source: { BuildSpec: string };
  Environment: { EnvironmentVariables: { Name: string; Value: unknown }[] };
}
const variablesOf = (template: Template): Record<string, string> =>
  Object.fromEntries(project(template).Environment.EnvironmentVariables.map(({ Name, Value }) => [Name, text(Value)]));
const ruleOf = (name: string) =>
  ofType(run, 'AWS::Events::Rule').find(([id]) => id.startsWith(`DrydockImageBuilds${name}`))?.[1] as Record<
    string,
    unknown
  >;
/** A pattern with the references of the template put in. */
const patternOf = (name: string, values: Record<string, string>): object =>
  JSON.parse(
    JSON.stringify(ruleOf(name).EventPattern).replaceAll(/\{"Ref":"([^"]+)"\}/g, (_, ref: string) => {
      const value = Object.entries(values).find(([prefix]) => ref.startsWith(prefix))?.[1];
      return JSON.stringify(value ?? ref);
    }),
  ) as object;

describe('a build is started', () => {
  test('after each deployment of this stack, and by the days of the settings', () => {
    const stack = 'arn:aws:cloudformation:us-west-1:111122223333:stack/Drydock/6a7e8feb';
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
    const event = (id: string, status: string) => ({
      version: '0',
      source: 'aws.cloudformation',
      'detail-type': 'CloudFormation Stack Status Change',
      region: 'us-west-1',
      resources: [id],
      detail: { 'stack-id': id, 'status-details': { status, 'status-reason': '' }, 'client-request-token': '' },
    });
    const pattern = patternOf('Deployed', { 'AWS::StackId': stack });
    const started = ([id, status]: [string, string]): boolean => matches(pattern, event(id, status));
    const rows: [string, string][] = [
      'CREATE_COMPLETE',
      'UPDATE_COMPLETE',
      'UPDATE_IN_PROGRESS',
      'ROLLBACK_COMPLETE',
    ].map((status) => [stack, status]);
    expect([...rows, [`${stack}0`, 'CREATE_COMPLETE'] as [string, string]].map(started)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(ruleOf('Updates').ScheduleExpression).toBe('rate(7 days)');
    const { run: daily } = settingsTemplates({
      image_builds: { days: 1, images: ['gateway', 'node', 'rust'], agents: ['codex'] },
    });
    expect(JSON.stringify(daily)).toContain('"rate(1 day)"');
    expect(variablesOf(daily)).toMatchObject({ IMAGES: 'gateway node rust', AGENTS: 'codex' });
  });

  test.each([
    ['python', 'node python'],
    ['rust gateway python', 'gateway node rust python'],
    ['python node gateway node', 'gateway node python'],
    ['gateway', 'gateway'],
  ])('of %s with node first, on which the others are built', (images, built) => {
    const { run } = settingsTemplates({ image_builds: { images: images.split(' ') } });
    expect(variablesOf(run)).toMatchObject({ IMAGES: built });
  });

  test('not where the settings say so; then nothing is left of it', () => {
    const { run: none } = settingsTemplates({ image_builds: false });
    expect(JSON.stringify(none)).not.toMatch(/ImageBuilds|codebuild/);
  });
});

test('the scan of an image that finds something critical is counted, others are not', () => {
  // https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
  const event = (repository: string, counts: object) => ({
    version: '0',
    id: '85fc3613-e913-7fc4-a80c-a3753e4aa9ae',
    'detail-type': 'ECR Image Scan',
    source: 'aws.ecr',
    account: '123456789012',
    time: '2019-10-29T02:36:48Z',
    region: 'us-east-1',
    resources: [`arn:aws:ecr:us-east-1:123456789012:repository/${repository}`],
    detail: {
      'scan-status': 'COMPLETE',
      'repository-name': repository,
      'finding-severity-counts': counts,
      'image-digest': `sha256:${'7'.repeat(64)}`,
      'image-tags': [],
    },
  });
  const pattern = patternOf('Findings', { SsmParameterValuedrydockimages: 'drydock-images' });
  const counted = [
    event('drydock-images', { CRITICAL: 10, MEDIUM: 9 }),
    event('drydock-images', { MEDIUM: 9 }),
    event('drydock-images', {}),
    event('other', { CRITICAL: 1 }),
  ].map((each) => matches(pattern, each));
  expect(counted).toEqual([true, false, false, false]);
  const alarm = ofType(run, 'AWS::CloudWatch::Alarm').find(([, { MetricName }]) => MetricName === 'MatchedEvents')?.[1];
  expect(text((alarm?.Dimensions as { Value: unknown }[])[0]?.Value)).toMatch(/ImageBuildsFindings/);
});

describe('the build, with programs in place of the engine and the AWS command line', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drydock-build-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'build.sh'), readFileSync(join(root, 'sandbox/images/build.sh')));
    program('aws', 'echo password-of-the-registry');
    program(
      'docker',
      `echo "$*" >> ${folder}/said
case "$1 $2" in
  "login "*) read -r password; test "$password" = password-of-the-registry ;;
  "image inspect") echo debian@sha256:1111 ;;
  "build "*) case "$*" in *"$FAILS") exit 1 ;; esac ;;
esac`,
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const program = (name: string, body: string): void => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  const repository = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/drydock';
  const build = (env: Record<string, string>): { code: number; said: string[] } => {
    const { phases } = JSON.parse(project(run).Source.BuildSpec) as { phases: { build: { commands: string[] } } };
    let code = 0;
    try {
      execFileSync('bash', ['-c', phases.build.commands.join('\n')], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${folder}/bin:/usr/bin:/bin`,
          FAILS: 'nothing',
          ...variablesOf(run),
          REPOSITORY: repository,
          ...env,
        },
      });
    } catch (error) {
      code = (error as { status: number }).status;
    }
    return { code, said: readFileSync(join(folder, 'said'), 'utf8').trimEnd().split('\n') };
  };

  test('takes the newest Debian by its digest, builds each image on it or on the Node image, and pushes it', () => {
    const { code, said } = build({ IMAGES: 'gateway node python', AGENTS: 'gemini codex' });
    const tag = (image: string) => `${repository}:${image}-${version()}`;
    const base = 'public.ecr.aws/docker/library/debian:trixie-slim';
    expect(code).toBe(0);
    expect(said).toEqual([
      'login --username AWS --password-stdin 123456789012.dkr.ecr.eu-central-1.amazonaws.com',
      `pull --quiet --platform linux/arm64 ${base}`,
      `image inspect --format {{index .RepoDigests 0}} ${base}`,
      `build --platform linux/arm64 --build-arg DEBIAN=debian@sha256:1111 --tag ${tag('gateway')} gateway`,
      `push ${tag('gateway')}`,
      `build --platform linux/arm64 --build-arg DEBIAN=debian@sha256:1111 --build-arg AGENTS=gemini codex --tag ${tag('node')} node`,
      `push ${tag('node')}`,
      `build --platform linux/arm64 --build-arg NODE=${tag('node')} --tag ${tag('python')} python`,
      `push ${tag('python')}`,
    ]);
  });

  test('ends as failed with the first image that fails, and pushes nothing of it', () => {
    const { code, said } = build({ FAILS: ' node' });
    expect([code, said.at(-1)]).toEqual([1, expect.stringMatching(/^build .* node$/)]);
    expect(build({ IMAGES: 'gateway perl' })).toMatchObject({ code: 2 });
  });
});
