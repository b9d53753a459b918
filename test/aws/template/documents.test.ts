/** The documents of the deployment say what the templates have (issue 12, part 8): names, tables, figures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { defaultRanges } from '../../../core/deployment/settings.ts';
import { ofType, oidc, root, synthesizeHere, type Template } from '../../support/aws/template.ts';
import { everySetting, settingsTemplates } from '../../support/cloudformation/settings.ts';

let kept: Template;
let run: Template;
beforeAll(() => {
  ({ kept, run } = synthesizeHere({ oidc }));
});

const pages = [
  'README.md',
  ...['aws', 'operations', 'images', 'reach', 'rotation', 'deploy-policy', 'pages'].map((name) => `docs/${name}.md`),
];
const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const everything = pages.map(read).join('\n');
/** Cells of the first column of a table below a heading. */
const firstColumn = (page: string, heading: string): string[] => {
  const [, section = ''] = new RegExp(`^#+ ${heading}\\n([\\s\\S]*?)(?=^#|(?![\\s\\S]))`, 'm').exec(read(page)) ?? [];
  return [...section.matchAll(/^\| ([^|]+?) \|/gm)]
    .map(([, cell = '']) => cell)
    .filter((cell) => !/^-/.test(cell))
    .slice(1);
};
const alarmsOf = (template: Template): string[] =>
  ofType(template, 'AWS::CloudWatch::Alarm').map(([id]) => /^DrydockAlarms(\w+?)[0-9A-F]{8}$/.exec(id)?.[1] ?? id);
const propertiesOf = (template: Template, type: string, property: string): unknown[] =>
  ofType(template, type).map(([, properties]) => properties[property]);
const alarm = (name: string) =>
  ofType(run, 'AWS::CloudWatch::Alarm').find(([id]) => id.startsWith(`DrydockAlarms${name}`))?.[1] ?? {};
const day = 86_400_000;
const rotations = () =>
  [
    ...ofType(kept, 'AWS::SecretsManager::RotationSchedule'),
    ...ofType(run, 'AWS::SecretsManager::RotationSchedule'),
  ].map(([, { RotationRules }]) => (RotationRules as { AutomaticallyAfterDays?: number }).AutomaticallyAfterDays);

describe('names', () => {
  test('the table of alarms has each alarm, and no other', () => {
    const listed = firstColumn('docs/aws.md', 'Alarms').flatMap((cell) => cell.split(', '));
    expect(listed.sort()).toEqual(alarmsOf(run).sort());
  });

  test('alarms that pages name are there', () => {
    const named = [...everything.matchAll(/\balarms? `?([A-Z][a-z]+(?:[A-Z][a-z]+)*)`?/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !alarmsOf(run).includes(name))).toEqual([]);
  });

  test('each output is documented, and those that pages name are there', () => {
    const { hosted_zone: _zone, ...domain } = everySetting.domain;
    const full = settingsTemplates({ ...everySetting, domain }).run;
    const outputs = [...new Set([run, full].flatMap(({ Outputs = {} }) => Object.keys(Outputs)))];
    expect(outputs.filter((name) => !everything.includes(`\`${name}\``))).toEqual([]);
    const named = [...everything.matchAll(/\boutputs?\s+`(\w+)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !outputs.includes(name))).toEqual([]);
  });

  test('parameters that pages name are written by the stacks', () => {
    const written = [
      ...propertiesOf(kept, 'AWS::SSM::Parameter', 'Name'),
      ...propertiesOf(run, 'AWS::SSM::Parameter', 'Name'),
    ];
    const named = [...everything.matchAll(/(?<![\w.-])\/drydock\/([a-z]+)/g)].map(([, part]) => `/drydock/${part}`);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !written.includes(name))).toEqual([]);
    // The loop that restores tables.
    const [, parts = ''] = /for part in ([a-z ]+); do/.exec(read('docs/operations.md')) ?? [];
    expect(parts.split(' ')).toEqual(['runs', 'ledger', 'gates']);
  });

  test('the table of secrets has each secret of the kept stack, and no other', () => {
    const listed = firstColumn('docs/aws.md', 'Deploy').filter((cell) => /^[A-Z]\w+$/.test(cell));
    const section = read('docs/aws.md').split('## Deploy')[1] ?? '';
    const table = [...section.matchAll(/^ {3}\| ([A-Z]\w+) \|/gm)].map(([, name = '']) => name);
    const secrets = ofType(kept, 'AWS::SecretsManager::Secret').map(([id]) => id.replace(/^Storage|[0-9A-F]{8}$/g, ''));
    expect([...new Set([...listed.filter((name) => secrets.includes(name)), ...table])].sort()).toEqual(secrets.sort());
  });

  test('the table of props has each prop of the construct, and no other', () => {
    const [, props = ''] = /export interface DrydockProps \{([\s\S]*?)\n\}/.exec(read('lib/drydock.ts')) ?? [];
    const there = [...props.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name = '']) => name);
    const listed = firstColumn('docs/aws.md', 'As a construct').flatMap((cell) => cell.replaceAll('`', '').split(', '));
    expect(listed.sort()).toEqual(there.sort());
  });

  test('the example of the settings has each field of the file, and is valid', async () => {
    const { parse } = await import('yaml');
    const [, block = ''] = /## Settings\n[\s\S]*?```yaml\n([\s\S]*?)```/.exec(read('docs/aws.md')) ?? [];
    const schema = JSON.parse(read('schemas/aws.schema.json')) as { properties: Record<string, unknown> };
    const named = new Set([
      ...Object.keys(parse(block) as object),
      ...(/`?zone_names/.test(block) ? ['zone_names'] : []),
    ]);
    expect(Object.keys(schema.properties).filter((field) => !named.has(field))).toEqual([]);
    expect([...named].filter((field) => !(field in schema.properties))).toEqual([]);
  });
});

/** A sentence, and what the templates have to say for it. */
const figures: [page: string, sentence: RegExp, holds: () => void][] = [
  [
    'docs/operations.md',
    /Logs are kept for three months, two technical ones for one/,
    () => {
      const days = [
        ...propertiesOf(kept, 'AWS::Logs::LogGroup', 'RetentionInDays'),
        ...propertiesOf(run, 'AWS::Logs::LogGroup', 'RetentionInDays'),
      ];
      expect(days.filter((each) => each === 30)).toHaveLength(2);
      expect(new Set(days)).toEqual(new Set([30, 90]));
    },
  ],
  [
    'docs/operations.md',
    /Tables have point-in-time recovery \(35 days\) and deletion protection/,
    () => {
      const tables = ofType(kept, 'AWS::DynamoDB::Table').map(([, table]) => table);
      expect(tables).toHaveLength(3);
      for (const { PointInTimeRecoverySpecification: recovery, DeletionProtectionEnabled } of tables)
        expect([recovery, DeletionProtectionEnabled]).toEqual([{ PointInTimeRecoveryEnabled: true }, true]);
    },
  ],
  [
    'docs/operations.md',
    /rotate by themselves every 60 days/,
    () => expect(new Set(rotations())).toEqual(new Set([60])),
  ],
  [
    'docs/operations.md',
    /the\s+reconciler every five minutes/,
    () => expect(propertiesOf(run, 'AWS::Events::Rule', 'ScheduleExpression')).toContain('rate(5 minutes)'),
  ],
  [
    'docs/aws.md',
    /RunsFailed \| three bad ends within an hour/,
    () => {
      const { Threshold, Metrics } = alarm('RunsFailed') as {
        Threshold: number;
        Metrics: { MetricStat?: { Period: number } }[];
      };
      expect([Threshold, new Set(Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? []))]).toEqual([
        3,
        new Set([3600]),
      ]);
    },
  ],
  [
    'docs/aws.md',
    /Waiting \| a run has waited for a person for more than a day; it is also in alarm when the reconciler is silent/,
    () => expect(alarm('Waiting')).toMatchObject({ Threshold: day, TreatMissingData: 'breaching' }),
  ],
  [
    'docs/aws.md',
    /AppKeyOld, ModelKeysOld, SlackOld \| that secret is older than 90 days/,
    () => {
      for (const name of ['AppKeyOld', 'ModelKeysOld', 'SlackOld'])
        expect(alarm(name)).toMatchObject({ Threshold: 90 * day });
    },
  ],
  [
    'docs/aws.md',
    /DeliveriesLost \| messages from GitHub failed 80 times, for about four hours/,
    () => {
      const counts = propertiesOf(run, 'AWS::SQS::Queue', 'RedrivePolicy').flatMap(
        (policy) => (policy as { maxReceiveCount?: number } | undefined)?.maxReceiveCount ?? [],
      );
      expect(counts).toEqual([80]);
      // Three minutes between two attempts.
      expect(propertiesOf(run, 'AWS::SQS::Queue', 'VisibilityTimeout')).toContain(180);
    },
  ],
  [
    'docs/images.md',
    /come from the bucket \(`cache\/`, 30 days\)/,
    () => {
      const [{ Rules = [] } = {}] = propertiesOf(kept, 'AWS::S3::Bucket', 'LifecycleConfiguration') as {
        Rules?: { Prefix?: string; ExpirationInDays?: number }[];
      }[];
      expect(Rules.find(({ Prefix }) => Prefix === 'cache/')?.ExpirationInDays).toBe(30);
    },
  ],
  [
    'docs/images.md',
    /A build moves the tags `IMAGE-VERSION`/,
    () => expect(propertiesOf(kept, 'AWS::ECR::Repository', 'ImageTagMutability')).toEqual(['MUTABLE']),
  ],
  [
    'docs/aws.md',
    /`ranges` \| .*\| `10\.201\.0\.0\/20`, `10\.201\.16\.0\/20` \|/,
    () => {
      expect(Object.values(defaultRanges)).toEqual(['10.201.0.0/20', '10.201.16.0/20']);
      expect(propertiesOf(run, 'AWS::EC2::VPC', 'CidrBlock').sort()).toEqual(['10.201.0.0/20', '10.201.16.0/20']);
    },
  ],
  [
    'docs/aws.md',
    /1,019 addresses in each zone/,
    () => {
      // A quarter of a /20 has 1,024, of which AWS takes five.
      const blocks = propertiesOf(run, 'AWS::EC2::Subnet', 'CidrBlock') as {
        'Fn::Select': [number, { 'Fn::Cidr': [unknown, number, string] }];
      }[];
      for (const {
        'Fn::Select': [
          ,
          {
            'Fn::Cidr': [, , bits],
          },
        ],
      } of blocks)
        expect(2 ** Number(bits) - 5).toBe(1_019);
    },
  ],
];

describe('figures', () => {
  test.each(figures)('%s: %s', (page, sentence, holds) => {
    expect(read(page)).toMatch(sentence);
    holds();
  });
});
