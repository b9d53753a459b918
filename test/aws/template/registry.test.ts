/** Every template is one that CloudFormation's registry accepts (AWS-REVIEW F1, F21). */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { regionsWithoutBuilds } from '../../../lib/images/image-builds.ts';
import { readRegistry } from '../../../scripts/registry/registry.ts';
import { ofType, oidc, type Resource, synthesizeHere, type Template } from '../../support/aws/template.ts';
import { knownRegions, registryFaults } from '../../support/cloudformation/registry.ts';
import { everySetting, givenNetworks, settingsTemplates } from '../../support/cloudformation/settings.ts';

let templates: Record<string, Template>;
let run: Template;
let findings: unknown[];
beforeAll(() => {
  const plain = settingsTemplates({ image_builds: false });
  const pages = synthesizeHere({ oidc });
  const full = settingsTemplates(everySetting);
  const inside = settingsTemplates(givenNetworks);
  run = plain.run;
  findings = [...full.findings, ...inside.findings];
  templates = {
    'kept, plain': plain.kept,
    'run, plain': run,
    'kept, with all settings': full.kept,
    'run, with all settings': full.run,
    'run, in given networks': inside.run,
    'run, with pages': pages.run,
  };
});

describe('the registry', () => {
  test('accepts each template; a region without CodeBuild is refused before it is deployed to', () => {
    for (const [name, template] of Object.entries(templates)) {
      const builds = ofType(template, 'AWS::CodeBuild::Project').flatMap(([id]) =>
        regionsWithoutBuilds.map((region) => `${id}: AWS::CodeBuild::Project is unknown in ${region}`),
      );
      expect([name, registryFaults(template)]).toEqual([name, builds]);
    }
    expect(() => settingsTemplates({ region: 'ca-west-1' })).toThrow('ca-west-1 has no CodeBuild');
    settingsTemplates({ region: 'ca-west-1', image_builds: false });
  });

  test('and so do cdk-nag and the checks of the CDK itself, whatever is set', () => {
    expect(findings).toEqual([]);
  });

  test('is of the regions that the documents promise', () => {
    expect(knownRegions).toEqual(
      expect.arrayContaining(['us-east-1', 'eu-central-1', 'us-gov-west-1', 'ap-southeast-2']),
    );
  });
});

describe('it refuses', () => {
  const faultsWith = (change: (template: Template) => void): string[] => {
    const changed = structuredClone(run);
    change(changed);
    return registryFaults(changed);
  };
  const first = (template: Template, type: string) => ofType(template, type)[0]?.[1] as Record<string, unknown>;

  test.each<[string, (template: Template) => void, RegExp]>([
    [
      'a type that is not known everywhere',
      ({ Resources }) => {
        Resources.Config = {
          Type: 'AWS::Route53Resolver::FirewallConfig',
          Properties: { FirewallFailOpen: 'DISABLED' },
        };
      },
      /FirewallConfig is not in/,
    ],
    [
      'a value that is on no list',
      (t) => Object.assign(first(t, 'AWS::Lambda::Function'), { PackageType: 'Tar' }),
      /PackageType must be equal to one of/,
    ],
    [
      'text in place of a number',
      (t) => Object.assign(first(t, 'AWS::Lambda::Function'), { Timeout: {} }),
      /Timeout must be integer/,
    ],
    [
      'a name of another form',
      (t) => Object.assign(first(t, 'AWS::Lambda::Function'), { Handler: 'two words' }),
      /Handler must match pattern/,
    ],
    [
      'a property that AWS sets',
      (t) => Object.assign(first(t, 'AWS::Lambda::Function'), { Arn: 'arn:aws:lambda' }),
      /sets Arn itself/,
    ],
    [
      'an unknown property deep inside',
      (t) =>
        Object.assign((first(t, 'AWS::ECS::TaskDefinition').ContainerDefinitions as object[])[0] as object, {
          Prvileged: true,
        }),
      /ContainerDefinitions\/0 must NOT have additional properties.*Prvileged/,
    ],
  ])('%s', (_, change, fault) => {
    expect(faultsWith(change)).toEqual([expect.stringMatching(fault)]);
  });

  test('an unknown property of any resource, and any required one that is missing', () => {
    const { types } = readRegistry();
    const propertiesOf = ({ Resources }: Template, id: string): Record<string, unknown> => {
      const resource = Resources[id] as Resource;
      resource.Properties = { ...resource.Properties };
      return resource.Properties;
    };
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(run.Resources)), fc.nat(), (id, at) => {
        const { Type } = run.Resources[id] as Resource;
        if (Type.startsWith('Custom::')) return;
        expect(faultsWith((template) => Object.assign(propertiesOf(template, id), { Nonsense: 1 }))).not.toEqual([]);
        const required = types[Type]?.required ?? [];
        const name = required[at % Math.max(1, required.length)];
        if (name === undefined) return;
        expect(faultsWith((template) => delete propertiesOf(template, id)[name])).toEqual([
          expect.stringContaining(name),
        ]);
      }),
    );
  });
});
