/** Somebody at a terminal of a checkout, in front of an account: the real command line, the account model, a stand-in for the CDK. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { version } from '../../../common/package-info.ts';
import type { Check } from '../../../core/doctor/finding.ts';
import { DrydockError } from '../../../core/errors.ts';
import { routes } from '../../../lib/names.ts';
import { encodeError, encodeResult } from '../../../pipeline/api/answer.ts';
import { compileCache } from '../child-env.ts';
import { listen, type Said } from '../cli.ts';
import { type AccountModel, accountModel } from './account.ts';
import { type HttpApi, httpApi } from './api.ts';
import { type CdkCall, type CdkStandIn, cdkStandIn } from './npx.ts';
import { type AwsStandIn, startAws } from './stand-in.ts';
import type { Template } from './template.ts';

const program = join(import.meta.dirname, '../../../bin/drydock.ts');

export interface Operator {
  folder: string;
  account: AccountModel;
  aws: AwsStandIn;
  cdk: CdkStandIn;
  api: HttpApi;
  /** What the deployment says of itself. */
  diagnosis: Check[];
  /** Answers of the deployment to the command line, by method. */
  service: Record<string, (...args: unknown[]) => unknown>;
  /** Called with each thing that changes the account, before and after it does. */
  watch: (what: string, when: 'before' | 'after') => void;
  /** Called with the action of every call. */
  asked: (action: string) => void;
  /** Logical id of a resource that fails. */
  failing: string | undefined;
  /** Writes the settings and the policy. */
  write(settings?: Record<string, unknown>, policy?: Record<string, unknown>): void;
  run(args: string[], env?: NodeJS.ProcessEnv, cwd?: string): { said: Promise<Said>; kill(): void };
  /**
   * The same at a terminal. @param answers What the person types after each question.
   * @param seen Called with everything on the screen, whenever more is printed.
   */
  atTerminal(
    args: string[],
    answers: [question: RegExp, answer: string][],
    seen?: (screen: string) => void,
    env?: NodeJS.ProcessEnv,
  ): Promise<{ code: number | null; screen: string }>;
  close(): Promise<void>;
}

/** A policy that can be deployed; `my.policy.yaml` of an operator. */
export const operatorsPolicy = {
  version: 1,
  people: { lead: { github: 'lead-gh' }, second: { github: 'second-gh' } },
  repositories: { 'acme/web': { host: 'github', trusted_branches: ['main'] } },
  agents: { default: 'a', profiles: { a: { agent: 'gemini', provider: 'google', model: 'gemini-2.5-pro' } } },
  review: { plan: 'required', approvers: ['lead', 'second'], required_reviewers: 1 },
};

/** Calls that change an account. */
const changes = /:(?:Create|Put|Delete|Update)/;

/** @param templates By the name of the stack: what the CDK would have synthesized. */
export async function operator(templates: Record<string, Template>): Promise<Operator> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-operator-'));
  const account = accountModel();
  const aws = await startAws(
    Object.fromEntries(
      Object.entries(account.operations).map(([action, operation]) => [
        action,
        (input) => {
          self.asked(action);
          if (changes.test(action)) self.watch(action, 'before');
          const said = operation(input);
          if (changes.test(action)) self.watch(action, 'after');
          return said;
        },
      ]),
    ),
  );
  const cdk = await cdkStandIn(folder, (call) => {
    const what = call.args.slice(2, 4).join(' ');
    self.watch(what, 'before');
    const code = cdkOf(account, templates, call, self.failing);
    self.watch(what, 'after');
    return code;
  });
  const callers = new Map([
    ['ADMIN', { secret: 'secret-of-admin', userArn: 'arn:aws:sts::123456789012:assumed-role/admin/me' }],
  ]);
  const api = await httpApi(callers, async (route, event) => {
    const { method, args } = JSON.parse(String((event as { body: string }).body)) as {
      method: string;
      args: unknown[];
    };
    try {
      const value = route === routes.diagnose ? self.diagnosis : await self.service[method]?.(...args);
      return { statusCode: 200, body: encodeResult(value).text };
    } catch (error) {
      if (!(error instanceof DrydockError)) throw error;
      const { status, text } = encodeError(error);
      return { statusCode: status, body: text };
    }
  });
  account.address = JSON.stringify({
    ...Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, `${api.url}${route.slice(5)}`])),
    webhook: `${api.url}/webhook`,
    version: version(),
  });
  const environment = (): NodeJS.ProcessEnv => {
    const home = join(folder, 'home');
    mkdirSync(home, { recursive: true });
    return {
      ...compileCache,
      PATH: `${cdk.bin}:${process.env.PATH}`,
      HOME: home,
      LANG: 'C.UTF-8',
      AWS_ENDPOINT_URL: aws.url,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: 'ADMIN',
      AWS_SECRET_ACCESS_KEY: 'secret-of-admin',
      ...cdk.env,
    };
  };
  const self: Operator = {
    folder,
    account,
    aws,
    cdk,
    api,
    diagnosis: [{ name: 'policy', ok: true, required: false, detail: '1 repositories', remedy: '' }],
    service: {},
    watch: () => {},
    asked: () => {},
    failing: undefined,
    write(settings = {}, policy = {}) {
      writeFileSync(join(folder, 'my.policy.yaml'), stringify({ ...operatorsPolicy, ...policy }));
      const text = stringify({ version: 1, policy: 'my.policy.yaml', region: 'eu-central-1', ...settings });
      writeFileSync(join(folder, 'drydock.aws.yaml'), text);
    },
    atTerminal(args, answers, seen = () => {}, env = {}) {
      // `script` of util-linux gives the command a terminal of its own.
      const command = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
      const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
        cwd: folder,
        env: { ...environment(), NO_COLOR: '1', TERM: 'dumb', ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let screen = '';
      const open = [...answers];
      let from = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        screen += chunk.toString();
        const [[question, answer] = []] = open;
        const at = question === undefined ? -1 : screen.slice(from).search(question);
        if (at >= 0) {
          from = screen.length;
          open.shift();
          child.stdin.write(`${answer}\r`);
        }
        seen(screen);
      });
      return new Promise((done) =>
        child.on('close', (code) => done({ code, screen: screen.replaceAll('\r\n', '\n').replaceAll('\r', '') })),
      );
    },
    run(args, env = {}, cwd = folder) {
      const child = spawn(process.execPath, [program, ...args], {
        cwd,
        env: { ...environment(), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return { said: listen(child).said, kill: () => void child.kill('SIGKILL') };
    },
    async close() {
      await Promise.all([aws.close(), cdk.close(), api.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  self.write();
  return self;
}

/** What the CDK does in an account. */
function cdkOf(
  account: AccountModel,
  templates: Record<string, Template>,
  { args }: CdkCall,
  failing?: string,
): number {
  const [, , command = '', what = ''] = args;
  if (command === 'bootstrap') {
    account.made.bootstrap = (account.made.bootstrap ?? 0) + 1;
    account.parameters.set('/cdk-bootstrap/hnb659fds/version', '28');
    return 0;
  }
  const template = templates[what];
  return command === 'deploy' && template && account.deploy(what, template, failing) ? 0 : 1;
}
