import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { App, Stack } from 'aws-cdk-lib';
import { Drydock, type DrydockProps } from '../../../lib/drydock.ts';
import { functionNames, pascal } from '../../../lib/names.ts';
import { addStacks } from '../../../lib/stacks.ts';

export const root = resolve(import.meta.dirname, '../../..');

type Json = Record<string, unknown>;
export interface Resource {
  Type: string;
  Properties: Json;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  DependsOn?: string | string[];
}
export interface Template {
  Description?: string;
  Parameters: Record<string, Json>;
  Resources: Record<string, Resource>;
  Outputs?: Record<string, Json>;
}

interface Finding {
  ruleName: string;
  reason?: string;
  violatingConstructs: { constructPath: string }[];
}
export interface ValidationReport {
  pluginReports: { pluginName: string; conclusion: string; violations: Finding[]; suppressedViolations: Finding[] }[];
}

export const readTemplate = (outdir: string, stack: string): Template =>
  JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), 'utf8')) as Template;

/** Makes a deployment with pages. */
export const oidc = {
  issuer: 'https://login.example.com',
  clientId: 'drydock',
  clientSecret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:client-Ab12Cd',
};

/** Stands for the bundles, which have tests of their own: a folder per function. */
export function writeBundles(folder: string): string {
  for (const name of functionNames) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'index.mjs'), `export const handler = async () => '${name}';\n`);
  }
  return folder;
}

/** Stands for the build contexts of the images. */
export function writeImageContexts(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'build.sh'), 'exit 0\n');
  return folder;
}

/** Runs what `npm run synth` runs on bundles, without credentials, HOME or network settings of the caller's. */
export async function synthesize(outdir: string, bundles: string): Promise<void> {
  const contexts = writeImageContexts(`${outdir}-contexts`);
  const args = [join(root, 'scripts/synth.ts'), '--bundles', bundles, '--contexts', contexts];
  await promisify(execFile)(process.execPath, args, {
    cwd: outdir,
    env: {
      PATH: '/usr/bin:/bin',
      HOME: `${outdir}-home`,
      CDK_OUTDIR: outdir,
    },
  });
}

/** The two stacks as `bin/app.ts` makes them, in this process. @param prepare sees the app before it is synthesized. */
export function synthesizeHere(
  props: Partial<Parameters<typeof addStacks>[1]> = {},
  prepare: (app: App) => void = () => {},
): { kept: Template; run: Template; report: ValidationReport } {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-here-'));
  try {
    const app = new App({ outdir: join(folder, 'out'), analyticsReporting: false });
    const policy = join(root, 'examples/aws/drydock.policy.yaml');
    const imageBuilds = { contexts: writeImageContexts(join(folder, 'contexts')) };
    addStacks(app, { policy, bundles: writeBundles(join(folder, 'bundles')), imageBuilds, ...props });
    prepare(app);
    const { directory } = app.synth();
    const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8')) as ValidationReport;
    return { kept: readTemplate(directory, 'DrydockState'), run: readTemplate(directory, 'Drydock'), report };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Props that need a stack to be made in. */
export type Example = (stack: Stack) => Partial<DrydockProps>;

/** One stack of a consumer's with the construct in it: `Example/Pipeline`. @param use sees it before it is synthesized. */
export function synthesizeStack(
  props: Partial<DrydockProps>,
  more: Example = () => ({}),
  use: (stack: Stack, drydock: Drydock) => void = () => {},
): { template: Template } {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-here-'));
  try {
    const app = new App({ outdir: join(folder, 'out'), analyticsReporting: false });
    const stack = new Stack(app, 'Example');
    const policy = join(root, 'examples/aws/drydock.policy.yaml');
    const bundles = writeBundles(join(folder, 'bundles'));
    use(stack, new Drydock(stack, 'Pipeline', { policy, bundles, ...props, ...more(stack) }));
    return { template: readTemplate(app.synth().directory, 'Example') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Logical id of a function, whatever its hash is. */
export function functionId(template: Template, name: string): string {
  const ids = ofType(template, 'AWS::Lambda::Function').map(([id]) => id);
  const path = name === 'broker' ? 'Broker' : `Control${pascal(name)}`;
  return ids.find((id) => new RegExp(`^Drydock${path}Function[0-9A-F]{8}$`).test(id)) ?? `no ${name}`;
}

export const ofType = (template: Template, type: string): [string, Json][] =>
  Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties }]) => [id, Properties]);

/** The one resource of a type. */
export function only(template: Template, type: string): Json {
  const [found, ...more] = ofType(template, type);
  if (!found || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} resources of ${type}`);
  return found[1];
}

/** A value as text: references as `<Id>` or `<Id.Attribute>`, as cdk-nag prints them, joins joined. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const [[key, inner] = ['', undefined]] = Object.entries(value);
  if (key === 'Ref') return `<${String(inner)}>`;
  if (key === 'Fn::GetAtt') return `<${(inner as string[]).join('.')}>`;
  if (key === 'Fn::Join') {
    const [separator, parts] = inner as [string, unknown[]];
    return parts.map(text).join(separator);
  }
  // A part of something: what it is a part of.
  if (key === 'Fn::Select' || key === 'Fn::Split') return text((inner as unknown[])[1]);
  return JSON.stringify(value);
}

export interface Statement {
  /** Logical id of the policy or, for endpoints, of the endpoint. */
  of: string;
  effect: string;
  actions: string[];
  resources: string[];
  principal: unknown;
  conditions: Json;
}

const list = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

export const statementsOf = (of: string, document: unknown): Statement[] =>
  list((document as Json).Statement).map((statement) => {
    const { Effect, Action, Resource, Principal, Condition } = statement as Json;
    return {
      of,
      effect: String(Effect),
      actions: list(Action).map(String),
      resources: list(Resource).map(text),
      principal: Principal,
      conditions: (Condition ?? {}) as Json,
    };
  });

/** Every statement of every policy of a role. */
export const roleStatements = (template: Template): Statement[] => [
  ...ofType(template, 'AWS::IAM::Policy').flatMap(([id, { PolicyDocument }]) => statementsOf(id, PolicyDocument)),
  ...ofType(template, 'AWS::IAM::Role').flatMap(([id, { Policies }]) =>
    list(Policies).flatMap((policy) => statementsOf(id, (policy as Json).PolicyDocument)),
  ),
];

/** Statements of the role with that logical id. */
export function statementsOfRole(template: Template, role: string): Statement[] {
  const policies = ofType(template, 'AWS::IAM::Policy').filter(([, { Roles }]) =>
    list(Roles).map(text).includes(`<${role}>`),
  );
  return policies.flatMap(([id, { PolicyDocument }]) => statementsOf(id, PolicyDocument));
}
