/** Before the tests of containers: an engine, a Debian to build on, and the images of a Node project. */
import type { TestProject } from 'vitest/node';
import { findEngine } from '../../../adapters/local/containers/engine.ts';
import { buildImage } from '../../../adapters/local/containers/images/build.ts';
import { withContexts } from '../../../adapters/local/containers/images/ensure.ts';
import { packageRoot } from '../../machine/contract/phase-fixtures.ts';
import { debianBase } from './debian-base.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Name of the Debian that images are built on. */
    debian: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  const engine = await findEngine();
  const say = (line: string): void => {
    if (/building|STEP|debootstrap|base:/.test(line)) process.stderr.write(`${line}\n`);
  };
  const debian = debianBase(engine, say);
  await withContexts({ packageRoot }, async (contexts) => {
    for (const image of ['gateway', 'node'] as const)
      await buildImage({ engine, contexts, image, base: debian, log: say });
  });
  provide('debian', debian);
}
