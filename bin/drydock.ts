#!/usr/bin/env node
import { spawn } from 'node:child_process';
// Imported as one object, because an older Node lacks some of its named exports and would fail before the handover.
import nodeModule from 'node:module';

/** Same as `engines` in package.json. Since this version Node runs the TypeScript sources without a flag. */
const minVersion = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > minVersion[0] || (major === minVersion[0] && minor >= minVersion[1])) {
  // Node keeps the compiled code in the system's temporary folder, which halves the start time.
  nodeModule.enableCompileCache();
  // In `drydock show RUN | head`, head closes the pipe early. This is not a failure of Drydock.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  const { runCli } = await import('../cli/main.ts');
  process.exitCode = await runCli(process.argv.slice(2));
} else {
  handOver();
}

/** An older Node starts the Node binary that the package contains. */
function handOver(): void {
  let node: string;
  try {
    node = nodeModule.createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    const error = {
      name: 'ToolMissing',
      message: `drydock needs Node ${minVersion.join('.')} or newer, and this is ${process.version}.`,
      remedy: 'Install a newer Node, or drydock with its optional dependencies on Linux.',
    };
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error })}\n`);
    process.stderr.write(`${error.name}: ${error.message}\nremedy: ${error.remedy}\n`);
    process.exitCode = 4;
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}
