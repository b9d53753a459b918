/** Runs a phase with the programs of two images, from their own files, with stand-ins for AWS and GitHub. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { dirname } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { createPhaseStore } from '../../adapters/aws/phases/store.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import { agentFilesInput } from '../../core/run/phase-order.ts';
import { packFolder } from '../../lib/functions/tar.ts';
import { makeJob, makeWorld, project } from '../../test/machine/contract/phase-fixtures.ts';
import { startAws } from '../../test/support/aws/stand-in.ts';
import { serveGit } from '../../test/support/github/git-http.ts';
import { runImage } from '../../test/support/image-root.ts';
import type { Built } from './run.ts';

const bucket = 'artifacts';
const ticket = 't'.repeat(64);

/** @throws AssertionError if the phase does not end. */
export async function runPhaseIn(
  gateway: Built,
  sandbox: Built,
  asked: { runtime: string; testCommand: string },
): Promise<PhaseEnd> {
  const agent = "import fs from 'node:fs'; fs.writeFileSync('new.txt', fs.readFileSync('/agent/word.txt'));";
  const world = makeWorld(project, { 'agent.mjs': agent, 'word.txt': 'from the files of the profile' });
  const git = createServer((request, response) => serveGit(dirname(world.baseRepository), request, response));
  const gitUrl = await listening(git);
  const given = makeJob(world, { spec: { baseline: true }, sandbox: asked });
  const inputs = new Map([[agentFilesInput, packFolder(world.agentFiles)]]);
  const spec = { ...given.spec, inputs: [...inputs.keys()] };
  const { phaseKey } = spec;
  const order = {
    spec,
    inputs,
    base: {
      host: 'github' as const,
      scope: { repository: 'base' },
      location: 'base',
      commit: world.base,
      depth: 5,
    },
    agentFiles: './agent',
    registries: [],
    hosts: [],
  };
  const aws = await startAws({
    'lambda:Invoke': () => ({
      order: { ...order, inputs: undefined },
      ticket,
      credentials: {
        accessKeyId: 'ASIA',
        secretAccessKey: 'of the phase',
        sessionToken: 'token',
        expiration: new Date(Date.now() + 3_600_000).toISOString(),
      },
      codeHost: { apiUrl: gitUrl, gitUrl, token: 'ghs_read' },
    }),
  });
  const client = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'TASK',
    AWS_SECRET_ACCESS_KEY: 'of the task',
  };
  const credentials = { accessKeyId: 'T', secretAccessKey: 'T' };
  const store = createPhaseStore(new S3Client({ endpoint: aws.url, region: 'us-east-1', credentials }), bucket);
  try {
    await store.putOrder(order);
    const port = await freePort();
    const gatewayRun = runImage(gateway, {
      ...client,
      DRYDOCK_PHASE_KEY: phaseKey,
      DRYDOCK_GRANT: 'grant',
      DRYDOCK_BROKER: 'broker',
      DRYDOCK_ARTIFACTS_BUCKET: bucket,
      DRYDOCK_GATEWAY_PORT: String(port),
    });
    const sandboxRun = runImage(sandbox, { DRYDOCK_GATEWAY: `127.0.0.1:${port}`, DRYDOCK_TICKET: ticket });
    void sandboxRun.ended.then(({ code }) => code !== 0 && gatewayRun.child.kill('SIGTERM'));
    void gatewayRun.ended.then(({ code }) => code !== 0 && sandboxRun.child.kill('SIGKILL'));
    const [fromSandbox, fromGateway] = await Promise.all([sandboxRun.ended, gatewayRun.ended]);
    const said = `sandbox (${fromSandbox.code}): ${fromSandbox.said}\ngateway (${fromGateway.code}): ${fromGateway.said}`;
    const end = await store.end(phaseKey);
    assert.ok(end, said);
    assert.equal(end.failure, undefined, `${JSON.stringify(end.failure)}\n${said}`);
    assert.equal(end.result?.outcome, 'built', `${JSON.stringify(end.result)}\n${said}`);
    assert.equal(end.result?.baseline, 'green');
    const blobs = Buffer.from(end.artifacts.get('changeset.blobs') ?? []).toString();
    assert.match(blobs, /from the files of the profile/);
    assert.deepEqual(aws.unknown, []);
    return end;
  } finally {
    await aws.close();
    git.close();
    git.closeAllConnections();
    world.remove();
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
