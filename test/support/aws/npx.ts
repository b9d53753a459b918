/** A stand-in for `npx aws-cdk@…`: a program on the PATH that tells the test what it was asked, and ends as the test says. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

export interface CdkCall {
  args: string[];
  region: string;
  cwd: string;
}

export interface CdkStandIn {
  /** Folder for the PATH. */
  bin: string;
  env: Record<string, string>;
  calls: CdkCall[];
  close(): Promise<void>;
}

/** @param act Exit code of the program, after the effect. */
export async function cdkStandIn(
  folder: string,
  act: (call: CdkCall) => Promise<number> | number,
): Promise<CdkStandIn> {
  const calls: CdkCall[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', async () => {
      const call = JSON.parse(body) as CdkCall;
      calls.push(call);
      response.end(String(await act(call)));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'npx'),
    `#!${process.execPath}
const call = { args: process.argv.slice(2), region: process.env.AWS_REGION, cwd: process.cwd() };
fetch(process.env.CDK_STAND_IN, { method: 'POST', body: JSON.stringify(call) })
  .then((response) => response.text())
  .then((code) => {
    console.log('(the CDK prints its progress here)');
    process.exitCode = Number(code);
  });
`,
  );
  chmodSync(join(bin, 'npx'), 0o755);
  return {
    bin,
    env: { CDK_STAND_IN: `http://127.0.0.1:${port}` },
    calls,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
