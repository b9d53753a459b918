/** People at their command lines, in front of a deployment: real processes that sign what they send. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../../common/package-info.ts';
import { routes } from '../../../lib/names.ts';
import type { AwsWorld } from '../aws-world.ts';
import { compileCache } from '../child-env.ts';
import { listen, type Said } from '../cli.ts';
import { type ApiCaller, type HttpApi, httpApi } from './api.ts';
import { AwsRefusal } from './call.ts';

const program = join(import.meta.dirname, '../../../bin/drydock.ts');
const arn = 'arn:aws:iam::123456789012:role';

/** As the policy of a world that is reached has them. */
export const iamOf = { lead: `${arn}/team/lead`, second: `${arn}/second`, dev: `${arn}/dev` };

export interface Reached {
  api: HttpApi;
  /** What the parameter of the stack says. */
  address: Record<string, string>;
  callers: Map<string, ApiCaller>;
  /** Writes a file and gives its path. */
  file(name: string, text: string): string;
  /** Starts the command line of somebody, by the id of the access key. */
  as(who: string, ...args: string[]): Promise<Said>;
  start(who: string, args: string[], env?: NodeJS.ProcessEnv): { said: Promise<Said>; stderr(): string };
  close(): Promise<void>;
}

export async function reach(world: AwsWorld): Promise<Reached> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-reach-'));
  const session = (role: string): ApiCaller => ({
    secret: `secret-of-${role}`,
    userArn: `arn:aws:sts::123456789012:assumed-role/${role}/somebody`,
  });
  const callers = new Map(['lead', 'second', 'dev', 'stranger'].map((role) => [role.toUpperCase(), session(role)]));
  const api = await httpApi(callers, (route, event) => {
    const name = Object.entries(routes).find(([, each]) => each === route)?.[0];
    if (name === undefined) return Promise.resolve({ statusCode: 404, body: '{"message":"Not Found"}' });
    return world.call(name, event);
  });
  const address: Record<string, string> = {
    ...Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, `${api.url}${route.slice(5)}`])),
    webhook: `${api.url}/webhook`,
    version: version(),
  };
  world.operations['ssm:GetParameter'] = ({ Name }) => {
    if (Name !== '/drydock/stacks/Drydock') throw new AwsRefusal('ParameterNotFound', '');
    return { Parameter: { Name, Value: JSON.stringify(address) } };
  };
  const start: Reached['start'] = (who, args, env = {}) => {
    const home = join(folder, 'home');
    mkdirSync(home, { recursive: true });
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: {
        ...compileCache,
        PATH: process.env.PATH,
        HOME: home,
        LANG: 'C.UTF-8',
        AWS_ENDPOINT_URL: world.aws.url,
        AWS_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_ACCESS_KEY_ID: who.toUpperCase(),
        AWS_SECRET_ACCESS_KEY: `secret-of-${who}`,
        AWS_SESSION_TOKEN: 'session-token',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return listen(child);
  };
  return {
    api,
    address,
    callers,
    file(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    start,
    as: (who, ...args) => start(who, ['--json', ...args, '--stack', 'Drydock']).said,
    async close() {
      await api.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
