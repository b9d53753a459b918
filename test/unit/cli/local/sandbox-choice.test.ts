import { describe, expect, test } from 'vitest';
import { sandboxOf } from '../../../../cli/local/sandbox-choice.ts';
import { createProgram } from '../../../../cli/main.ts';
import { policySchema } from '../../../../core/policy/schema.ts';

const policy = (sandbox: object) => policySchema.safeParse({ version: 1, sandbox });
const chosen = (sandbox: object, flag?: 'container') => {
  const { data } = policy(sandbox);
  return data && sandboxOf(data, flag);
};

describe('how sandboxes are made on this machine', () => {
  test('auto, unless the policy says otherwise; a flag wins over the policy', () => {
    expect(chosen({})).toEqual({ driver: 'auto', runtimes: {}, gatewayMemoryMb: 1_024 });
    const written = {
      driver: 'bubblewrap',
      runtime: 'runsc',
      images: { base: 'debian@sha256:abc' },
      gateway: { memory_mb: 2_048 },
    };
    expect(chosen(written)).toEqual({
      driver: 'bubblewrap',
      runtime: 'runsc',
      base: 'debian@sha256:abc',
      runtimes: {},
      gatewayMemoryMb: 2_048,
    });
    expect(chosen(written, 'container')).toMatchObject({ driver: 'container', runtime: 'runsc' });
  });

  test.each([
    ['a driver that there is not', { driver: 'docker' }],
    ['a runtime that is an option', { runtime: '--privileged' }],
    ['an image that is an option', { images: { base: '--network=host' } }],
    ['an image with a space', { images: { registry: 'a b' } }],
  ])('%s is a problem of the policy', (_name, sandbox) => {
    expect(policy(sandbox).success).toBe(false);
  });

  test.each(['run', 'serve', 'demo'])('%s refuses a driver that there is not', async (name) => {
    const program = await createProgram([name]);
    const file = name === 'run' ? ['spec.yaml'] : [];
    await expect(program.parseAsync([name, ...file, '--sandbox', 'docker'], { from: 'user' })).rejects.toMatchObject({
      code: 'commander.invalidArgument',
      message: expect.stringContaining('bubblewrap'),
    });
  });
});
