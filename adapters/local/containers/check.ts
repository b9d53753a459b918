import { DrydockError } from '../../../core/errors.ts';
import { findEngine } from './engine.ts';
import { digestOf } from './images/ensure.ts';
import { findImage } from './images/find.ts';
import { probeEngine } from './probe.ts';
import { writeSeccompProfile } from './seccomp-profile.ts';

/**
 * Checks that phases can run in containers here, and says with what. It builds nothing.
 * @throws EngineMissing, ImageMissing, SandboxUnavailable.
 */
export async function checkContainers(options: {
  dataDir: string;
  packageRoot: string;
  runtime?: string | undefined;
}): Promise<string> {
  const engine = await findEngine();
  const [gateway, node] = await Promise.all(
    (['gateway', 'node'] as const).map(async (image) => findImage(engine, image, await digestOf(options, image))),
  );
  if (gateway === undefined || node === undefined) {
    const missing = [...(gateway ? [] : ['gateway']), ...(node ? [] : ['node'])];
    throw new DrydockError(
      'ImageMissing',
      `${engine.name} works; it has no image ${missing.join(' and ')} of this version`,
      {
        remedy: `Build them: drydock images build ${missing.join(' ')}; otherwise the first phase does so.`,
      },
    );
  }
  const { dataDir, runtime } = options;
  const { limits, start } = await probeEngine({
    ...{ engine, image: gateway.id, dataDir, runtime },
    seccomp: writeSeccompProfile(dataDir),
  });
  const by = Object.entries(limits).map(([limit, enforcer]) => `${limit} by ${enforcer}`);
  return `${engine.name}${start.runtime === undefined ? '' : ` with ${start.runtime}`}; ${by.join(', ')}`;
}
