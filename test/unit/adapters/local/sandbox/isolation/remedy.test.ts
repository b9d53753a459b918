import { expect, test } from 'vitest';
import { type MachineFacts, remedyFor } from '../../../../../../adapters/local/sandbox/isolation/remedy.ts';

const linux: MachineFacts = {
  platform: 'linux',
  hasBubblewrap: true,
  appArmor: false,
  contained: false,
  noNamespaces: false,
};

test.each<[string, Partial<MachineFacts>, RegExp]>([
  ['a Mac', { platform: 'darwin' }, /^Install a container engine: Docker Desktop, Podman or Colima/],
  ['Windows', { platform: 'win32' }, /WSL 2/],
  ['Linux without bubblewrap', { hasBubblewrap: false }, /^Install bubblewrap: apt-get install bubblewrap/],
  ['Ubuntu 24.04', { appArmor: true }, /profile bwrap \/usr\/bin\/bwrap flags=\(unconfined\).*apparmor_parser -r/],
  ['a container', { contained: true, appArmor: true }, /--security-opt seccomp=unconfined/],
  ['a kernel without namespaces', { noNamespaces: true }, /kernel\.unprivileged_userns_clone=1/],
  ['an old bubblewrap', {}, /bubblewrap 0\.8 or newer/],
])('%s', (_name, facts, remedy) => {
  expect(remedyFor({ ...linux, ...facts })).toMatch(remedy);
});

test('each Linux may use a container engine instead', () => {
  for (const facts of [{ hasBubblewrap: false }, { appArmor: true }, { contained: true }, { noNamespaces: true }, {}])
    expect(remedyFor({ ...linux, ...facts })).toContain('--sandbox container');
});
